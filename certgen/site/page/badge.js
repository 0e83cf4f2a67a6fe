// The Open Badges credential inside a PDF, a baked PNG or a JSON file. The file stays in the browser.
import { codeOf, fail, textOf, uncrockford, unpacked } from "./bytes.js";
import { BADGE_CONTEXTS, checkedDocument } from "./source.js";

const MOST_FILE = 60e6; // bytes
const MOST_CREDENTIAL = 262144; // bytes of a credential
const AWARD_OF = {
  Certificate: "achievement",
  CertificateOfCompletion: "completion",
  "ext:CertificateOfParticipation": "participation",
  "ext:CertificateOfAttendance": "attendance",
};

// Signed JSON found in a file, and payloads of QR codes found beside it; nothing where there is none.
export async function insideFile(bytes) {
  if (bytes.length > MOST_FILE) return {};
  const text = new TextDecoder("latin1").decode(bytes); // a character for each byte
  if (text.startsWith("%PDF", text.search(/\S/))) return insidePdf(bytes, text);
  if (text.startsWith("\x89PNG")) {
    const at = text.indexOf("iTXtopenbadgecredential\0\0\0\0\0"); // Open Badges 3.0, 5.3.1
    const size = at < 0 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(at - 4);
    return at < 0 ? {} : { document: signedJson(bytes.subarray(at + 28, at + 4 + size)) };
  }
  return { document: signedJson(bytes) };
}

function signedJson(bytes) {
  try {
    const document = bytes.length <= MOST_CREDENTIAL ? JSON.parse(textOf(bytes)) : null;
    return document && document.proof ? document : undefined;
  } catch {
    return undefined;
  }
}

// Embedded files (ISO 32000-1, 7.11.4) by their streams, the last first: it is the newest. No cross-references are
// needed: a stream never stands inside another object.
async function insidePdf(bytes, text) {
  const payloads = Array.from(text.matchAll(/\/v#([0-9A-Z$*\-.:]{100,356})\)/g), (match) => match[1]);
  const found = [...text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)].slice(-50).reverse();
  for (const { index } of found) {
    const start = /stream\r?\n/g;
    start.lastIndex = index;
    const opening = start.exec(text);
    if (!opening || opening.index - index > 2000) continue;
    const from = start.lastIndex;
    const data = bytes.subarray(from, text.indexOf("endstream", from));
    const entries = text.slice(text.lastIndexOf("obj", index), opening.index);
    const plain = /\/FlateDecode\b/.test(entries) ? await unpacked(data, "deflate", MOST_CREDENTIAL, true).catch(() => null) : data;
    const document = plain && signedJson(plain);
    if (document) return { document, payloads };
  }
  return { payloads };
}

// The claims of a credential whose proof holds. Throws like checkedDocument.
export async function claimsOf(signed, site) {
  const { document, key } = await checkedDocument(signed, BADGE_CONTEXTS, site);
  try {
    const subject = document.credentialSubject;
    const achievement = subject.achievement;
    const status = document.credentialStatus;
    const [address, code] = document.id.split("#");
    const list = status.statusListCredential.match(/\/status\/(\d{1,4})\.json$/);
    const entry = Number(status.statusListIndex);
    const lists = `${site.verify_url}/status/${list[1]}.json`;
    if (address !== `${site.verify_url}/v` || codeOf(code) !== code || status.statusListCredential !== lists) fail("id");
    if (!document.type.includes("OpenBadgeCredential") || status.statusPurpose !== "revocation") fail("type");
    if (!(entry >= 0 && entry < 131072)) fail("entry");
    const result = subject.result && subject.result[0];
    const scale = achievement.resultDescription && achievement.resultDescription[0];
    const claims = {
      id: uncrockford(code),
      code,
      status: list[1] * 131072 + entry,
      issued: dayOf(document.validFrom),
      expires: document.validUntil ? dayOf(document.validUntil) : null,
      hours: subject.creditsEarned ?? null,
      award: AWARD_OF[achievement.achievementType] || fail("award"),
      name: { start: subject.identifier[0].identityHash },
      title: { start: document.name },
      number: subject.licenseNumber,
      score: result && (scale && scale.valueMax ? `${result.value} / ${scale.valueMax}` : result.value),
    };
    const told = {
      language: achievement.inLanguage,
      programme: achievement.fieldOfStudy,
      code: achievement.humanCode,
      start: subject.activityStartDate && dayOf(subject.activityStartDate),
      end: subject.activityEndDate && dayOf(subject.activityEndDate),
      summary: achievement.description === document.name ? "" : achievement.description,
      sections: [{ body: achievement.criteria.narrative }],
      skills: (achievement.tag || []).map((name) => ({ name })),
      issuer: document.issuer,
    };
    return { claims, key, told };
  } catch {
    return fail("unreadable");
  }
}

function dayOf(moment) {
  const day = moment.slice(0, 10);
  return /^\d{4}-\d\d-\d\d$/.test(day) && !isNaN(Date.parse(day)) ? day : fail("day");
}
