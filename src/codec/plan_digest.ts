// The digest of a physical plan: 64 bits of its bytes. Equal plans have equal bytes, so it names a plan in caches, logs
// and traces; nothing is decided by it that a collision could break without the bytes being compared.
import { createHash } from "node:crypto";

export function planDigest(plan: Uint8Array): bigint {
  return createHash("sha256").update(plan).digest().readBigUInt64LE(0);
}
