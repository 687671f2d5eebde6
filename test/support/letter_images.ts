// Letters of a locale as tables for tests: those of the first 256 characters, as JavaScript has them. What locales say
// is a server's business: test/cluster/letters.test.ts.
import { LetterHeader } from "#generated/layout.js";

type Pair = readonly [first: number, second: number];

export function letterImage(upper: readonly Pair[], lower: readonly Pair[], runs: readonly Pair[]): Uint8Array {
  const codes = [upper.length, lower.length, runs.length, ...[...upper, ...lower, ...runs].flat()];
  const image = new DataView(new ArrayBuffer(codes.length * 4));
  codes.forEach((code, index) => image.setUint32(index * 4, code, true));
  return new Uint8Array(image.buffer, 0, LetterHeader.SIZE + (codes.length - 3) * 4);
}

const changed = (change: (letter: string) => string): readonly Pair[] =>
  Array.from({ length: 256 }, (_, code): Pair => {
    const other = change(String.fromCharCode(code));
    return [code, other.length === 1 ? other.charCodeAt(0) : code];
  }).filter(([code, other]) => code !== other);

export const lettersOfLatin1: Uint8Array = letterImage(
  changed((letter) => letter.toUpperCase()), changed((letter) => letter.toLowerCase()),
  [[0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a], [0xaa, 0xaa], [0xb5, 0xb5], [0xba, 0xba], [0xc0, 0xd6], [0xd8, 0xf6],
    [0xf8, 0xff]]);
