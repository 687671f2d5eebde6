// Columns that a region's equalities make equal, by class, and the equalities of two inputs that follow from those
// written: a = b and b = c give a = c, which lets a and c be joined first. Read next: join_order.ts.
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import { equalityOf } from "#optimizer/expressions/conditions.js";
import type { EngineType } from "#types/engine_type.js";

type Column = Extract<Expression, { readonly kind: "column" }>;
type Call = Extract<Expression, { readonly kind: "call" }>;

interface Pair {
  readonly left: Column;
  readonly right: Column;
  readonly condition: Call;
}

/** Kinds whose equality is transitive whatever else their type says: integers of one width, dates and times. */
const plainKinds: ReadonlySet<EngineType["kind"]> = new Set([
  "bool", "int2", "int4", "int8", "date", "time", "timestamp", "timestamptz",
]);

export class ColumnClasses {
  private readonly parent = new Map<number, number>();
  private readonly columns = new Map<number, Column>();
  private readonly pairs: readonly Pair[];
  private readonly relationOf: (attribute: number) => number | undefined;
  /** Class numbers of the conditions that take part in one, by text. */
  private readonly numbers = new Map<string, number>();

  constructor(conditions: readonly Expression[], relationOf: (attribute: number) => number | undefined) {
    this.relationOf = relationOf;
    this.pairs = conditions.flatMap((condition) => {
      const equality = equalityOf(condition);
      if (condition.kind !== "call" || equality?.left.kind !== "column" || equality.right.kind !== "column") return [];
      return [{ left: equality.left, right: equality.right, condition }];
    });
    for (const { left, right } of this.pairs) {
      for (const column of [left, right]) this.columns.set(column.index, column);
      this.parent.set(this.find(left.index), this.find(right.index));
    }
  }

  /** Columns known equal to this one, itself among them. */
  membersWith(attribute: number): readonly number[] {
    const root = this.find(attribute);
    return [...this.columns.keys()].filter((each) => this.find(each) === root);
  }

  /** The class of an equality, where others of its class may stand for it. */
  numberOf(condition: Expression): number | undefined {
    return this.numbers.get(expressionKey(condition));
  }

  /** Equalities that follow and are not written, for each two inputs; afterwards classes are numbered. */
  implied(): readonly Expression[] {
    const found: Expression[] = [];
    for (const root of new Set([...this.columns.keys()].map((each) => this.find(each)))) {
      const members = [...this.columns.values()].filter((column) => this.find(column.index) === root);
      const pairs = this.pairs.filter(({ left }) => this.find(left.index) === root);
      const example = pairs[0]?.condition;
      if (example === undefined || members.length < 3 || !this.isSimple(members, pairs)) continue;
      const equalities: Expression[] = pairs.map(({ condition }) => condition);
      members.forEach((left, at) => {
        for (const right of members.slice(at + 1))
          if (!pairs.some((pair) => isPair(pair, left, right)))
            equalities.push({ ...example, arguments: [left, right] });
      });
      for (const equality of equalities) this.numbers.set(expressionKey(equality), root);
      found.push(...equalities.slice(pairs.length));
    }
    return found;
  }

  /** One function and type throughout, and one column an input: two of one input need not be equal by themselves. */
  private isSimple(members: readonly Column[], pairs: readonly Pair[]): boolean {
    const [first] = members;
    const relations = members.map((column) => this.relationOf(column.index));
    return first !== undefined && plainKinds.has(first.type.kind)
      && members.every((column) => column.type.kind === first.type.kind)
      && new Set(pairs.map(({ condition }) => condition.function)).size === 1
      && !relations.includes(undefined) && new Set(relations).size === members.length;
  }

  private find(attribute: number): number {
    const parent = this.parent.get(attribute);
    return parent === undefined || parent === attribute ? attribute : this.find(parent);
  }
}

function isPair({ left, right }: Pair, a: Column, b: Column): boolean {
  return (left.index === a.index && right.index === b.index) || (left.index === b.index && right.index === a.index);
}
