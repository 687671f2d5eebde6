// The order in which a region's inputs are joined, by src/optimizer/joinorder: what it needs to know of the inputs, and
// its answer as logical joins. Without statistics of columns the number of distinct values of a key is taken from the
// smallest input that its equalities lead to: a foreign key has no more values than the table it points into.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import type { Attributes } from "./attributes.js";
import { equalityOf } from "./conditions.js";
import { filtered } from "./filtered.js";
import type { JoinTree } from "./joinorder/join_tree.js";
import { reorderJoins } from "./joinorder/large_trees.js";
import type { JoinPredicate } from "./joinorder/operator_tree.js";

const OTHER_SELECTIVITY = 0.33;
const ROW_BYTES = 32;

/** Rows of the operator's widest-known key: those of the table below, before its conditions. */
function distinctRows(operator: LogicalOperator): number {
  switch (operator.kind) {
    case "scan": return operator.tableRows;
    case "filter": case "compute": return distinctRows(operator.input);
    case "join": return operator.join === "inner" ? operator.rows : distinctRows(operator.left);
    default: return operator.rows;
  }
}

/** Classes of columns that equalities make equal, by union-find over attribute numbers. */
class EqualColumns {
  private readonly parent = new Map<number, number>();

  find(attribute: number): number {
    const parent = this.parent.get(attribute);
    return parent === undefined || parent === attribute ? attribute : this.find(parent);
  }

  join(a: number, b: number): void {
    this.parent.set(this.find(a), this.find(b));
  }
}

class RegionOrder {
  private readonly inputs: readonly LogicalOperator[];
  private readonly conditions: readonly Expression[];
  private readonly attributes: Attributes;
  private readonly inputByOrigin = new Map<number, number>();
  private readonly classes = new EqualColumns();
  private readonly valuesByClass = new Map<number, number>();

  constructor(inputs: readonly LogicalOperator[], conditions: readonly Expression[], attributes: Attributes) {
    this.inputs = inputs;
    this.conditions = conditions;
    this.attributes = attributes;
    inputs.forEach((input, index) => {
      for (const origin of originsOf(input)) this.inputByOrigin.set(origin, index);
    });
    for (const condition of conditions) {
      const equality = equalityOf(condition);
      if (equality?.left.kind === "column" && equality.right.kind === "column")
        this.classes.join(equality.left.index, equality.right.index);
    }
    for (const condition of conditions)
      for (const column of this.equatedColumns(condition)) this.countValues(column);
  }

  order(): LogicalOperator {
    const predicates = this.conditions.map((condition, id) => this.predicateOf(condition, id));
    const relations = this.inputs.map((input, index) => (
      { name: `input${index}`, rows: Math.max(1, input.rows), widthBytes: ROW_BYTES }));
    const inputs = this.inputs.map((_input, relation) => ({ kind: "leaf", relation } as const));
    const { tree } = reorderJoins({ relations, tree: { kind: "inner", inputs, predicates } });
    return this.operatorOf(tree);
  }

  private equatedColumns(condition: Expression): readonly number[] {
    const equality = equalityOf(condition);
    if (equality?.left.kind !== "column" || equality.right.kind !== "column") return [];
    return [equality.left.index, equality.right.index];
  }

  private countValues(column: number): void {
    const input = this.inputs[this.inputByOrigin.get(this.attributes.originOf(column)) ?? -1];
    if (input === undefined) return;
    const group = this.classes.find(column);
    const values = Math.max(1, distinctRows(input));
    this.valuesByClass.set(group, Math.min(values, this.valuesByClass.get(group) ?? Number.MAX_VALUE));
  }

  private inputsRead(expression: Expression): number[] {
    const read = [...this.attributes.originsRead(expression)].map((origin) => this.inputByOrigin.get(origin) ?? 0);
    return [...new Set(read)];
  }

  private predicateOf(condition: Expression, id: number): JoinPredicate {
    const relations = this.inputsRead(condition);
    const base = { id, relations, rejectsNulls: [], selectivity: OTHER_SELECTIVITY };
    const equality = equalityOf(condition);
    if (equality === undefined) return base;
    const [left, right] = [this.inputsRead(equality.left), this.inputsRead(equality.right)];
    if (left.some((each) => right.includes(each))) return base;
    const [column] = this.equatedColumns(condition);
    const values = column === undefined ? undefined : this.valuesByClass.get(this.classes.find(column));
    return { ...base, selectivity: values === undefined ? 0.1 : 1 / values, equality: { left, right } };
  }

  private operatorOf(tree: JoinTree): LogicalOperator {
    const conditionsOf = (ids: readonly number[]): Expression[] =>
      ids.map((id) => defined(this.conditions[id], "a condition of the region"));
    if (tree.kind === "leaf")
      return filtered(defined(this.inputs[tree.relation], "an input"), conditionsOf(tree.filters));
    const joined: LogicalOperator = {
      kind: "join",
      join: "inner",
      left: this.operatorOf(tree.left),
      right: this.operatorOf(tree.right),
      conditions: conditionsOf([...tree.predicates, ...tree.implied]),
      build: tree.build,
      rows: Math.max(1, tree.rows),
    };
    return filtered(joined, conditionsOf(tree.filters));
  }
}

/** Inner joins of all inputs under all conditions, each of which reads inputs only. */
export function orderRegion(
  inputs: readonly LogicalOperator[], conditions: readonly Expression[], attributes: Attributes,
): LogicalOperator {
  const [only] = inputs;
  if (inputs.length === 1 && only !== undefined) return filtered(only, conditions);
  return new RegionOrder(inputs, conditions, attributes).order();
}
