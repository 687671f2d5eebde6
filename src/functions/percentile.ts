// The rows percentile_disc() and percentile_cont() pick of an ordered set, and the value between two of them, in the
// float arithmetic of PostgreSQL's orderedsetaggs.c. Only the planner makes these calls (optimizer/ordered_sets.ts);
// a fraction is between 0 and 1. Counter-example: 0.1 of 30 rows is 3.0000000000000004, and the fourth.
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { Operand, Present, ScalarFunction } from "./function.js";
import { asBigint, asNumber, first, push, second, third } from "./operand.js";

interface Pick {
  readonly name: string;
  readonly doc: string;
  /** The row's place from 0, as a float, of so many rows. */
  readonly place: (fraction: number, rows: number) => number;
  /** Pushes it. */
  readonly pushPlace: (code: FunctionBuilder, fraction: Local, rows: Local) => void;
}

function takes(kinds: readonly EngineTypeKind[], result: EngineType): ScalarFunction["resultType"] {
  return (types) => (types.length === kinds.length && types.every(({ kind }, index) => kind === kinds[index])
    ? result : undefined);
}

/** Pushes how far down the ordered rows the fraction lies: between two of them, mostly. */
function pushDepth(code: FunctionBuilder, fraction: Local, rows: Local): FunctionBuilder {
  return code.get(fraction, rows).f64(1).op("f64.sub", "f64.mul");
}

const picks: readonly Pick[] = [
  {
    name: "discrete", doc: "Whether a row is the first with at least a fraction of the rows up to it",
    place: (fraction, rows) => Math.max(1, Math.ceil(fraction * rows)) - 1,
    pushPlace: (code, fraction, rows) => {
      code.f64(1).get(fraction, rows).op("f64.mul", "f64.ceil", "f64.max").f64(1).op("f64.sub");
    },
  },
  {
    name: "lower", doc: "Whether a row is the last not beyond a fraction of the distance to the last row",
    place: (fraction, rows) => Math.floor(fraction * (rows - 1)),
    pushPlace: (code, fraction, rows) => void pushDepth(code, fraction, rows).op("f64.floor"),
  },
  {
    name: "upper", doc: "Whether a row is the first not before a fraction of the distance to the last row",
    place: (fraction, rows) => Math.ceil(fraction * (rows - 1)),
    pushPlace: (code, fraction, rows) => void pushDepth(code, fraction, rows).op("f64.ceil"),
  },
];

/** An operand in a local of its own, as a float. */
function asFloat(code: FunctionBuilder, operand: Operand): Local {
  const local = code.local("f64");
  push(code, operand);
  if (operand.shape === "i64") code.op("f64.convert_i64_s");
  code.set(local);
  return local;
}

/** (fraction, rows, number of the row from 1) */
function pickFunction({ name, doc, place, pushPlace }: Pick): ScalarFunction {
  return {
    key: `percentile.${name}`,
    procedures: [],
    doc,
    resultType: takes(["float8", "int8", "int8"], { kind: "bool" }),
    mayFail: () => false,
    evaluate: (values) => Number(asBigint(third(values))) - 1
      === place(asNumber(first(values)), Number(asBigint(second(values)))),
    emit({ code }, operands) {
      const [fraction, rows] = [first(operands), second(operands)].map((each) => asFloat(code, each));
      if (fraction === undefined || rows === undefined) return;
      push(code, third(operands)).op("f64.convert_i64_s").f64(1).op("f64.sub");
      pushPlace(code, fraction, rows);
      code.op("f64.eq");
    },
  };
}

function shareOf(fraction: Present, rows: Present): number {
  const depth = asNumber(fraction) * (Number(asBigint(rows)) - 1);
  return depth - Math.floor(depth);
}

export const percentiles: readonly ScalarFunction[] = [
  ...picks.map(pickFunction),
  {
    key: "percentile.share",
    procedures: [],
    doc: "How far between two of so many rows a fraction of the distance to the last one ends",
    resultType: takes(["float8", "int8"], { kind: "float8" }),
    mayFail: () => false,
    evaluate: (values) => shareOf(first(values), second(values)),
    emit({ code }, operands) {
      const [fraction, rows] = [asFloat(code, first(operands)), asFloat(code, second(operands))];
      pushDepth(code, fraction, rows);
      pushDepth(code, fraction, rows).op("f64.floor", "f64.sub");
    },
  },
  {
    key: "percentile.between",
    procedures: [],
    doc: "A float between two others, at a share of the way; without checks, as float8_lerp() has none",
    resultType: takes(["float8", "float8", "float8"], { kind: "float8" }),
    mayFail: () => false,
    evaluate(values) {
      const [low, high, share] = [asNumber(first(values)), asNumber(second(values)), asNumber(third(values))];
      return share === 0 ? low : low + share * (high - low);
    },
    emit({ code }, operands) {
      const share = asFloat(code, third(operands));
      push(code, first(operands));
      push(code, first(operands)).get(share);
      push(code, second(operands));
      push(code, first(operands)).op("f64.sub", "f64.mul", "f64.add");
      code.get(share).f64(0).op("f64.eq").select();
    },
  },
];
