// Where the issuer's files come from: the site that this page stands on, or the copies inside the page.
import { bytesOf, crockford, fail, hex, inFours, jcs, joined, sha256, textOf, unbase58, unbase64, uncrockford, unpacked } from "./bytes.js";
import { verified } from "./ed25519.js";

const LIST = 131072; // entries of a status list
const LARGEST = 32e6; // bytes of an answer
const held = JSON.parse(document.getElementById("data").textContent);

// The site's folder: the page is v/index.html, v (without a directory index), v.html or verify.html in it.
export const home = location.href.replace(/[?#].*/, "").replace(/(\/v(?=\/(index\.html)?$))?\/[^/]*$/, "/");

// A file of the site, as bytes; null where it is not there, undefined where it is out of reach.
async function file(path, cache = "no-cache") {
  try {
    const signal = AbortSignal.timeout(12e3);
    const answer = location.host ? await fetch(home + path, { cache, credentials: "omit", signal }) : {};
    const bytes = answer.ok && new Uint8Array(await answer.arrayBuffer());
    if (bytes && bytes.length < LARGEST) return bytes;
    if (answer.status === 404 && !held[path]) return null;
  } catch {
    // out of reach: the copy, if there is one
  }
  return held[path] && bytesOf(held[path]);
}

const parsed = (bytes) => JSON.parse(textOf(bytes));
const json = async (path) => parsed(await file(path));

// The issuer, its addresses and its keys.
export async function loadSite() {
  const kept = () => JSON.parse(held["site.json"] || "{}");
  const site = await json("site.json").catch(kept);
  const keys = await Promise.all((site.keys || []).map(keyOf)).catch(() => []);
  return { ...site, issuer: site.issuer || {}, keys };
}

async function keyOf({ multikey, state }) {
  const bytes = unbase58(multikey, 34);
  const raw = bytes[0] === 0xed && bytes[1] === 1 ? bytes.subarray(2) : fail();
  const digest = await sha256(raw);
  const fingerprint = inFours(crockford(digest.subarray(0, 15)).slice(0, 20));
  return { multikey, raw, state, id: hex(digest.subarray(0, 4)), fingerprint };
}

const believed = (site) => site.keys.filter((key) => key.state !== "compromised");

// A signed object of ours: {..., "key", "signature"} over a domain and the canonical rest.
async function opened({ signature, ...rest }, domain, site) {
  const key = believed(site).find((one) => one.multikey === rest.key) || fail();
  const good = await verified(key.raw, unbase64(signature), bytesOf(`${domain}\0${jcs(rest)}`));
  return good ? rest : fail();
}

// The keys that were stolen, and the digests of what was honestly signed with them.
export async function honestList(site) {
  try {
    const files = [await json("honest.json")].flat(); // an array after more than one theft
    const lists = await Promise.all(files.map((one) => opened(one, "certgen-honest-1", site)));
    const keys = await Promise.all(lists.map(({ of: multikey }) => keyOf({ multikey })));
    return { keys, payloads: lists.flatMap(({ payloads }) => payloads) };
  } catch {
    return { keys: [], payloads: [] };
  }
}

// --- signed JSON -------------------------------------------------------------------------------

const CREDENTIALS = "https://www.w3.org/ns/credentials/v2";
export const BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

// The document without its proofs and the key that signed it, once its eddsa-jcs-2022 has been checked (W3C Data
// Integrity EdDSA, 3.3), which signs every key of the document, also such as RDF would leave out. Throws an Error whose
// message is the state: "unreadable", "unknown-key" or "not-genuine".
export async function checkedDocument({ proof: proofs, ...said }, site, ...more) {
  let config, signature;
  try {
    const proof = proofs.find(({ cryptosuite }) => cryptosuite === "eddsa-jcs-2022");
    const contexts = jcs([CREDENTIALS, ...more]);
    if (proof.type !== "DataIntegrityProof" || proof.proofPurpose !== "assertionMethod") fail();
    if (jcs(said["@context"]) !== contexts || jcs(proof["@context"]) !== contexts) fail();
    ({ proofValue: signature, ...config } = proof);
    signature = unbase58(signature, 64);
  } catch {
    fail("unreadable");
  }
  if ((said.issuer.id || said.issuer) !== site.did) fail("not-genuine");
  const key = site.keys.find(({ multikey }) => config.verificationMethod === `${site.did}#${multikey}`) || fail("unknown-key");
  const forms = await Promise.all([config, said].map((part) => sha256(bytesOf(jcs(part)))));
  return (await verified(key.raw, signature, joined(...forms))) ? { said, key } : fail("not-genuine");
}

// --- status, notices, facts, codes -----------------------------------------------------------------

// Whether an entry is revoked, and what the list says of itself; a `why` instead where it cannot be told.
export async function statusOf(index, site) {
  const path = `status/${Math.floor(index / LIST)}.json`;
  const bytes = await file(path);
  if (!bytes) return { why: "no_reach" };
  try {
    const { said } = await checkedDocument(parsed(bytes), { ...site, keys: believed(site) });
    const { type, statusPurpose, encodedList } = said.credentialSubject;
    if (said.id !== `${site.verify_url}/${path}` || type !== "BitstringStatusList") fail();
    if (statusPurpose !== "revocation" || encodedList[0] !== "u") fail();
    const bits = await unpacked(unbase64(encodedList.slice(1)), "gzip", LIST / 8);
    const until = Date.parse(said.validUntil) + 864e5; // the end of its last day
    if (bits.length !== LIST / 8 || isNaN(until)) fail();
    const revoked = bits[(index % LIST) >> 3] & (128 >> (index & 7));
    return { revoked, issued: dayOf(said.validFrom), fresh: Date.now() < until };
  } catch {
    return { why: "altered" };
  }
}

// The day of a moment of ours, "2026-03-02T00:00:00Z".
export function dayOf(moment) {
  return isNaN(Date.parse(moment)) ? fail() : moment.slice(0, 10);
}

// What is sealed with a certificate's own code: AES-256-GCM, the nonce in front. `data` gives it for the 16 bytes of
// its place, where it has one.
async function unlocked(id, salt, info, data, placed = 0) {
  const parameters = { name: "HKDF", hash: "SHA-256", salt: bytesOf(salt), info: bytesOf(info) };
  const { subtle } = crypto;
  const material = await subtle.importKey("raw", id, "HKDF", false, ["deriveBits"]);
  const bits = new Uint8Array(await subtle.deriveBits(parameters, material, placed + 256));
  const key = await subtle.importKey("raw", bits.subarray(-32), "AES-GCM", false, ["decrypt"]);
  const sealed = await data(hex(bits.subarray(0, -32)));
  if (!sealed) return sealed;
  const form = { name: "AES-GCM", iv: sealed.subarray(0, 12) };
  return textOf(new Uint8Array(await subtle.decrypt(form, key, sealed.subarray(12)))).trimEnd();
}

// What the issuer tells those who hold a cancelled certificate: {reason, replaced_by}; {} where it is not to be had.
export async function noticeOf(id, index, site) {
  const number = Math.floor(index / LIST);
  const entry = index % LIST;
  try {
    const all = await opened(await json(`notices/${number}.json`), "certgen-notices-1", site);
    if (all.list !== number) fail();
    const sealed = unbase64(all.notices[entry]);
    return JSON.parse(await unlocked(id, "certgen-notice-1", `${entry},${all.issued}`, () => sealed));
  } catch {
    return {};
  }
}

// The course facts whose digest was signed; a `why` where they are not to be had or are not those.
export async function factsOf(digest) {
  const bytes = await file(`facts/${digest}.json`, "default");
  if (!bytes) return { why: "no_reach" };
  return hex((await sha256(bytes)).subarray(0, 12)) === digest ? parsed(bytes) : { why: "altered" };
}

// Unsigned figures of occupations, which change from year to year: rows by an occupation's code or its name.
export const loadFigures = () => json("figures.json").catch(() => null);

// The payload behind a typed code; null where the site has none, undefined where it is out of reach.
export const payloadBehind = (code) =>
  unlocked(uncrockford(code), "certgen-code-blob-1", "", (name) => file(`codes/${name.slice(0, 2)}/${name.slice(2)}`), 128);
