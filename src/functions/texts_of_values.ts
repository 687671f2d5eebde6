// Values as texts: what the types' output functions write, which casts to text and concat() go by. Dates, instants,
// intervals, floats and byte strings are written as the session likes them, which a table tells. Read next:
// optimizer/expressions/text_casts.ts, which chooses among them; texts_of_times.ts, session_formats.ts.
import { defined } from "#base/assert.js";
import { View } from "#generated/layout.js";
import { type EngineType, type EngineTypeKind, isSameType, OID, TEXT, UUID } from "#types/engine_type.js";
import { COMPUTED_BYTES_MAX, isBytea } from "./characters.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import { floatText } from "./float_text.js";
import type { LibraryFunction, Present, ScalarFunction } from "./function.js";
import { emitMadeView, type EmitOrHost, hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS } from "./interval_arithmetic.js";
import { readInterval } from "./interval_image.js";
import { intervalText } from "./interval_text.js";
import { writeView } from "./library/views.js";
import { numericText, readNumeric } from "./numeric_image.js";
import { asBigint, asBytes, asNumber, first, pushAsI64, second } from "./operand.js";
import { isTableType } from "./parameter_tables.js";
import { type SessionFormats, sessionFormats } from "./session_formats.js";
import { dateText, offsetText, timestampText, timestamptzText, timeText } from "./texts_of_times.js";
import { isTimetz, readTimetz } from "./timetz_image.js";
import { zoneOf } from "./zone_functions.js";

/** A sign and the digits of 2^63. */
const INTEGER_BYTES = 20;
const INTEGER_ROOM = View.SIZE + INTEGER_BYTES;

/** (integer, room) -> where its digits begin, which end with the room */
const integerText: LibraryFunction = {
  name: "integerText",
  type: { parameters: ["i64", "i32"], results: ["i32"] },
  write(code) {
    const [value, room] = [code.parameter(0), code.parameter(1)];
    const [rest, at] = [code.local("i64"), code.local("i32")];
    code.get(room).i32(INTEGER_ROOM).op("i32.add").set(at);
    // The least number has no opposite, but read without a sign its negation is right.
    code.i64(0).get(value).op("i64.sub").get(value, value).i64(0).op("i64.lt_s").select().set(rest);
    code.loop((again) => {
      code.get(at).i32(1).op("i32.sub").tee(at);
      code.get(rest).i64(10).op("i64.rem_u").i64(0x30).op("i64.add", "i32.wrap_i64").store("i32.store8");
      code.get(rest).i64(10).op("i64.div_u").tee(rest).i64(0).op("i64.ne").brIf(again);
    });
    code.get(value).i64(0).op("i64.lt_s").if([], () => {
      code.get(at).i32(1).op("i32.sub").tee(at).i32(0x2d).store("i32.store8");
    });
    code.get(at);
  },
};

const emitInteger = (isUnsigned: boolean): EmitOrHost => (emission, operands) => {
  const { code } = emission;
  emitMadeView(emission, INTEGER_ROOM, (room) => {
    const at = code.local("i32");
    pushAsI64(code, first(operands));
    if (isUnsigned) code.i64(0xffff_ffff).op("i64.and");
    code.get(room).call(emission.library(integerText)).set(at);
    code.get(room, at, room).i32(INTEGER_ROOM).op("i32.add").get(at).op("i32.sub").call(emission.library(writeView));
  });
};

function timetzText(value: Present): string {
  const { microseconds, zone } = readTimetz(value);
  return timeText(microseconds) + offsetText(-zone);
}

function uuidText(value: Present): string {
  const hex = Buffer.from(asBytes(value)).toString("hex");
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hex.slice(from, to)).join("-");
}

const BACKSLASH = 0x5c;
const isPrinted = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e;

/** In hexadecimal, or with what is not printed as a backslash and three octal digits. */
function byteaText(bytes: Uint8Array, inHex: boolean): string {
  let size = inHex ? 2 : 0;
  for (const byte of bytes) size += inHex || byte === BACKSLASH ? 2 : isPrinted(byte) ? 1 : 4;
  if (size > COMPUTED_BYTES_MAX) throwTemplate(errorTemplates.valueTooLong);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (inHex) return `\\x${buffer.toString("hex")}`;
  return buffer.toString("latin1").replace(/[^\x20-\x7e]|\\/g, (byte) =>
    (byte === "\\" ? "\\\\" : `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`));
}

interface Listed {
  readonly key: string;
  readonly doc: string;
  readonly procedure?: readonly [oid: number, source: string];
  readonly kind: EngineTypeKind;
  /** Tells carried types apart. */
  readonly isIt?: (type: EngineType | undefined) => boolean;
  readonly text: (value: Present) => string;
  readonly emit?: EmitOrHost;
}

const isLike = (known: EngineType) => (type: EngineType | undefined): boolean =>
  type !== undefined && isSameType(type, known);

const forms: readonly Listed[] = [
  ...(["int2", "int4", "int8"] as const).map((kind): Listed => ({
    key: `${kind}.text`, doc: `An ${kind} as text`, kind, text: String, emit: emitInteger(false),
  })),
  {
    key: "oid.text", doc: "An oid as text", kind: "opaque", isIt: isLike(OID),
    text: (value) => String(BigInt.asUintN(32, asBigint(value))), emit: emitInteger(true),
  },
  {
    key: "bool.text", doc: "A truth value as text, in full", procedure: [2971, "booltext"], kind: "bool",
    text: String,
  },
  {
    key: "bool.letter", doc: "A truth value as one letter", kind: "bool",
    text: (value) => (value === true ? "t" : "f"),
  },
  {
    key: "numeric.text", doc: "A numeric as text", kind: "numeric",
    text: (value) => numericText(readNumeric(asBytes(value))),
  },
  { key: "time.text", doc: "A time of day as text", kind: "time", text: (value) => timeText(asBigint(value)) },
  { key: "timetz.text", doc: "A time with time zone as text", kind: "opaque", isIt: isTimetz, text: timetzText },
  { key: "uuid.text", doc: "A uuid as text", kind: "opaque", isIt: isLike(UUID), text: uuidText },
];

const plain = forms.map(({ key, doc, procedure, kind, isIt, text, emit }) =>
  hostFunction({
    key, doc, neverRaises: true, arguments: [kind],
    procedures: procedure === undefined ? [] : [{ oid: procedure[0], source: procedure[1] }],
    result: ([value]) => (isIt === undefined || isIt(value) ? TEXT : undefined),
    evaluate: (values) => Buffer.from(text(first(values)), "latin1"), emit,
  }));

/** Written as the session's settings say; a function of instants is told the session's time zone too. */
interface Formatted extends Pick<Listed, "key" | "doc" | "kind" | "isIt"> {
  readonly withZone?: true;
  readonly neverRaises?: true;
  readonly changedIn?: number;
  readonly text: (value: Present, formats: SessionFormats, zone: Present | undefined) => string;
}

const float = (kind: "float4" | "float8"): Formatted => ({
  key: `${kind}.text`, doc: `A ${kind} as text`, kind, neverRaises: true,
  text: (value, { extraFloatDigits }) => floatText(asNumber(value), kind, extraFloatDigits),
});

const formatted: readonly Formatted[] = [
  {
    key: "date.text", doc: "A date as text", kind: "date", neverRaises: true,
    text: (value, formats) => dateText(asBigint(value), formats),
  },
  {
    key: "timestamp.text", doc: "A timestamp as text", kind: "timestamp", neverRaises: true,
    text: (value, formats) => timestampText(asBigint(value), formats),
  },
  {
    key: "timestamptz.text", doc: "An instant as text", kind: "timestamptz", withZone: true, neverRaises: true,
    text: (value, formats, zone) => timestamptzText(asBigint(value), formats, zoneOf(defined(zone, "a zone"))),
  },
  float("float4"), float("float8"),
  {
    key: "interval.text", doc: "An interval as text", kind: "interval", changedIn: INFINITE_INTERVALS,
    neverRaises: true,
    text: (value, { intervalStyle }) => intervalText(readInterval(asBytes(value)), intervalStyle),
  },
  {
    key: "bytea.text", doc: "A byte string as text", kind: "opaque", isIt: isBytea,
    text: (value, { byteaInHex }) => byteaText(asBytes(value), byteaInHex),
  },
];

const bySettings = formatted.map(({ isIt, withZone, kind, text, ...rest }) =>
  hostFunction({
    ...rest, procedures: [], arguments: withZone ? [kind, "opaque", "opaque"] : [kind, "opaque"],
    result: ([value, ...tables]) =>
      ((isIt === undefined || isIt(value)) && tables.every(isTableType) ? TEXT : undefined),
    evaluate: (values) =>
      Buffer.from(text(first(values), sessionFormats(asBytes(second(values))), values[2]), "latin1"),
  }));

export const textsOfValues: readonly ScalarFunction[] = [...plain, ...bySettings];
