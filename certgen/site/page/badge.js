// The Open Badges credential inside a PDF, a baked PNG or a JSON file. The file stays in the browser.
import { codeOf, fail, textOf, uncrockford, unpacked } from "./bytes.js";
import { BADGES, checkedDocument, dayOf } from "./source.js";

const MOST = 262144; // bytes of a credential
const KINDS = {
  Certificate: "achievement",
  CertificateOfCompletion: "completion",
  "ext:CertificateOfParticipation": "participation",
  "ext:CertificateOfAttendance": "attendance",
};

// The signed JSON in a file, if there is any, and the payloads of QR codes that a PDF links to.
export async function insideFile(bytes) {
  const text = new TextDecoder("latin1").decode(bytes); // a character for each byte
  const payloads = Array.from(text.matchAll(/\/v#([0-9A-Z$*.:-]{100,356})\)/g), (match) => match[1]);
  const baked = text.indexOf("iTXtopenbadgecredential\0"); // Open Badges 3.0, 5.3: keyword, five bytes, JSON
  const pieces = [bytes];
  if (baked > 0) pieces.unshift(bytes.subarray(baked + 28, baked + 4 + new DataView(bytes.buffer).getUint32(baked - 4)));
  // Embedded files of a PDF (ISO 32000-1, 7.11.4) by their streams, the last first, which is the newest. No
  // cross-references are needed: a stream never stands inside another object.
  for (const { index } of [...text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)].slice(-50)) {
    const opening = /stream\r?\n/g;
    opening.lastIndex = index;
    const data = opening.test(text) && bytes.subarray(opening.lastIndex, text.indexOf("endstream", opening.lastIndex));
    const packed = text.slice(text.lastIndexOf("obj", index), opening.lastIndex).includes("/FlateDecode");
    pieces.unshift(packed ? await unpacked(data, "deflate", MOST, true).catch(() => bytes) : data || bytes);
  }
  for (const piece of pieces) {
    try {
      const signed = piece.length < MOST && JSON.parse(textOf(piece));
      if (signed.proof) return { signed, payloads };
    } catch {
      // not this one
    }
  }
  return { payloads };
}

// The claims of a credential whose proof holds, and what it tells of the course. Throws like checkedDocument.
export async function claimsOf(signed, site) {
  const { said, key } = await checkedDocument(signed, site, BADGES);
  try {
    const { credentialSubject: subject, credentialStatus: status, validFrom, validUntil } = said;
    const { achievement } = subject;
    const [address, code] = said.id.split("#");
    const number = parseInt(status.statusListCredential.split("/status/")[1]);
    const entry = +status.statusListIndex;
    const list = `${site.verify_url}/status/${number}.json`;
    if (address !== `${site.verify_url}/v` || codeOf(code) !== code || status.statusListCredential !== list) fail();
    if (!(entry >= 0 && entry < 131072)) fail();
    const [result, scale] = [subject.result, achievement.resultDescription].map((all) => (all || [{}])[0]);
    const claims = {
      id: uncrockford(code),
      code,
      status: number * 131072 + entry,
      issued: dayOf(validFrom),
      expires: validUntil ? dayOf(validUntil) : null,
      hours: subject.creditsEarned ?? null,
      award: KINDS[achievement.achievementType] || fail(),
      name: { start: subject.identifier[0].identityHash },
      title: { start: said.name },
      number: subject.licenseNumber,
      score: result.value && [result.value, scale.valueMax].filter(Boolean).join(" / "),
      start: subject.activityStartDate && dayOf(subject.activityStartDate),
      end: subject.activityEndDate && dayOf(subject.activityEndDate),
    };
    const told = {
      language: achievement.inLanguage,
      programme: achievement.fieldOfStudy,
      code: achievement.humanCode,
      summary: achievement.description,
      sections: [{ body: achievement.criteria.narrative }],
      skills: (achievement.tag || []).map((name) => ({ name })),
    };
    return { claims, key, told };
  } catch {
    return fail("unreadable");
  }
}
