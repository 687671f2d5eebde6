// CRC-32C (Castagnoli), eight bytes a turn: pages are checked as they are captured. PostgreSQL computes the same sum
// in hardware on its side (port/pg_crc32c.h), so both sides write chunks of one kind.

/** Reflected polynomial. */
const POLYNOMIAL = 0x82f63b78;

/** tables[k][b]: the sum of byte b followed by k zero bytes. */
function makeTables(): readonly Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
    first[byte] = sum;
  }
  const tables = [first];
  for (let k = 1; k < 8; k++) {
    const before = tables[k - 1] as Int32Array;
    tables.push(before.map((sum) => (sum >>> 8) ^ (first[sum & 0xff] as number)));
  }
  return tables;
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = makeTables() as [
  Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array,
];

/** The sum of `bytes`; `seed` continues an earlier one. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  let sum = ~seed;
  for (let at = 0; at < whole; at += 8) {
    const low = view.getInt32(at, true) ^ sum;
    const high = view.getInt32(at + 4, true);
    sum =
      (t7[low & 0xff] as number) ^ (t6[(low >>> 8) & 0xff] as number) ^
      (t5[(low >>> 16) & 0xff] as number) ^ (t4[low >>> 24] as number) ^
      (t3[high & 0xff] as number) ^ (t2[(high >>> 8) & 0xff] as number) ^
      (t1[(high >>> 16) & 0xff] as number) ^ (t0[high >>> 24] as number);
  }
  for (let at = whole; at < bytes.length; at++)
    sum = (sum >>> 8) ^ (t0[(sum ^ (bytes[at] as number)) & 0xff] as number);
  return ~sum >>> 0;
}
