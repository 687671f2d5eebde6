// The expressions in a window's frame: what rows are measured by, and how far each bound lets the measure be. Frames by
// rows, groups or a constant distance have none. Read next: physical.ts.
import type { Expression } from "#expr/expression.js";
import type { FrameBound, WindowFrame } from "./physical.js";

export function frameExpressions({ start, end, measure }: WindowFrame): readonly Expression[] {
  const limits = [start, end].map((bound) => ("limit" in bound ? bound.limit : undefined));
  return [measure, ...limits].filter((each) => each !== undefined);
}

/** The frame with its expressions mapped. */
export function mapFrame(frame: WindowFrame, map: (expression: Expression) => Expression): WindowFrame {
  const { start, end, measure } = frame;
  if (measure === undefined) return frame;
  const bound = (each: FrameBound): FrameBound => ("limit" in each ? { ...each, limit: map(each.limit) } : each);
  return { ...frame, start: bound(start), end: bound(end), measure: map(measure) };
}
