// Ed25519 (RFC 8032, 5.1.7): the browser's own, and a plain one for browsers that have none yet.
import { joined } from "./bytes.js";

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ROOT_OF_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const BASE = pointOf(46316835694926478169428394003475163141307993866256225615783033603165251855960n);
const NEUTRAL = [0n, 1n, 1n, 0n];

// Whether the signature is this key's of this message. Never throws for bytes of any kind.
export async function verified(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64) return false;
  let own;
  try {
    own = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch {
    return verifiedPlainly(key, signature, message);
  }
  return crypto.subtle.verify("Ed25519", own, signature, message);
}

export async function verifiedPlainly(key, signature, message) {
  const point = pointIn(key);
  const s = little(signature.subarray(32));
  if (!point || s >= ORDER) return false;
  const head = signature.subarray(0, 32);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", joined(head, key, message)));
  const minus = [PRIME - point[0], point[1], 1n, PRIME - point[3]];
  const [x, y, z] = twice(s, BASE, little(digest) % ORDER, minus); // [s]B - [k]A, which must be R
  const inverse = power(z, PRIME - 2n);
  const expected = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  return expected === little(head);
}

function mod(a) {
  const rest = a % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (; exponent; exponent >>= 1n, base = mod(base * base)) if (exponent & 1n) result = mod(result * base);
  return result;
}

function little(bytes) {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

// RFC 8032, 5.1.3: the point of an encoding, null where there is none.
function pointIn(bytes) {
  const number = little(bytes);
  return number % 2n ** 255n < PRIME ? pointOf(number) : null;
}

function pointOf(number) {
  const y = number % 2n ** 255n;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (PRIME - 5n) / 8n));
  if (mod(v * x * x) !== u) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(v * x * x) !== u || (!x && number >> 255n)) return null;
  if ((x & 1n) !== number >> 255n) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

// RFC 8032, 5.1.4: x, y, z, t with x = X/Z, y = Y/Z, xy = T/Z.
function added([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * D * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

// [m]P + [n]Q, both at once.
function twice(m, p, n, q) {
  const both = [NEUTRAL, p, q, added(p, q)];
  let sum = NEUTRAL;
  for (let bit = 255n; bit >= 0n; bit--) {
    sum = added(sum, sum);
    const which = Number(((m >> bit) & 1n) | (((n >> bit) & 1n) << 1n));
    if (which) sum = added(sum, both[which]);
  }
  return sum;
}
