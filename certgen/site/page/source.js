// Where the issuer's files come from: the site that this page stands on, or the copies inside the page.
import { bytesOf, crockford, fail, hex, inFours, jcs, sha256, textOf, unbase58, unbase64, uncrockford, unpacked } from "./bytes.js";
import { verified } from "./ed25519.js";

const LIST = 131072; // entries of a status list
const LARGEST = 32e6; // bytes of an answer
const held = JSON.parse(document.getElementById("data").textContent || "{}");

// The site's folder: the page is v/index.html, v (without a directory index), v.html or verify.html in it.
export const home = location.href.replace(/[?#].*/, "").replace(/(\/v(?=\/(index\.html)?$))?\/[^/]*$/, "/");
export const hasCopies = Object.keys(held).some((path) => path.startsWith("status/"));

// A file of the site, as bytes; undefined where neither the site nor this page has it.
async function file(path, fixed) {
  if (location.protocol !== "file:") {
    try {
      const answer = await fetch(home + path, {
        cache: fixed ? "default" : "no-cache",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(12000),
      });
      const bytes = answer.ok && new Uint8Array(await answer.arrayBuffer());
      if (bytes && bytes.length <= LARGEST) return bytes;
      if (answer.status === 404 && !(path in held)) return null;
    } catch {
      // out of reach: the copy, if there is one
    }
  }
  return path in held ? bytesOf(held[path]) : undefined;
}

async function json(path, fixed) {
  const bytes = await file(path, fixed);
  return bytes ? JSON.parse(textOf(bytes)) : bytes;
}

const kept = () => (held["site.json"] ? JSON.parse(held["site.json"]) : null);

// The issuer, its addresses and keys; `reached` is false where there are no keys to check with.
export async function loadSite() {
  const site = (await json("site.json").catch(kept)) || (await fromDid().catch(() => null)) || kept() || {};
  const keys = await Promise.all((site.keys || []).map(({ multikey, state }) => keyOf(multikey, state)));
  return { issuer: {}, ...site, keys, reached: keys.length > 0 };
}

// did.json alone also serves: it names the same keys.
async function fromDid() {
  const told = (await json("did.json")) || (await json(".well-known/did.json"));
  const host = told.id.split(":").slice(2).map(decodeURIComponent).join("/");
  const keys = told.verificationMethod.map((method) => ({ multikey: method.publicKeyMultibase, state: "active" }));
  return { did: told.id, verify_url: `https://${host}`, keys };
}

async function keyOf(multikey, state) {
  const bytes = multikey[0] === "z" ? unbase58(multikey.slice(1), 34) : fail("key");
  const raw = bytes[0] === 0xed && bytes[1] === 1 ? bytes.subarray(2) : fail("key");
  const digest = await sha256(raw);
  const fingerprint = inFours(crockford(digest.subarray(0, 15)).slice(0, 20));
  return { multikey, raw, state, id: hex(digest.subarray(0, 4)), fingerprint };
}

const believed = (site) => site.keys.filter((key) => key.state !== "compromised");

// A signed object of ours: {..., "key", "signature"} over a domain and the canonical rest.
async function opened(document, domain, site) {
  const { signature, ...rest } = document;
  const key = believed(site).find((one) => one.multikey === rest.key) || fail("key");
  const good = await verified(key.raw, unbase64(signature), bytesOf(`${domain}\0${jcs(rest)}`));
  return good ? rest : fail("signature");
}

// The keys that were stolen, and the digests of what was honestly signed with them.
export async function honestList(site) {
  try {
    const list = await opened(await json("honest.json"), "certgen-honest-1", site);
    const keys = await Promise.all(list.of.split(" ").map((multikey) => keyOf(multikey, "compromised")));
    return { keys, payloads: list.payloads };
  } catch {
    return { keys: [], payloads: [] };
  }
}

// --- signed JSON -------------------------------------------------------------------------------

const PROOF = "created,cryptosuite,proofPurpose,proofValue,type,verificationMethod";
const VC2 = "https://www.w3.org/ns/credentials/v2";
export const BADGE_CONTEXTS = [VC2, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"];

// The document without its proofs and the proof's key, once eddsa-jcs-2022 (W3C Data Integrity EdDSA, 3.3) has been
// checked. It signs every key of the document, also such as RDF would leave out. Throws an Error whose message is "unreadable", "unknown-key" or "not-genuine".
export async function checkedDocument({ proof: proofs, ...document }, contexts, site) {
  let config, value;
  try {
    const proof = proofs.find((one) => one.cryptosuite === "eddsa-jcs-2022");
    const { "@context": shown, ...rest } = proof;
    if (Object.keys(rest).sort().join() !== PROOF || jcs(shown) !== jcs(contexts)) fail("proof");
    if (jcs(document["@context"]) !== jcs(contexts)) fail("contexts");
    if (rest.type !== "DataIntegrityProof" || rest.proofPurpose !== "assertionMethod") fail("proof");
    ({ proofValue: value, ...config } = proof);
    value = value[0] === "z" ? unbase58(value.slice(1), 64) : fail("proof");
  } catch {
    fail("unreadable");
  }
  const issuer = document.issuer.id || document.issuer;
  if (issuer !== site.did) fail("not-genuine");
  const key = site.keys.find((one) => config.verificationMethod === `${site.did}#${one.multikey}`) || fail("unknown-key");
  const forms = [await sha256(bytesOf(jcs(config))), await sha256(bytesOf(jcs(document)))];
  const signed = Uint8Array.from([...forms[0], ...forms[1]]);
  return (await verified(key.raw, value, signed)) ? { document, key } : fail("not-genuine");
}

// --- status, notices, facts, codes -----------------------------------------------------------------

// Whether an entry is revoked, and what the list says of itself; a `why` instead where it cannot be told.
export async function statusOf(index, site) {
  const number = Math.floor(index / LIST);
  const path = `status/${number}.json`;
  let list;
  try {
    list = await json(path);
    if (!list) return { why: location.protocol === "file:" && !hasCopies ? "no_list_here" : "no_list" };
    const trusted = { ...site, keys: believed(site) };
    const { document } = await checkedDocument(list, [VC2], trusted);
    const subject = document.credentialSubject;
    const kinds = document.type.includes("BitstringStatusListCredential") && subject.type === "BitstringStatusList";
    if (!kinds || document.id !== `${site.verify_url}/${path}` || subject.statusPurpose !== "revocation") fail("list");
    const packed = subject.encodedList[0] === "u" ? unbase64(subject.encodedList.slice(1)) : fail("list");
    const bits = await unpacked(packed, "gzip", LIST / 8);
    if (bits.length !== LIST / 8) fail("list");
    const entry = index % LIST;
    const [issued, until] = [document.validFrom, document.validUntil].map((moment) => Date.parse(moment));
    if (isNaN(issued) || isNaN(until)) fail("list");
    const fresh = Date.now() < until + 864e5;
    return { revoked: (bits[entry >> 3] & (128 >> (entry & 7))) > 0, issued: document.validFrom.slice(0, 10), fresh };
  } catch {
    return { why: "bad_list" };
  }
}

// What is sealed with a certificate's own code: AES-256-GCM, the nonce in front. `data` gives it for the 16 bytes of
// its place, where it has one.
async function unlocked(id, salt, info, data, placed = 0) {
  const parameters = { name: "HKDF", hash: "SHA-256", salt: bytesOf(salt), info: bytesOf(info) };
  const material = await crypto.subtle.importKey("raw", id, "HKDF", false, ["deriveBits"]);
  const bits = new Uint8Array(await crypto.subtle.deriveBits(parameters, material, placed + 256));
  const key = await crypto.subtle.importKey("raw", bits.subarray(-32), "AES-GCM", false, ["decrypt"]);
  const sealed = await data(hex(bits.subarray(0, -32)));
  if (!sealed) return sealed;
  const form = { name: "AES-GCM", iv: sealed.subarray(0, 12) };
  return textOf(new Uint8Array(await crypto.subtle.decrypt(form, key, sealed.subarray(12)))).trimEnd();
}

// What the issuer tells those who hold a cancelled certificate: {reason, replaced_by}; {} where it is not to be had.
export async function noticeOf(id, index, site) {
  const number = Math.floor(index / LIST);
  const entry = index % LIST;
  try {
    const all = await opened(await json(`notices/${number}.json`), "certgen-notices-1", site);
    if (all.list !== number) fail("list");
    const sealed = unbase64(all.notices[entry]);
    return JSON.parse(await unlocked(id, "certgen-notice-1", `${entry},${all.issued}`, () => sealed));
  } catch {
    return {};
  }
}

// The course facts whose digest was signed; a `why` where they are not to be had or are not those.
export async function factsOf(digest) {
  const bytes = await file(`facts/${digest}.json`, true).catch(() => null);
  if (!bytes) return { why: "no_facts" };
  if (hex((await sha256(bytes)).subarray(0, 12)) !== digest) return { why: "bad_facts" };
  return JSON.parse(textOf(bytes));
}

// Unsigned figures of occupations, which change from year to year: rows by an occupation's code or its name.
export const loadFigures = () => json("figures.json").catch(() => null);

// The payload behind a typed code; null where the site has none, undefined where it is out of reach.
export const payloadBehind = (code) =>
  unlocked(uncrockford(code), "certgen-code-blob-1", "", (name) => file(`codes/${name.slice(0, 2)}/${name.slice(2)}`, true), 128);
