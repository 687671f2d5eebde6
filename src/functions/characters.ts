// Strings of characters in UTF-8: lengths, parts, padding, trimming, search and replacement as PostgreSQL's varlena.c
// and oracle_compat.c do them, counted in characters. What depends on a locale (upper, lower, initcap) is here for
// collations alone whose letters are those of ASCII. Compiled code has its own for those used most. Read next:
// text_code.ts, host_function.ts, like.ts.
import { createHash } from "node:crypto";
import { sqlError } from "#base/errors.js";
import { type EngineType, type EngineTypeKind, INT4 } from "#types/engine_type.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { Present, Procedure, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { asBigint, asBytes } from "./operand.js";
import { negativeLength, textCode, zeroField } from "./text_code.js";

const TEXT: EngineType = { kind: "text", byteOrder: false };
const BLANK = " ";

/** MaxAllocSize, and the header of a varlena within it. */
const VALUE_BYTES_MAX = 0x3fffffff;
const HEADER_BYTES = 4;
const CHARACTER_BYTES_MAX = 4;
const INT4_MAX = 2n ** 31n - 1n;
const INT4_MIN = -(2 ** 31);

/** The longest string there is here; PostgreSQL has values of twice the length. */
export const COMPUTED_BYTES_MAX = 2 ** 29 - 24;

function checkLength(bytes: number): void {
  if (bytes + HEADER_BYTES > VALUE_BYTES_MAX) throw sqlError("54000", "requested length too large");
  if (bytes > COMPUTED_BYTES_MAX) throwTemplate(errorTemplates.valueTooLong);
}

/** A string with one of its units for each byte, so that bytes come through whatever they are. */
function textOf(value: Present): string {
  const bytes = asBytes(value);
  if (bytes.length > COMPUTED_BYTES_MAX) throwTemplate(errorTemplates.valueTooLong);
  return Buffer.from(bytes).toString("latin1");
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** Its characters: a unit that is no continuation, and the continuations behind it. */
function charactersOf(text: string): string[] {
  return text.match(/[^\x80-\xbf]?[\x80-\xbf]*/g)?.filter((character) => character !== "") ?? [];
}

/** Bytes that begin a character. */
function countCharacters(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count++;
  return count;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Characters `from` (counted from 0) up to but not including `to`. */
function slice(value: Present, from: number, to: number): Uint8Array {
  const bytes = asBytes(value);
  const at = (character: number): number => {
    let seen = -1;
    for (let index = 0; index < bytes.length; index++)
      if (((bytes[index] ?? 0) & 0xc0) !== 0x80 && ++seen === character) return index;
    return bytes.length;
  };
  return from >= to ? new Uint8Array() : bytes.slice(at(from), to === Infinity ? bytes.length : at(to));
}

function substring(value: Present, start: bigint, length: bigint | undefined): Uint8Array {
  if (length !== undefined && length < 0n) throwTemplate(negativeLength);
  const end = length === undefined || start + length > INT4_MAX ? Infinity : Number(start + length) - 1;
  return slice(value, Math.max(0, Number(start) - 1), end);
}

function pad(value: Present, count: bigint, fill: string, left: boolean): Uint8Array {
  const text = charactersOf(textOf(value));
  const wanted = Math.max(0, Number(count));
  const kept = text.slice(0, wanted);
  const length = fill === "" ? kept.length : wanted;
  checkLength(length * CHARACTER_BYTES_MAX);
  const characters = charactersOf(fill);
  const missing = length - kept.length;
  const whole = characters.length === 0 ? 0 : Math.floor(missing / characters.length);
  const padding = fill.repeat(whole) + characters.slice(0, missing - whole * characters.length).join("");
  const own = kept.join("");
  return bytesOf(left ? padding + own : own + padding);
}

function trim(value: Present, set: string, left: boolean, right: boolean): Uint8Array {
  const characters = charactersOf(textOf(value));
  const trimmed = new Set(charactersOf(set));
  let [from, to] = [0, characters.length];
  while (left && from < to && trimmed.has(characters[from] ?? "")) from++;
  while (right && from < to && trimmed.has(characters[to - 1] ?? "")) to--;
  return bytesOf(characters.slice(from, to).join(""));
}

/** The place of a string in another, in characters from 1; 0 when it is not there. */
function position(value: Present, sought: Present): bigint {
  const bytes = Buffer.from(asBytes(value));
  const at = bytes.indexOf(asBytes(sought));
  return at < 0 ? 0n : BigInt(countCharacters(bytes.subarray(0, at)) + 1);
}

function splitPart(value: Present, separator: Present, field: bigint): Uint8Array {
  if (field === 0n) throwTemplate(zeroField);
  const [text, by] = [textOf(value), textOf(separator)];
  const parts = by === "" || text === "" ? [text] : text.split(by);
  const index = field > 0n ? Number(field) - 1 : parts.length + Number(field);
  return bytesOf(parts[index] ?? "");
}

function overlay(value: Present, placed: Present, start: bigint, length: bigint): Uint8Array {
  if (start <= 0n) throwTemplate(negativeLength);
  if (start + length > INT4_MAX || start + length < -INT4_MAX - 1n) throwTemplate(errorTemplates.int4OutOfRange);
  return join([substring(value, 1n, start - 1n), asBytes(placed), substring(value, start + length, undefined)]);
}

function translate(value: Present, from: string, to: string): Uint8Array {
  const targets = charactersOf(to);
  const table = new Map<string, string>();
  charactersOf(from).forEach((character, index) => {
    if (!table.has(character)) table.set(character, targets[index] ?? "");
  });
  return bytesOf(charactersOf(textOf(value)).map((character) => table.get(character) ?? character).join(""));
}

function repeat(value: Present, count: bigint): Uint8Array {
  const bytes = asBytes(value);
  const times = Math.max(0, Number(count));
  checkLength(bytes.length * times);
  const repeated = new Uint8Array(bytes.length * times);
  for (let at = 0; at < repeated.length; at += bytes.length) repeated.set(bytes, at);
  return repeated;
}

function replace(value: Present, from: string, to: string): Uint8Array {
  return from === "" ? asBytes(value) : bytesOf(textOf(value).replaceAll(from, () => to));
}

const upperAscii = (text: string): string => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
const lowerAscii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const capitalise = (text: string): string =>
  lowerAscii(text).replace(/[a-z0-9]+/g, (word) => upperAscii(word.slice(0, 1)) + word.slice(1));

type Evaluate = (values: readonly Present[]) => Present;

interface Listed {
  readonly name: string;
  readonly doc: string;
  readonly procedures: readonly (readonly [number, string])[];
  readonly arguments: readonly EngineTypeKind[];
  readonly result: EngineType;
  readonly evaluate: Evaluate;
}

function listed({ name, procedures, ...rest }: Listed): ScalarFunction {
  const named = procedures.map(([oid, source]): Procedure => ({ oid, source }));
  return hostFunction({ key: `text.${name}`, procedures: named, emit: textCode[name], ...rest });
}

/** Where letters are those of ASCII. */
function cased(name: string, oid: number, change: (text: string) => string): ScalarFunction {
  return hostFunction({
    key: `text.${name}`,
    procedures: [{ oid, source: name }],
    doc: `${name}() under collations whose letters are those of ASCII, as C`,
    arguments: ["text"],
    result: TEXT,
    evaluate: ([value]) => bytesOf(change(textOf(value as Present))),
    emit: textCode[name],
  });
}

const at = (values: readonly Present[], index: number): Present => values[index] as Present;
const textAt = (values: readonly Present[], index: number): string => textOf(at(values, index));
const numberAt = (values: readonly Present[], index: number): bigint => asBigint(at(values, index));
const bigLength = (length: number): bigint => BigInt(length);

const lengths: readonly ScalarFunction[] = [
  listed({
    name: "length", doc: "Characters of a text", arguments: ["text"], result: INT4,
    procedures: [[1317, "textlen"], [1369, "textlen"], [1381, "textlen"]],
    evaluate: (values) => bigLength(countCharacters(asBytes(at(values, 0)))),
  }),
  listed({
    name: "lengthOfChar", doc: "Characters of a char(n) without its trailing blanks", arguments: ["bpchar"],
    result: INT4,
    procedures: [[1318, "bpcharlen"], [1367, "bpcharlen"], [1372, "bpcharlen"]],
    evaluate: (values) => bigLength(countCharacters(asBytes(at(values, 0)))),
  }),
  listed({
    name: "bytes", doc: "Bytes of a text", procedures: [[1374, "textoctetlen"]], arguments: ["text"], result: INT4,
    evaluate: (values) => bigLength(asBytes(at(values, 0)).length),
  }),
  listed({
    name: "position", doc: "The place of a text in another, from 1", arguments: ["text", "text"], result: INT4,
    procedures: [[849, "textpos"], [868, "textpos"]],
    evaluate: (values) => position(at(values, 0), at(values, 1)),
  }),
  listed({
    name: "ascii", doc: "The code of a text's first character", procedures: [[1620, "ascii"]], arguments: ["text"],
    result: INT4, evaluate: (values) => BigInt(Buffer.from(asBytes(at(values, 0))).toString().codePointAt(0) ?? 0),
  }),
  listed({
    name: "startsWith", doc: "Whether a text begins with another", procedures: [[3696, "text_starts_with"]],
    arguments: ["text", "text"], result: { kind: "bool" },
    evaluate(values) {
      const [text, start] = [asBytes(at(values, 0)), asBytes(at(values, 1))];
      return Buffer.compare(text.subarray(0, start.length), start) === 0;
    },
  }),
];

const parts: readonly ScalarFunction[] = [
  listed({
    name: "concatenate", doc: "Two texts, one behind the other", procedures: [[1258, "textcat"]],
    arguments: ["text", "text"], result: TEXT,
    evaluate: (values) => join([asBytes(at(values, 0)), asBytes(at(values, 1))]),
  }),
  listed({
    name: "substring", doc: "So many characters of a text from a place on", arguments: ["text", "int4", "int4"],
    procedures: [[877, "text_substr"], [936, "text_substr"]], result: TEXT,
    evaluate: (values) => substring(at(values, 0), numberAt(values, 1), numberAt(values, 2)),
  }),
  listed({
    name: "from", doc: "A text from a place on", arguments: ["text", "int4"], result: TEXT,
    procedures: [[883, "text_substr_no_len"], [937, "text_substr_no_len"]],
    evaluate: (values) => substring(at(values, 0), numberAt(values, 1), undefined),
  }),
  listed({
    name: "left", doc: "The first characters of a text; all but the last for a negative number",
    procedures: [[3060, "text_left"]], arguments: ["text", "int4"], result: TEXT,
    evaluate(values) {
      const count = Number(numberAt(values, 1));
      return slice(at(values, 0), 0, count < 0 ? countCharacters(asBytes(at(values, 0))) + count : count);
    },
  }),
  listed({
    name: "right", doc: "The last characters of a text; all but the first for a negative number",
    procedures: [[3061, "text_right"]], arguments: ["text", "int4"], result: TEXT,
    evaluate(values) {
      const count = Number(numberAt(values, 1));
      if (count === INT4_MIN) throwTemplate(errorTemplates.rightOfLeast);
      const from = count < 0 ? -count : Math.max(0, countCharacters(asBytes(at(values, 0))) - count);
      return slice(at(values, 0), from, Infinity);
    },
  }),
  listed({
    name: "splitPart", doc: "A field of a text between separators, counted from either end",
    procedures: [[2088, "split_part"]], arguments: ["text", "text", "int4"], result: TEXT,
    evaluate: (values) => splitPart(at(values, 0), at(values, 1), numberAt(values, 2)),
  }),
  listed({
    name: "reverse", doc: "The characters of a text backwards", procedures: [[3062, "text_reverse"]],
    arguments: ["text"], result: TEXT,
    evaluate: (values) => bytesOf(charactersOf(textAt(values, 0)).reverse().join("")),
  }),
];

const trims: readonly ScalarFunction[] = ([
  ["trimLeft", "ltrim", 875, 881, true, false], ["trimRight", "rtrim", 876, 882, false, true],
  ["trimBoth", "btrim", 884, 885, true, true],
] as const).flatMap(([name, source, withSet, plain, left, right]) => [
  listed({
    name, doc: `${source}() of given characters`, procedures: [[withSet, source]], arguments: ["text", "text"],
    result: TEXT, evaluate: (values) => trim(at(values, 0), textAt(values, 1), left, right),
  }),
  listed({
    name: `${name}Blanks`, doc: `${source}() of blanks`, procedures: [[plain, `${source}1`]], arguments: ["text"],
    result: TEXT, evaluate: (values) => trim(at(values, 0), BLANK, left, right),
  }),
]);

const changes: readonly ScalarFunction[] = [
  listed({
    name: "padLeft", doc: "A text filled up from the left, or cut", procedures: [[873, "lpad"]],
    arguments: ["text", "int4", "text"], result: TEXT,
    evaluate: (values) => pad(at(values, 0), numberAt(values, 1), textAt(values, 2), true),
  }),
  listed({
    name: "padRight", doc: "A text filled up from the right, or cut", procedures: [[874, "rpad"]],
    arguments: ["text", "int4", "text"], result: TEXT,
    evaluate: (values) => pad(at(values, 0), numberAt(values, 1), textAt(values, 2), false),
  }),
  // SQL functions around the ones above.
  listed({
    name: "padLeftBlanks", doc: "A text filled up from the left with blanks, or cut",
    procedures: [[879, "system_functions.sql"]], arguments: ["text", "int4"], result: TEXT,
    evaluate: (values) => pad(at(values, 0), numberAt(values, 1), BLANK, true),
  }),
  listed({
    name: "padRightBlanks", doc: "A text filled up from the right with blanks, or cut",
    procedures: [[880, "system_functions.sql"]], arguments: ["text", "int4"], result: TEXT,
    evaluate: (values) => pad(at(values, 0), numberAt(values, 1), BLANK, false),
  }),
  listed({
    name: "replace", doc: "A text with every occurrence of one replaced by another",
    procedures: [[2087, "replace_text"]], arguments: ["text", "text", "text"], result: TEXT,
    evaluate: (values) => replace(at(values, 0), textAt(values, 1), textAt(values, 2)),
  }),
  listed({
    name: "translate", doc: "A text with characters replaced by others, or left out", procedures: [[878, "translate"]],
    arguments: ["text", "text", "text"], result: TEXT,
    evaluate: (values) => translate(at(values, 0), textAt(values, 1), textAt(values, 2)),
  }),
  listed({
    name: "repeat", doc: "A text so many times", procedures: [[1622, "repeat"]], arguments: ["text", "int4"],
    result: TEXT, evaluate: (values) => repeat(at(values, 0), numberAt(values, 1)),
  }),
  listed({
    name: "overlay", doc: "A text with another in place of so many characters", procedures: [[1404, "textoverlay"]],
    arguments: ["text", "text", "int4", "int4"], result: TEXT,
    evaluate: (values) => overlay(at(values, 0), at(values, 1), numberAt(values, 2), numberAt(values, 3)),
  }),
  listed({
    name: "overlaySame", doc: "A text with another in place of as many characters",
    procedures: [[1405, "textoverlay_no_len"]], arguments: ["text", "text", "int4"], result: TEXT,
    evaluate: (values) => overlay(
      at(values, 0), at(values, 1), numberAt(values, 2), BigInt(countCharacters(asBytes(at(values, 1))))),
  }),
  listed({
    name: "md5", doc: "The MD5 of a text, in hexadecimal", procedures: [[2311, "md5_text"]], arguments: ["text"],
    result: TEXT, evaluate: (values) => bytesOf(createHash("md5").update(asBytes(at(values, 0))).digest("hex")),
  }),
  listed({
    name: "ofChar", doc: "A char(n) as text, without its trailing blanks", procedures: [[401, "rtrim1"]],
    arguments: ["bpchar"], result: TEXT, evaluate: (values) => asBytes(at(values, 0)),
  }),
];

/** varchar(n): the typmod and whether the cast was written are arguments. */
const coercion = listed({
  name: "cut", doc: "A text as varchar(n): cut where the cast is explicit, else an error unless blanks are cut off",
  procedures: [[669, "varchar"]], arguments: ["text", "int4", "bool"], result: TEXT,
  evaluate(values) {
    const limit = Number(numberAt(values, 1)) - HEADER_BYTES;
    const bytes = asBytes(at(values, 0));
    if (limit < 0 || countCharacters(bytes) <= limit) return bytes;
    const kept = slice(bytes, 0, limit);
    if (at(values, 2) !== true && bytes.subarray(kept.length).some((byte) => byte !== 0x20))
      throw sqlError("22001", `value too long for type character varying(${limit})`);
    return kept;
  },
});

const byteStrings: readonly ScalarFunction[] = [
  hostFunction({
    key: "bytea.concatenate", doc: "Two byte strings, one behind the other",
    procedures: [{ oid: 2011, source: "byteacat" }], arguments: ["opaque", "opaque"],
    result: ([a, b]) => (isBytea(a) && isBytea(b) ? a : undefined),
    evaluate: (values) => join([asBytes(at(values, 0)), asBytes(at(values, 1))]),
  }),
];

export function isBytea(type: EngineType | undefined): type is Extract<EngineType, { readonly kind: "opaque" }> {
  return type?.kind === "opaque" && type.width === -1 && type.bitwiseEqual;
}

/** Functions of characters: only where the database's are UTF-8. */
export const characterFunctions: readonly ScalarFunction[] = [
  ...lengths, ...parts, ...trims, ...changes, coercion,
  cased("upper", 871, upperAscii), cased("lower", 870, lowerAscii), cased("initcap", 872, capitalise),
];

export const byteFunctions: readonly ScalarFunction[] = byteStrings;
