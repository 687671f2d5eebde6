// The parameters a plan reads, wherever an operator keeps expressions: the walk knows no operator, so that none can be
// forgotten. Read next: physical.ts.
import type { Expression } from "#expr/expression.js";
import type { PhysicalOperator } from "./physical.js";

type Parameter = Extract<Expression, { readonly kind: "parameter" }>;

function isParameter(value: object): value is Parameter {
  return "kind" in value && value.kind === "parameter";
}

/** Each parameter once, in the order of their numbers. */
export function parametersOf(root: PhysicalOperator): readonly Pick<Parameter, "id" | "type">[] {
  const found = new Map<number, Pick<Parameter, "id" | "type">>();
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value) || ArrayBuffer.isView(value)) return;
    seen.add(value);
    if (isParameter(value)) found.set(value.id, { id: value.id, type: value.type });
    else Object.values(value).forEach(visit);
  };
  visit(root);
  return [...found.values()].toSorted((a, b) => a.id - b.id);
}
