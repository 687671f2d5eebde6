// Values as texts, where no setting of the session has a say in it: what the types' output functions write, which casts
// to text and concat() go by. Dates, instants, floats and byte strings are written as the session likes them, and are
// PostgreSQL's. Read next: optimizer/expressions/text_casts.ts, which chooses among them; text_code.ts.
import { View } from "#generated/layout.js";
import { type EngineType, type EngineTypeKind, isSameType, OID, TEXT, UUID } from "#types/engine_type.js";
import type { LibraryFunction, Present, ScalarFunction } from "./function.js";
import { emitMadeView, type EmitOrHost, hostFunction } from "./host_function.js";
import { writeView } from "./library/views.js";
import { numericText, readNumeric } from "./numeric_image.js";
import { asBigint, asBytes, first, pushAsI64 } from "./operand.js";
import { isTimetz, readTimetz } from "./timetz_image.js";

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

const two = (value: bigint): string => String(value).padStart(2, "0");

/** Hours, minutes and seconds, with as many places as are not zero. */
function timeText(microseconds: bigint): string {
  const seconds = microseconds / 1_000_000n;
  const fraction = String(microseconds % 1_000_000n).padStart(6, "0").replace(/0+$/, "");
  const whole = `${two(seconds / 3600n)}:${two(seconds / 60n % 60n)}:${two(seconds % 60n)}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** The offset from Greenwich, whose minutes and seconds show where there are some. */
function timetzText(value: Present): string {
  const { microseconds, zone } = readTimetz(value);
  const size = zone < 0n ? -zone : zone;
  const [minutes, seconds] = [size / 60n % 60n, size % 60n];
  const rest = seconds !== 0n ? `:${two(minutes)}:${two(seconds)}` : minutes !== 0n ? `:${two(minutes)}` : "";
  return `${timeText(microseconds)}${zone <= 0n ? "+" : "-"}${two(size / 3600n)}${rest}`;
}

function uuidText(value: Present): string {
  const hex = Buffer.from(asBytes(value)).toString("hex");
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hex.slice(from, to)).join("-");
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

export const textsOfValues: readonly ScalarFunction[] = forms.map(({ key, doc, procedure, kind, isIt, text, emit }) =>
  hostFunction({
    key, doc, neverRaises: true, arguments: [kind],
    procedures: procedure === undefined ? [] : [{ oid: procedure[0], source: procedure[1] }],
    result: ([value]) => (isIt === undefined || isIt(value) ? TEXT : undefined),
    evaluate: (values) => Buffer.from(text(first(values)), "latin1"), emit,
  }));
