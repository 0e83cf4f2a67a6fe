// From what was scanned, typed or dropped to a verdict: {state, claims, key, ...}. Nothing here touches the page.
import { bytesOf, codeOf, hex, sha256 } from "./bytes.js";
import { claimsOf, insideFile } from "./badge.js";
import { verified } from "./ed25519.js";
import { payloadOf } from "./payload.js";
import { factsOf, honestList, loadFigures, noticeOf, payloadBehind, statusOf } from "./source.js";

// `text`: a payload, a code, or an address that ends in one.
export async function checkText(text, site) {
  const last = text.trim().replace(/^.*#/, "");
  const code = codeOf(decoded(last));
  if (!code) return checkPayload(decoded(last), site);
  const payload = await payloadBehind(code).catch(() => null);
  if (payload) {
    const verdict = await checkPayload(payload, site);
    return !verdict.claims || verdict.claims.code === code ? verdict : { state: "not-genuine", site };
  }
  return { state: "unreadable", why: payload === null ? "no_code" : "no_reach", site };
}

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

async function checkPayload(text, site) {
  let claims;
  try {
    claims = payloadOf(text);
  } catch {
    return { state: "unreadable", site };
  }
  const opened = await signerOf(claims, site);
  return opened.state ? { claims, site, ...opened } : concluded(claims, opened.key, site);
}

// The key that signed a payload, or the state that it is in.
async function signerOf(claims, site) {
  const good = (key) => key.id === claims.keyId && verified(key.raw, claims.signature, claims.signed);
  const known = site.keys.filter((key) => key.id === claims.keyId);
  for (const key of known) if (key.state !== "compromised" && (await good(key))) return { key };
  const honest = await honestList(site);
  for (const key of [...honest.keys, ...known]) {
    if (!(await good(key))) continue;
    const listed = honest.keys.includes(key) && honest.payloads.includes(hex(await sha256(claims.bytes)));
    return listed ? { key: { ...key, stolen: true } } : { state: "key-compromised" };
  }
  const mine = known.length || honest.keys.some((key) => key.id === claims.keyId);
  return mine ? { state: "not-genuine" } : { state: "unknown-key", why: site.reached ? "" : "no_keys" };
}

// A file: the credential embedded in a PDF or a PNG, or a credential as JSON.
export async function checkFile(bytes, site) {
  const { document, payloads } = await insideFile(bytes);
  if (!document) return payloads && payloads.length ? checkPayload(payloads.at(-1), site) : null;
  const behind = (payloads || []).filter(claimed).at(-1);
  let found;
  try {
    found = await claimsOf(document, site);
  } catch ({ message: state }) {
    if (state === "unknown-key" && behind) return checkPayload(behind, site); // its key may have been stolen since
    return ["not-genuine", "unknown-key"].includes(state)
      ? { state, why: site.reached ? "" : "no_keys", site }
      : { state: "unreadable", site };
  }
  const { claims, key, told } = found;
  if (key.state === "compromised") return behind ? checkPayload(behind, site) : { state: "key-compromised", claims, site };
  const same = behind && claimed(behind);
  if (same && same.code === claims.code && !(await signerOf(same, site)).state) claims.facts = same.facts;
  return concluded(claims, key, site, told);
}

const claimed = (payload) => {
  try {
    return payloadOf(payload);
  } catch {
    return null;
  }
};

// A genuine certificate: is it cancelled, has it expired, how well can that be known?
async function concluded(claims, key, site, told) {
  const [status, facts] = await Promise.all([statusOf(claims.status, site), claims.facts ? factsOf(claims.facts) : told]);
  const verdict = { claims, key, site, status, course: facts.why && told ? told : facts };
  await completed(claims.title, verdict.course.title);
  if (verdict.course.occupations) verdict.figures = await loadFigures();
  if (status.revoked) {
    const notice = await noticeOf(claims.id, claims.status, site);
    const code = typeof notice.replaced_by === "string" && codeOf(notice.replaced_by);
    return { ...verdict, state: code ? "replaced" : "revoked", code, reason: notice.reason };
  }
  const today = new Date().toISOString().slice(0, 10);
  if (claims.expires !== null && claims.expires < today) return { ...verdict, state: "expired" };
  if (status.why) return { ...verdict, state: "status-unknown", why: status.why };
  return { ...verdict, state: status.fresh ? "authentic" : "known-to" };
}

// A cut title is whole again where the course facts have the text of its digest.
async function completed(text, whole) {
  if (!text.digest || typeof whole !== "string" || !whole.startsWith(text.start)) return;
  if (hex((await sha256(bytesOf(whole))).subarray(0, 16)) === text.digest) text.whole = whole;
}
