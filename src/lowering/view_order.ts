// Which code compares two values that stand as views: strings by their bytes, numerics and intervals by what they mean.
// Read next: functions/library/bytes.ts, numerics.ts and intervals.ts there.
import { compareViews } from "#functions/library/bytes.js";
import { compareIntervals } from "#functions/library/intervals.js";
import { compareNumerics } from "#functions/library/numerics.js";
import type { LibraryFunction } from "#functions/function.js";
import type { EngineType } from "#types/engine_type.js";

/** (view a, tail a, view b, tail b) -> negative, zero or positive. */
export function viewOrder(type: EngineType): LibraryFunction {
  switch (type.kind) {
    case "numeric": return compareNumerics;
    case "interval": return compareIntervals;
    default: return compareViews;
  }
}

/** Whether equal values may look different, so that it shows which of them is kept. */
export function showsWhichIsKept(type: EngineType): boolean {
  return type.kind === "numeric" || type.kind === "interval";
}
