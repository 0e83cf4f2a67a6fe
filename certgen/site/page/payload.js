// What a QR code carries: base41 of deterministic CBOR and a signature (docs/proofs.md, "The QR code").
import { bytesOf, crockford, fail, hex, joined, textOf } from "./bytes.js";

const BASE41 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*-.:";
const LONGEST = 237; // bytes
const AWARDS = ["achievement", "participation", "attendance", "completion"];

// Claims, still to be believed: `signed` is what the 64 bytes of `signature` must sign.
export function payloadOf(text) {
  const bytes = unbase41(text);
  const body = bytes.subarray(0, Math.max(0, bytes.length - 64));
  const [items, end] = item(body, 0, 0);
  if (end !== body.length || !Array.isArray(items) || items.length !== 11 || items[0] !== 1) fail();
  const [, key, credential, status, issued, expires, hours, award, facts, name, title] = items;
  if (!sized(key, 4) || !sized(credential, 10) || !sized(facts, 12)) fail();
  if (!within(status, 0, 2 ** 30 - 1) || !within(award, 0, 3)) fail();
  return {
    bytes,
    signed: joined(bytesOf("certgen-qr-1\0"), body),
    signature: bytes.subarray(-64),
    keyId: hex(key),
    id: credential,
    code: crockford(credential),
    status,
    issued: day(issued),
    expires: expires === null ? null : day(expires),
    hours: amount(hours),
    award: AWARDS[award],
    facts: hex(facts),
    name: words(name),
    title: words(title),
  };
}

export function unbase41(text) {
  const out = [];
  if (text.length > (LONGEST * 3 + 1) / 2) fail();
  for (const group of text.match(/[^]{1,3}/g) || []) {
    const digits = Array.from(group, (character) => BASE41.indexOf(character));
    const value = digits.reduceRight((sum, digit) => sum * 41 + digit, 0);
    const size = group.length - 1;
    if (digits.includes(-1) || !size || value >= 256 ** size) fail();
    if (size === 2) out.push(value >> 8);
    out.push(value & 255);
  }
  return Uint8Array.from(out);
}

// RFC 8949, 3: integers, bytes, texts, arrays and null, each in its shortest form (4.2.1).
function item(data, at, depth) {
  if (at >= data.length) fail();
  const first = data[at++];
  if (first === 0xf6) return [null, at];
  const major = first >> 5;
  let value = first & 31;
  if (value > 23) {
    const size = { 24: 1, 25: 2, 26: 4 }[value] || fail();
    if (at + size > data.length) fail();
    value = data.subarray(at, (at += size)).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < { 1: 24, 2: 256, 4: 65536 }[size]) fail();
  }
  if (major === 0) return [value, at];
  if (major === 1) return [-1 - value, at];
  if (major === 2 || major === 3) {
    if (at + value > data.length) fail();
    const held = data.subarray(at, at + value);
    return [major === 2 ? held : textOf(held), at + value];
  }
  if (major !== 4 || depth > 1 || value > 11) fail();
  const items = [];
  while (items.length < value) {
    const [one, end] = item(data, at, depth + 1);
    items.push(one);
    at = end;
  }
  return [items, at];
}

const sized = (value, size) => value instanceof Uint8Array && value.length === size;
const within = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;

function day(value) {
  if (!within(value, -719162, 2932896)) fail();
  return new Date(value * 864e5).toISOString().slice(0, 10);
}

function amount(value) {
  if (value === null) return null;
  if (within(value, 0, 3999999)) return value / 4;
  if (typeof value !== "string" || !/^(0|[1-9]\d{0,5})(\.\d{0,3}[1-9])?$/.test(value)) fail();
  const part = (value.split(".")[1] || "").padEnd(4, "0");
  return part % 2500 ? Number(value) : fail();
}

// A text, or its beginning with the digest of the whole.
function words(value) {
  if (typeof value === "string") return { start: value };
  if (!Array.isArray(value) || value.length !== 2) fail();
  if (typeof value[0] !== "string" || !sized(value[1], 16)) fail();
  return { start: value[0], digest: hex(value[1]) };
}
