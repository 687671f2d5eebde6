// Texts as values: what the input functions of integers, truth values and uuids read, which casts from text go by.
// Evaluated by the host. Since 16 integers may be written in more ways, which are PostgreSQL's. Read next:
// texts_of_values.ts for the other way round.
import { sqlError } from "#base/errors.js";
import { type EngineType, UUID } from "#types/engine_type.js";
import type { Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { asBytes, first } from "./operand.js";

/** From then on integers have other bases, and underscores between digits. */
const MORE_INTEGERS = 16;

const INVALID = "22P02";
const OUT_OF_RANGE = "22003";
const BLANKS = " \t\n\v\f\r";

const invalid = (type: string, text: string): never => {
  throw sqlError(INVALID, `invalid input syntax for type ${type}: "${text}"`);
};

/** Digits are read until they do not fit: what stands behind them then does not matter. */
function integerOf(text: string, type: string, bits: number): bigint {
  const least = -(1n << BigInt(bits - 1));
  const beyond = (): never => {
    throw sqlError(OUT_OF_RANGE, `value "${text}" is out of range for type ${type}`);
  };
  const [, sign = "", digits = "", rest = ""] = /^[ \t\n\v\f\r]*([-+]?)([0-9]*)([^]*)$/.exec(text) ?? [];
  if (digits === "") return invalid(type, text);
  const negative = -BigInt(digits);
  if (negative < least) return beyond();
  if ([...rest].some((character) => !BLANKS.includes(character))) return invalid(type, text);
  if (sign === "-") return negative;
  return negative === least ? beyond() : -negative;
}

/** Any beginning of a word that tells it from the others. */
const truths: readonly (readonly [word: string, least: number, value: boolean])[] = [
  ["true", 1, true], ["false", 1, false], ["yes", 1, true], ["no", 1, false], ["on", 2, true], ["off", 2, false],
  ["1", 1, true], ["0", 1, false],
];

function truthOf(text: string): boolean {
  const word = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const found = truths.find(([whole, least]) => word.length >= least && whole.startsWith(word));
  return found === undefined ? invalid("boolean", text) : found[2];
}

/** Hyphens may stand between groups of four digits, and braces around all. */
const uuidForm = /^(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}$/i;

function uuidOf(text: string): Uint8Array {
  const inner = text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1) : text;
  return uuidForm.test(inner) ? Buffer.from(inner.replaceAll("-", ""), "hex") : invalid("uuid", text);
}

interface Listed {
  readonly key: string;
  readonly doc: string;
  readonly result: EngineType;
  readonly changedIn?: number;
  readonly read: (text: string) => Present;
}

const forms: readonly Listed[] = [
  ...([["int2", "smallint", 16], ["int4", "integer", 32], ["int8", "bigint", 64]] as const).map(
    ([kind, name, bits]): Listed => ({
      key: `text.${kind}`, doc: `A text as ${kind}`, result: { kind }, changedIn: MORE_INTEGERS,
      read: (text) => integerOf(text, name, bits),
    })),
  { key: "text.bool", doc: "A text as truth value", result: { kind: "bool" }, read: truthOf },
  {
    key: "text.uuid", doc: "A text as uuid", result: UUID, read: uuidOf,
  },
];

export const valuesOfTexts: readonly ScalarFunction[] = forms.map(({ key, doc, result, changedIn, read }) =>
  hostFunction({
    key, doc, procedures: [], arguments: ["text"], result, ...(changedIn === undefined ? {} : { changedIn }),
    evaluate: (values) => read(Buffer.from(asBytes(first(values))).toString("utf8")),
  }));
