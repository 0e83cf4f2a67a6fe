// Bytes, text and their encodings. Whatever is wrong throws; callers turn that into a verdict.

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const fail = (why) => {
  throw new Error(why);
};
export const bytesOf = (text) => new TextEncoder().encode(text);
export const textOf = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// Base64 with the alphabet of addresses (RFC 4648, 5).
export const unbase64 = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

// Exactly so many bytes of multibase base58btc, in the one spelling that they have.
export function unbase58(text, length) {
  const digits = [...text.slice(1)].map((character) => BASE58.indexOf(character));
  if (text[0] !== "z" || text.length > length * 2 || digits.includes(-1)) fail();
  const number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n);
  const found = number.toString(16).padStart(length * 2, "0");
  const zeros = (digits) => digits.findIndex((digit) => digit > 0);
  const bytes = Uint8Array.from(found.match(/../g), (pair) => parseInt(pair, 16));
  return bytes.length === length && zeros(digits) === zeros(bytes) ? bytes : fail();
}

// Crockford base32 of bytes whose bits are a multiple of five.
export function crockford(bytes) {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(/.{5}/g).map((five) => CROCKFORD[parseInt(five, 2)]).join("");
}

// The 10 bytes of a code.
export function uncrockford(code) {
  const bits = Array.from(code, (character) => CROCKFORD.indexOf(character).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g), (eight) => parseInt(eight, 2));
}

// A code as people type it, in its one spelling; null for what is none.
export function codeOf(typed) {
  const code = typed.toUpperCase().replace(/[\s\u00ad\u2010-\u2015\u2212-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return /^[0-9A-HJKMNP-TV-Z]{16}$/.test(code) ? code : null;
}

export const inFours = (text) => text.match(/.{1,4}/g).join("-");

// RFC 8785 for what certgen signs: JSON.stringify writes numbers and text as it asks.
export function jcs(value) {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${jcs(value[key])}`);
  return `{${pairs.join(",")}}`;
}

// Unpacks at most so many bytes. What follows the end of the packed data is passed over where `loose`.
export async function unpacked(bytes, format, most, loose) {
  const parts = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  try {
    for (let piece; !(piece = await reader.read()).done; ) {
      parts.push(piece.value);
      if ((size += piece.value.length) > most) break;
    }
  } catch (error) {
    if (!loose) throw error;
  }
  if (size > most) fail();
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
