// Which other rows of its partition a window looks at from a row: so many before and behind it, and whether it must
// know where the partition or the row's peers end and what they come to together. With that a partition is worked off
// piece by piece, however large. Not here: frames that cannot be, as their rows may be anywhere. Read next:
// src/runtime/spill/window_chain.ts.
import type { Expression } from "#expr/expression.js";
import type { FrameBound, WindowCall, WindowFrame } from "./physical.js";

export interface WindowReach {
  /** Rows, at most. */
  readonly before: number;
  readonly after: number;
  /** Ends of groups and partitions are asked for, and what stands there. */
  readonly ends: boolean;
}

/** Rows beside a piece that are read with it; more are not worth reading again for each. */
const CONTEXT_ROWS_MAX = 10_000n;

const NOTHING: WindowReach = { before: 0, after: 0, ends: false };
const ENDS: WindowReach = { ...NOTHING, ends: true };

/** What all the calls look at; undefined when a partition must be in memory as a whole. */
export function windowReach(calls: readonly WindowCall[]): WindowReach | undefined {
  let all = NOTHING;
  for (const call of calls) {
    const reach = reachOf(call);
    if (reach === undefined) return undefined;
    all = both(all, reach);
  }
  return all;
}

function both(a: WindowReach, b: WindowReach): WindowReach {
  return { before: Math.max(a.before, b.before), after: Math.max(a.after, b.after), ends: a.ends || b.ends };
}

function reachOf(call: WindowCall): WindowReach | undefined {
  switch (call.function) {
    case "rowNumber": case "rank": case "denseRank": return NOTHING;
    case "percentRank": case "cumeDist": case "ntile": return ENDS;
    case "lag": return away(-integerOf(call.offset));
    case "lead": return away(integerOf(call.offset));
    default: return overFrame(call);
  }
}

function overFrame({ function: name, frame }: WindowCall): WindowReach | undefined {
  // Counts and sums are differences, at whatever places; a single row next to what is left out may be anywhere.
  if (frame.exclusion !== "none" && !isDifference(name)) return undefined;
  const peers = frame.exclusion === "group" || frame.exclusion === "ties" ? ENDS : NOTHING;
  const [first, last] = [boundOf(frame, frame.start), boundOf(frame, frame.end)];
  if (first === undefined || last === undefined) return undefined;
  const isBounded = frame.unit === "rows" && frame.start.kind !== "unbounded";
  // The least of all rows from one on would be looked up among all of them, and the nth of a partition is kept nowhere.
  if ((name === "min" || name === "max") && frame.start.kind !== "unbounded" && (!isBounded || last.ends))
    return undefined;
  if (name === "nthValue" && (!isBounded || last.ends)) return undefined;
  return both(both({ ...first, ends: false }, last), peers);
}

/** Whether an aggregate over some rows is what it is up to their end less what it is up to their begin. */
function isDifference(name: WindowCall["function"]): boolean {
  return name === "countRows" || name === "count" || name === "sum" || name === "boolAnd" || name === "boolOr";
}

/** Of an end; a start at its partition's or group's is known from the rows before. */
function boundOf({ unit }: WindowFrame, bound: FrameBound): WindowReach | undefined {
  if (bound.kind === "unbounded") return ENDS;
  if (bound.kind === "currentRow") return unit === "rows" ? NOTHING : ENDS;
  if (unit !== "rows" || !("offset" in bound)) return undefined;
  const offset = integerOf(bound.offset);
  return away(bound.kind === "preceding" ? -offset : offset);
}

function away(rows: bigint): WindowReach | undefined {
  if (rows > CONTEXT_ROWS_MAX || rows < -CONTEXT_ROWS_MAX) return undefined;
  return rows < 0n ? { ...NOTHING, before: Number(-rows) } : { ...NOTHING, after: Number(rows) };
}

/** A constant, as the planner makes them all. */
function integerOf(offset: Expression | undefined): bigint {
  return offset?.kind === "constant" && typeof offset.value === "bigint" ? offset.value : CONTEXT_ROWS_MAX + 1n;
}
