// The order in which a region's inputs are joined, and where its semi and anti joins go, by src/optimizer/joinorder:
// what it needs to know of the inputs, and its answer as logical joins. Equalities that follow from others are offered
// to it as well. Read next: estimates.ts, where the numbers come from.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { columnBelow, Estimates, shareOfPairs } from "#optimizer/estimates.js";
import { equalityOf } from "#optimizer/expressions/conditions.js";
import type { JoinTree } from "#optimizer/joinorder/join_tree.js";
import { reorderJoins } from "#optimizer/joinorder/large_trees.js";
import type { JoinPredicate, OperatorTree } from "#optimizer/joinorder/operator_tree.js";
import type { LogicalJoinKind, LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { ColumnClasses } from "./column_classes.js";
import { filtered } from "./filtered.js";
import { filteredEarly } from "./moved_conditions.js";
import type { StatementFacts } from "./table_source.js";

/** A join that keeps or drops rows of the region by their partners in `right`, whose columns nobody sees. */
export interface HidingJoin {
  readonly join: Extract<LogicalJoinKind, "semi" | "anti" | "nullAwareAnti">;
  readonly right: LogicalOperator;
  readonly conditions: readonly Expression[];
}

const ROW_BYTES = 32;

/** Share of the pairs that an equality of computed values lets through. */
const EQUALITY_UNKNOWN = 0.1;

class RegionOrder {
  private readonly statement: StatementFacts;
  private readonly estimates: Estimates;
  /** The region's inputs, then the right sides of its hiding joins. */
  private readonly relations: readonly LogicalOperator[];
  private readonly inputCount: number;
  private readonly hidingJoins: readonly HidingJoin[];
  /** By predicate id. */
  private readonly conditions: Expression[] = [];
  private readonly relationByOrigin = new Map<number, number>();
  private readonly classes: ColumnClasses;

  constructor(
    inputs: readonly LogicalOperator[], conditions: readonly Expression[], hidingJoins: readonly HidingJoin[],
    statement: StatementFacts,
  ) {
    this.statement = statement;
    this.estimates = new Estimates(statement.tables);
    this.relations = [...inputs, ...hidingJoins.map(({ right }) => right)];
    this.inputCount = inputs.length;
    this.hidingJoins = hidingJoins;
    this.relations.forEach((relation, index) => {
      for (const origin of originsOf(relation)) this.relationByOrigin.set(origin, index);
    });
    this.classes = new ColumnClasses(conditions, (attribute) => this.relationOf(attribute));
    this.conditions.push(...conditions, ...this.classes.implied());
  }

  order(): LogicalOperator {
    const inner = this.conditions.map((condition, id) => this.predicateOf(condition, id));
    this.limitByKeys(inner);
    const relations = this.relations.map((relation, index) => (
      { name: `input${index}`, rows: Math.max(1, relation.rows), widthBytes: ROW_BYTES }));
    const inputs = Array.from({ length: this.inputCount }, (_, relation) => ({ kind: "leaf", relation } as const));
    let tree: OperatorTree = { kind: "inner", inputs, predicates: inner };
    this.hidingJoins.forEach((join, index) => {
      tree = this.hidingTree(tree, join, index);
    });
    return this.operatorOf(reorderJoins({ relations, tree }).tree);
  }

  private hidingTree(left: OperatorTree, join: HidingJoin, index: number): OperatorTree {
    const firstId = this.conditions.length;
    this.conditions.push(...join.conditions);
    const predicates = join.conditions.map((condition, at) => this.predicateOf(condition, firstId + at));
    const outer = predicates.flatMap(({ relations }) => relations).filter((each) => each < this.inputCount);
    const probed = this.relations[outer[0] ?? 0];
    // Without a key to look up, only a probe of the left rows stops at the first partner.
    const canBuildLeft = join.join !== "nullAwareAnti" && predicates.some(({ equality }) => equality !== undefined);
    return {
      kind: join.join === "semi" ? "semi" : "anti",
      operator: index,
      ...(canBuildLeft ? {} : { build: "right" as const }),
      left,
      right: { kind: "leaf", relation: this.inputCount + index },
      predicates,
      ...(probed === undefined
        ? {}
        : { matchFraction: this.estimates.matchFraction(probed, join.right, join.conditions) }),
    };
  }

  private relationOf(attribute: number): number | undefined {
    return this.relationByOrigin.get(this.statement.attributes.originOf(attribute));
  }

  private relationsRead(expression: Expression): number[] {
    const origins = [...this.statement.attributes.originsRead(expression)];
    return [...new Set(origins.map((origin) => this.relationByOrigin.get(origin) ?? 0))];
  }

  private predicateOf(condition: Expression, id: number): JoinPredicate {
    const relations = this.relationsRead(condition);
    const base = { id, relations, rejectsNulls: [], selectivity: shareOfPairs(condition) };
    const equality = equalityOf(condition);
    if (equality === undefined) return base;
    const [left, right] = [this.relationsRead(equality.left), this.relationsRead(equality.right)];
    if (left.some((each) => right.includes(each))) return base;
    const equivalence = this.classes.numberOf(condition);
    return {
      ...base,
      selectivity: this.shareOfEquality(equality.left, equality.right),
      equality: { left, right },
      ...(equivalence === undefined ? {} : { equivalence }),
    };
  }

  /** One over the greater number of values: each value of the smaller set is taken to be among the greater one's. */
  private shareOfEquality(left: Expression, right: Expression): number {
    const columns = [left, right].map(columnBelow);
    let values = 0;
    let present = 1;
    for (const column of columns) {
      const relation = column === undefined ? undefined : this.relations[this.relationOf(column) ?? -1];
      if (column === undefined || relation === undefined) continue;
      values = Math.max(values, this.estimates.domainOf(relation, column) ?? 0);
      present *= 1 - this.estimates.nullFraction(relation, column);
    }
    return values > 0 ? present / values : this.guessedEquality(columns);
  }

  /** Without statistics: the smallest input that the equalities lead to. A foreign key has no more values than it. */
  private guessedEquality(columns: readonly (number | undefined)[]): number {
    const [column] = columns;
    if (column === undefined) return EQUALITY_UNKNOWN;
    const rows = this.classes.membersWith(column).map((member) => {
      const relation = this.relations[this.relationOf(member) ?? -1];
      return relation === undefined ? Number.MAX_VALUE : this.estimates.rowsBelowFilters(relation);
    });
    // A column compared with a computed value has no class.
    return rows.length === 0 ? EQUALITY_UNKNOWN : 1 / Math.max(1, Math.min(...rows));
  }

  /**
   * Several equalities of the same two inputs are rarely independent: together they select no less than one row of
   * a unique key they cover, or else than one row of the larger input. Counter-example: lineitem and partsupp by
   * part and supplier, where independence expects one in 2500 of the rows there are.
   */
  private limitByKeys(predicates: JoinPredicate[]): void {
    const pairs = new Map<string, number[]>();
    predicates.forEach(({ equality }, index) => {
      const [left, right] = [equality?.left ?? [], equality?.right ?? []];
      if (left.length !== 1 || right.length !== 1) return;
      const name = [...left, ...right].sort((a, b) => a - b).join();
      pairs.set(name, [...pairs.get(name) ?? [], index]);
    });
    for (const [name, indexes] of pairs) {
      const last = indexes.at(-1) ?? -1;
      const predicate = predicates[last];
      if (indexes.length < 2 || predicate === undefined) continue;
      const together = indexes.reduce((product, index) => product * (predicates[index]?.selectivity ?? 1), 1);
      const least = this.leastTogether(name.split(",").map(Number), indexes);
      // A column without values pairs nothing, however many conditions say so.
      if (together > 0 && together < least)
        predicates[last] = { ...predicate, selectivity: Math.min(1, predicate.selectivity * least / together) };
    }
  }

  private leastTogether(pair: readonly number[], indexes: readonly number[]): number {
    const columns = new Set(indexes.flatMap((index) => {
      const equality = equalityOf(defined(this.conditions[index], "a condition"));
      return equality === undefined ? [] : [equality.left, equality.right].map(columnBelow);
    }));
    let largest = 1;
    for (const relation of pair) {
      const operator = defined(this.relations[relation], "an input");
      for (const { attributes, rows } of this.estimates.uniqueKeys(operator))
        if (attributes.every((attribute) => columns.has(attribute))) return 1 / Math.max(rows, 1);
      largest = Math.max(largest, this.estimates.rowsBelowFilters(operator));
    }
    return 1 / largest;
  }

  private operatorOf(tree: JoinTree): LogicalOperator {
    const conditionsOf = (ids: readonly number[]): Expression[] =>
      ids.map((id) => defined(this.conditions[id], "a condition of the region"));
    if (tree.kind === "leaf")
      return filteredEarly(
        defined(this.relations[tree.relation], "an input"), conditionsOf(tree.filters), this.statement.attributes);
    const hiding = tree.operator === undefined ? undefined : this.hidingJoins[tree.operator];
    const joined: LogicalOperator = {
      kind: "join",
      join: hiding?.join ?? "inner",
      left: this.operatorOf(tree.left),
      right: this.operatorOf(tree.right),
      conditions: conditionsOf(tree.predicates),
      build: tree.build,
      rows: Math.max(1, tree.rows),
    };
    return filtered(joined, conditionsOf(tree.filters));
  }
}

/** Inner joins of all inputs under all conditions, each of which reads inputs only, and the joins that filter them. */
export function orderRegion(
  inputs: readonly LogicalOperator[], conditions: readonly Expression[], hidingJoins: readonly HidingJoin[],
  statement: StatementFacts,
): LogicalOperator {
  const [only] = inputs;
  if (inputs.length === 1 && only !== undefined && hidingJoins.length === 0)
    return filteredEarly(only, conditions, statement.attributes);
  return new RegionOrder(inputs, conditions, hidingJoins, statement).order();
}
