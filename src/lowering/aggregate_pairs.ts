// The running sums behind corr(), covar_*() and regr_*(): count, sums, and sums of squared differences and of their
// products, updated pair by pair as PostgreSQL's float8_regr_accum does (Youngs and Cramer), and what each aggregate
// makes of them. Y is an aggregate's first argument. aggregate_moments.ts does the same for one number.
import { defined } from "#base/assert.js";
import { errorTemplates } from "#functions/error_templates.js";
import type { PairFunction } from "#plan/physical.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { StateSlot } from "./aggregate_plan.js";
import type { StepTarget } from "./aggregate_steps.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";

/** Six doubles of a group's state, all starting at 0. */
export interface Pairs {
  readonly count: StateSlot;
  readonly x: StateSlot;
  readonly xx: StateSlot;
  readonly y: StateSlot;
  readonly yy: StateSlot;
  readonly xy: StateSlot;
}

type PairSlot = keyof Pairs;
const slots: readonly PairSlot[] = ["count", "x", "xx", "y", "yy", "xy"];

interface PairRule {
  /** Pairs it takes to have an answer. */
  readonly needs: 1 | 2;
  /** Sums of squares that leave no answer when they are 0. */
  readonly divisors: readonly ("xx" | "yy")[];
  /** The answer in plain float arithmetic. */
  readonly result: (sums: Readonly<Record<PairSlot, number>>) => number;
  /** Pushes it. */
  readonly push: (code: FunctionBuilder, sums: Readonly<Record<PairSlot, Local>>) => void;
}

const own = (slot: PairSlot): Pick<PairRule, "result" | "push"> => (
  { result: (sums) => sums[slot], push: (code, sums) => void code.get(sums[slot]) });

const mean = (slot: PairSlot): Pick<PairRule, "result" | "push"> => ({
  result: (sums) => sums[slot] / sums.count,
  push: (code, sums) => void code.get(sums[slot], sums.count).op("f64.div"),
});

export const pairRules: Readonly<Record<PairFunction, PairRule>> = {
  regrSxx: { needs: 1, divisors: [], ...own("xx") },
  regrSyy: { needs: 1, divisors: [], ...own("yy") },
  regrSxy: { needs: 1, divisors: [], ...own("xy") },
  regrAvgX: { needs: 1, divisors: [], ...mean("x") },
  regrAvgY: { needs: 1, divisors: [], ...mean("y") },
  covarPop: { needs: 1, divisors: [], ...mean("xy") },
  covarSamp: {
    needs: 2, divisors: [],
    result: ({ xy, count }) => xy / (count - 1),
    push: (code, { xy, count }) => void code.get(xy, count).f64(1).op("f64.sub", "f64.div"),
  },
  corr: {
    needs: 1, divisors: ["xx", "yy"],
    result: ({ xx, yy, xy }) => xy / Math.sqrt(xx * yy),
    push: (code, { xx, yy, xy }) => void code.get(xy, xx, yy).op("f64.mul", "f64.sqrt", "f64.div"),
  },
  // With all Y alike the fit is perfect.
  regrR2: {
    needs: 1, divisors: ["xx"],
    result: ({ xx, yy, xy }) => (yy === 0 ? 1 : (xy * xy) / (xx * yy)),
    push(code, { xx, yy, xy }) {
      code.f64(1).get(xy, xy).op("f64.mul").get(xx, yy).op("f64.mul", "f64.div").get(yy).f64(0).op("f64.eq").select();
    },
  },
  regrSlope: {
    needs: 1, divisors: ["xx"],
    result: ({ xx, xy }) => xy / xx,
    push: (code, { xx, xy }) => void code.get(xy, xx).op("f64.div"),
  },
  regrIntercept: {
    needs: 1, divisors: ["xx"],
    result: ({ count, x, y, xx, xy }) => (y - (x * xy) / xx) / count,
    push(code, { count, x, y, xx, xy }) {
      code.get(y, x, xy).op("f64.mul").get(xx).op("f64.div", "f64.sub").get(count).op("f64.div");
    },
  },
};

/** One pair, neither of which is NULL. */
export function emitPairs(
  { context, place }: StepTarget, pairs: Pairs, first: LoweredValue, second: LoweredValue,
): void {
  const { code } = context;
  const [newY, newX] = [defined(first.parts[0], "a float"), defined(second.parts[0], "a float")];
  const local = (): Local => code.local("f64");
  const before: Readonly<Record<PairSlot, Local>> = {
    count: local(), x: local(), xx: local(), y: local(), yy: local(), xy: local(),
  };
  for (const slot of slots) {
    place.get(pairs[slot]);
    code.set(before[slot]);
  }
  const after: Readonly<Record<PairSlot, Local>> = { ...before, count: local(), x: local(), y: local() };
  code.get(before.count).f64(1).op("f64.add").set(after.count);
  for (const [slot, added] of [["x", newX], ["y", newY]] as const) {
    code.get(before[slot], added).op("f64.add").set(after[slot]);
    // The sign of a NaN shows in binary results: the server's addition keeps that of the row's own.
    code.get(added, added).op("f64.ne").if([], () => code.get(added).set(after[slot]));
  }
  code.get(before.count).f64(0).op("f64.gt").if([],
    () => addDifferences(context, before, after, newX, newY),
    () => beginDifferences(code, after, newX, newY));
  for (const slot of slots) place.update(pairs[slot], () => void code.get(after[slot]));
}

function pushInfinite(code: FunctionBuilder, value: Local): FunctionBuilder {
  return code.get(value).op("f64.abs").f64(Infinity).op("f64.eq");
}

/** Adds what the pair differs by; infinite sums of finite numbers are errors, of others not a number. */
function addDifferences(
  context: FunctionContext, before: Readonly<Record<PairSlot, Local>>, after: Readonly<Record<PairSlot, Local>>,
  newX: Local, newY: Local,
): void {
  const { code } = context;
  const [byX, byY, scale] = [code.local("f64"), code.local("f64"), code.local("f64")];
  code.get(newX, after.count).op("f64.mul").get(after.x).op("f64.sub").set(byX);
  code.get(newY, after.count).op("f64.mul").get(after.y).op("f64.sub").set(byY);
  code.f64(1).get(after.count, before.count).op("f64.mul", "f64.div").set(scale);
  for (const [slot, a, b] of [["xx", byX, byX], ["yy", byY, byY], ["xy", byX, byY]] as const)
    code.get(after[slot], a, b).op("f64.mul").get(scale).op("f64.mul", "f64.add").set(after[slot]);
  const [infiniteX, infiniteY] = [code.local("i32"), code.local("i32")];
  for (const [flag, slot, value] of [[infiniteX, "x", newX], [infiniteY, "y", newY]] as const) {
    pushInfinite(code, before[slot]);
    pushInfinite(code, value).op("i32.or").set(flag);
  }
  const overflow = (sums: readonly PairSlot[], inputs: readonly Local[]): void => {
    sums.forEach((slot, index) => {
      pushInfinite(code, after[slot]);
      if (index > 0) code.op("i32.or");
    });
    inputs.forEach((input, index) => {
      code.get(input);
      if (index > 0) code.op("i32.or");
    });
    code.op("i32.eqz", "i32.and");
    context.raiseIf(errorTemplates.floatOverflow);
  };
  overflow(["x", "xx"], [infiniteX]);
  overflow(["y", "yy"], [infiniteY]);
  overflow(["xy"], [infiniteX, infiniteY]);
  for (const slot of ["xx", "yy", "xy"] as const)
    pushInfinite(code, after[slot]).if([], () => code.f64(NaN).set(after[slot]));
}

/** One number that is not finite has no variance either. */
function beginDifferences(
  code: FunctionBuilder, after: Readonly<Record<PairSlot, Local>>, newX: Local, newY: Local,
): void {
  for (const [value, slot] of [[newX, "xx"], [newY, "yy"]] as const) {
    pushInfinite(code, value).get(value, value).op("f64.ne", "i32.or");
    code.if([], () => code.f64(NaN).set(after[slot]).f64(NaN).set(after.xy));
  }
}

/** The result of a function over a group's sums; `get` pushes one of them. */
export function pairResult(
  context: FunctionContext, name: PairFunction, pairs: Pairs, get: (slot: StateSlot) => void,
): LoweredValue {
  const { code } = context;
  const { needs, divisors, push } = pairRules[name];
  const local = (slot: PairSlot): Local => {
    const made = code.local("f64");
    get(pairs[slot]);
    code.set(made);
    return made;
  };
  const sums = {
    count: local("count"), x: local("x"), xx: local("xx"), y: local("y"), yy: local("yy"), xy: local("xy"),
  };
  const isNull = code.local("i32");
  code.get(sums.count).f64(needs).op("f64.lt");
  for (const slot of divisors) code.get(sums[slot]).f64(0).op("f64.eq", "i32.or");
  code.set(isNull);
  push(code, sums);
  return { type: { kind: "float8" }, shape: "f64", parts: context.take("f64"), isNull };
}
