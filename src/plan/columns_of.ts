// What everyone who walks plans needs of an operator: its columns, its inputs, its size. Read next: physical.ts.
import type { ColumnType } from "#types/column_type.js";
import type { PhysicalOperator } from "./physical.js";

export type SharedOperator = Extract<PhysicalOperator, { readonly kind: "shared" }>;

/** The columns an operator yields. */
export function columnsOf(operator: PhysicalOperator): readonly ColumnType[] {
  return operator.kind === "filter" ? columnsOf(operator.input) : operator.columns;
}

/** Direct inputs in the order of their numbers: a join's probe side first. */
export function inputsOf(operator: PhysicalOperator): readonly PhysicalOperator[] {
  switch (operator.kind) {
    case "scan": case "sharedReading": return [];
    case "hashJoin": return [operator.probe, operator.build];
    case "union": return operator.inputs;
    default: return [operator.input];
  }
}

/** The operator over other inputs, which are made in the order of their numbers. */
export function withInputs(
  operator: PhysicalOperator, made: (input: PhysicalOperator) => PhysicalOperator,
): PhysicalOperator {
  switch (operator.kind) {
    case "scan": case "sharedReading": return operator;
    case "hashJoin": return { ...operator, probe: made(operator.probe), build: made(operator.build) };
    case "union": return { ...operator, inputs: operator.inputs.map((input) => made(input)) };
    default: return { ...operator, input: made(operator.input) };
  }
}

/** What is shared, by number, each with the number of its operator. */
export function sharedOf(
  root: PhysicalOperator, number = 0,
): ReadonlyMap<number, { readonly operator: SharedOperator; readonly number: number }> {
  const found = new Map<number, { readonly operator: SharedOperator; readonly number: number }>();
  if (root.kind === "shared") found.set(root.share, { operator: root, number });
  let next = number + 1;
  for (const input of inputsOf(root)) {
    for (const [share, each] of sharedOf(input, next)) found.set(share, each);
    next += operatorCount(input);
  }
  return found;
}

/** Operators of the tree: the next number after this operator's own and those below it. */
export function operatorCount(operator: PhysicalOperator): number {
  return inputsOf(operator).reduce((sum, input) => sum + operatorCount(input), 1);
}
