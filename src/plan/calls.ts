// The expressions of aggregate and window calls, all of them: who asks what a call reads, or moves it over other
// columns, need not know which parts it has. Read next: physical.ts.
import type { Expression } from "#expr/expression.js";
import type { AggregateCall, FrameBound, WindowCall, WindowFrame } from "./physical.js";

type Part = Expression | undefined;
type Over = (expression: Expression) => Expression;

function present(parts: readonly Part[]): readonly Expression[] {
  return parts.filter((each) => each !== undefined);
}

/** Such parts as there are, mapped. */
function mapParts<K extends string>(parts: Readonly<Partial<Record<K, Part>>>, over: Over): { [P in K]?: Expression } {
  const mapped: { [P in K]?: Expression } = {};
  for (const name in parts) {
    const part: Part = parts[name];
    if (part !== undefined) mapped[name] = over(part);
  }
  return mapped;
}

/** In the order of their evaluation but for FILTER, which comes first. */
export function callExpressions({ argument, second, filter }: AggregateCall): readonly Expression[] {
  return present([argument, second, filter]);
}

export function mapCall(call: AggregateCall, over: Over): AggregateCall {
  const { argument, second, filter } = call;
  return { ...call, ...mapParts({ argument, second, filter }, over) };
}

/** What rows are measured by, and how far each bound lets the measure be: frames by rows or groups have none. */
function frameExpressions({ start, end, measure }: WindowFrame): readonly Expression[] {
  return present([measure, ...[start, end].map((bound) => ("limit" in bound ? bound.limit : undefined))]);
}

function mapFrame(frame: WindowFrame, over: Over): WindowFrame {
  const { start, end, measure } = frame;
  if (measure === undefined) return frame;
  const bound = (each: FrameBound): FrameBound => ("limit" in each ? { ...each, limit: over(each.limit) } : each);
  return { ...frame, start: bound(start), end: bound(end), measure: over(measure) };
}

/** Offsets are constants. */
export function windowCallExpressions({ argument, otherwise, frame }: WindowCall): readonly Expression[] {
  return [...present([argument, otherwise]), ...frameExpressions(frame)];
}

export function mapWindowCall(call: WindowCall, over: Over): WindowCall {
  const { argument, otherwise, frame } = call;
  return { ...call, ...mapParts({ argument, otherwise }, over), frame: mapFrame(frame, over) };
}
