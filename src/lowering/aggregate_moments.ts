// The running moments behind avg(), variance() and stddev() of double precision: count, sum and the sum of squared
// differences, updated row by row as PostgreSQL's float8_accum does (Youngs and Cramer), and what each aggregate makes
// of them. Not for numerics, whose sums are exact. Read next: aggregate_steps.ts, group_source.ts.
import { defined } from "#base/assert.js";
import { errorTemplates } from "#functions/error_templates.js";
import type { Local } from "#wasm/function_builder.js";
import type { StateSlot } from "./aggregate_plan.js";
import type { StepTarget } from "./aggregate_steps.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";

/** Three doubles of a group's state, all starting at 0. */
export interface Moments {
  readonly count: StateSlot;
  readonly sum: StateSlot;
  readonly squares: StateSlot;
}

export type MomentsFunction = "mean" | "varPop" | "varSamp" | "stddevPop" | "stddevSamp";

export function isMomentsFunction(name: string): name is MomentsFunction {
  return name === "mean" || name === "varPop" || name === "varSamp" || name === "stddevPop" || name === "stddevSamp";
}

/** Values a function needs: one of a sample says nothing about how the others differ. */
export function momentsNeeded(name: MomentsFunction): 1 | 2 {
  return name === "varSamp" || name === "stddevSamp" ? 2 : 1;
}

/** One value, which is not NULL. */
export function emitMoments({ context, place }: StepTarget, moments: Moments, value: LoweredValue): void {
  const { code } = context;
  const local = (): Local => code.local("f64");
  const [before, count, sumBefore, sum, squares, difference] = [local(), local(), local(), local(), local(), local()];
  const added = defined(value.parts[0], "a float");
  const infinite = (each: Local): void => void code.get(each).op("f64.abs").f64(Infinity).op("f64.eq");
  place.get(moments.count);
  code.tee(before).f64(1).op("f64.add").set(count);
  place.get(moments.sum);
  code.tee(sumBefore).get(added).op("f64.add").set(sum);
  // The sign of a NaN shows in binary results: the server's addition keeps that of the row's own.
  code.get(added, added).op("f64.ne").if([], () => code.get(added).set(sum));
  place.get(moments.squares);
  code.set(squares);
  code.get(before).f64(0).op("f64.gt");
  code.if([], () => {
    code.get(added, count).op("f64.mul").get(sum).op("f64.sub").set(difference);
    code.get(squares, difference, difference).op("f64.mul").get(count, before).op("f64.mul", "f64.div", "f64.add");
    code.set(squares);
    infinite(sum);
    infinite(squares);
    code.op("i32.or").if([], () => {
      infinite(sumBefore);
      infinite(added);
      code.op("i32.or", "i32.eqz");
      context.raiseIf(errorTemplates.floatOverflow);
      code.f64(NaN).set(squares);
    });
  }, () => {
    // One infinity has no variance either: without this it would be 0.
    infinite(added);
    code.get(added, added).op("f64.ne", "i32.or").if([], () => code.f64(NaN).set(squares));
  });
  place.update(moments.count, () => void code.get(count));
  place.update(moments.sum, () => void code.get(sum));
  place.update(moments.squares, () => void code.get(squares));
}

/** Pushes the result of a function over a group's moments; `get` pushes one of them. */
export function pushMomentsResult(
  { code }: FunctionContext, name: MomentsFunction, moments: Moments, get: (slot: StateSlot) => void,
): void {
  get(name === "mean" ? moments.sum : moments.squares);
  get(moments.count);
  if (momentsNeeded(name) === 2) code.f64(1).op("f64.sub");
  code.op("f64.div");
  if (name === "stddevPop" || name === "stddevSamp") code.op("f64.sqrt");
}
