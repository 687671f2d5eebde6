// Counting rows against LIMIT and OFFSET where they enter a sink: both counters stand in memory, so that every
// pipeline into the sink and every call goes on with them. Read next: control_block.ts.
import type { Local } from "#wasm/function_builder.js";
import { RunStatus } from "./control_block.js";
import type { FunctionContext } from "./function_context.js";

/** Where the counters are. */
export interface LimitPlace {
  readonly base: Local;
  readonly skip: number;
  readonly take: number;
}

/** Runs `row` for rows the limit lets through; leaves the call when no more are wanted. */
export function limitRows(context: FunctionContext, place: LimitPlace, row: () => void): void {
  const { code } = context;
  const { base, skip, take } = place;
  code.get(base).load("i64.load", take).op("i64.eqz").if([], () => context.leave(RunStatus.enough));
  const decrement = (offset: number): void => {
    code.get(base, base).load("i64.load", offset).i64(1).op("i64.sub").store("i64.store", offset);
  };
  code.get(base).load("i64.load", skip).op("i64.eqz");
  code.if([], () => {
    row();
    decrement(take);
  }, () => decrement(skip));
}
