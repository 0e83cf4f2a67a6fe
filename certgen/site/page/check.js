// From what was scanned, typed or dropped to a verdict: {state, claims, key, ...}. Nothing here touches the page.
import { bytesOf, codeOf, hex, sha256 } from "./bytes.js";
import { claimsOf, insideFile } from "./badge.js";
import { verified } from "./ed25519.js";
import { payloadOf } from "./payload.js";
import { factsOf, honestList, loadFigures, noticeOf, payloadBehind, statusOf } from "./source.js";

// `text`: a payload, a code, or an address that ends in one.
export async function checkText(text, site) {
  const last = decodeURIComponent(text.trim().replace(/^.*#/, ""));
  const code = codeOf(last);
  if (!code) return checkPayload(last, site);
  const payload = await payloadBehind(code).catch(() => null);
  if (!payload) return { state: "unreadable", why: payload === null ? "no_code" : "no_reach" };
  const verdict = await checkPayload(payload, site);
  return verdict.claims && verdict.claims.code !== code ? { state: "not-genuine" } : verdict;
}

async function checkPayload(text, site) {
  const claims = payloadOf(text);
  const signer = await signerOf(claims, site);
  return signer.state ? { claims, ...signer } : concluded(claims, signer.key, site);
}

// The key that signed a payload, or the state that it is in.
async function signerOf(claims, site) {
  const good = (key) => key.id === claims.keyId && verified(key.raw, claims.signature, claims.signed);
  for (const key of site.keys) if (key.state !== "compromised" && (await good(key))) return { key };
  const honest = await honestList(site);
  const listed = honest.payloads.includes(hex(await sha256(claims.bytes)));
  for (const key of honest.keys) if (listed && (await good(key))) return { key: { ...key, stolen: true } };
  const others = [...honest.keys, ...site.keys];
  for (const key of others) if (await good(key)) return { state: "key-compromised" };
  if (others.some(({ id }) => id === claims.keyId)) return { state: "not-genuine" };
  return { state: "unknown-key", why: site.keys.length ? "" : "no_reach" };
}

// A file: the credential embedded in a PDF or a PNG, or a credential as JSON. Undefined where there is none.
export async function checkFile(bytes, site) {
  const { signed, payloads } = await insideFile(bytes);
  const last = payloads.at(-1);
  if (!signed) return last && checkPayload(last, site);
  let found;
  try {
    found = await claimsOf(signed, site);
  } catch ({ message: state }) {
    if (state !== "unknown-key") return { state };
  }
  if (!found || found.key.state === "compromised") {
    // A key that was stolen since: then only the payload can be found among the honest ones.
    if (last) return checkPayload(last, site);
    const { keys } = await honestList(site);
    const stolen = found || (await claimsOf(signed, { ...site, keys }).catch(() => null));
    return stolen ? { state: "key-compromised" } : { state: "unknown-key", why: site.keys.length ? "" : "no_reach" };
  }
  const { claims, key, told } = found;
  const beside = last && payloadOf(last);
  if (beside && beside.code === claims.code && !(await signerOf(beside, site)).state) claims.facts = beside.facts;
  return concluded(claims, key, site, told);
}

// A genuine certificate: is it cancelled, has it expired, how well can that be known?
async function concluded(claims, key, site, told) {
  const status = await statusOf(claims.status, site);
  const facts = claims.facts && (await factsOf(claims.facts));
  const course = told && (!facts || facts.why) ? told : facts;
  const verdict = { claims, key, status, course, figures: course.occupations && (await loadFigures()) };
  await complete(claims.title, course.title);
  if (status.revoked) {
    const { reason, replaced_by } = await noticeOf(claims.id, claims.status, site);
    const code = typeof replaced_by === "string" && codeOf(replaced_by);
    return { ...verdict, state: code ? "replaced" : "revoked", code, reason };
  }
  if (claims.expires && claims.expires < new Date().toISOString().slice(0, 10)) return { ...verdict, state: "expired" };
  if (status.why) return { ...verdict, state: "status-unknown", why: status.why };
  return { ...verdict, state: status.fresh ? "authentic" : "known-to" };
}

// A cut title is whole again where the course facts have the text of its digest.
async function complete(text, whole) {
  if (!text.digest || typeof whole !== "string" || !whole.startsWith(text.start)) return;
  if (hex((await sha256(bytesOf(whole))).subarray(0, 16)) === text.digest) text.full = whole;
}
