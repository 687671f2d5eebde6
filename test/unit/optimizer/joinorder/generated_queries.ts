// Join queries for tests: the textbook shapes, and random operator trees of all join kinds with predicates that
// do and do not reject nulls, together with data to run them on. Chance comes from a seed.
import type {
  JoinPredicate, JoinQuery, OperatorTree, OuterJoinKind, Relation,
} from "#optimizer/joinorder/operator_tree.js";
import type { Evaluate, Row, TinyDatabase, Value } from "./tiny_database.js";
import { columnOf, markKey, markOf } from "./tiny_database.js";

/** mulberry32: small, seeded, good enough to vary shapes. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  unit(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  happens(share: number): boolean {
    return this.unit() < share;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }
}

export function relationsOfRows(rows: readonly number[]): Relation[] {
  return rows.map((count, index) => ({ name: `r${index}`, rows: count, widthBytes: 16 }));
}

export function leaf(relation: number): OperatorTree {
  return { kind: "leaf", relation };
}

export function equality(
  id: number, left: readonly number[], right: readonly number[], selectivity = 0.01,
): JoinPredicate {
  const relations = [...left, ...right];
  return { id, relations, rejectsNulls: relations, selectivity, equality: { left, right } };
}

/** One inner region over `rows.length` relations and simple or hyper predicates. */
export function innerQuery(rows: readonly number[], predicates: readonly JoinPredicate[]): JoinQuery {
  return {
    relations: relationsOfRows(rows),
    tree: { kind: "inner", inputs: rows.map((_, relation) => leaf(relation)), predicates },
  };
}

export type Shape = "chain" | "cycle" | "star" | "clique";

export function shapePairs(shape: Shape, count: number): [number, number][] {
  const all = Array.from({ length: count }, (_, index) => index);
  switch (shape) {
    case "chain": return all.slice(1).map((index) => [index - 1, index]);
    case "cycle": return [...all.slice(1).map((index): [number, number] => [index - 1, index]), [count - 1, 0]];
    case "star": return all.slice(1).map((index) => [0, index]);
    case "clique": return all.flatMap((one) => all.slice(one + 1).map((other): [number, number] => [one, other]));
  }
}

export function shapeQuery(shape: Shape, count: number, chance: Chance): JoinQuery {
  const rows = Array.from({ length: count }, () => Math.round(10 ** (1 + 5 * chance.unit())));
  return innerQuery(rows, shapePairs(shape, count).map(([one, other], id) =>
    equality(id, [one], [other], 10 ** (-5 * chance.unit()))));
}

/** One set of rows seldom shows both a padded row and the match it should have had. */
const DATABASES_PER_QUERY = 3;

export interface GeneratedQuery {
  readonly query: JoinQuery;
  readonly databases: readonly TinyDatabase[];
}

/** Ids of all predicates of a tree. */
export function predicateIds(tree: OperatorTree): number[] {
  if (tree.kind === "leaf") return [];
  const inputs = tree.kind === "inner" ? tree.inputs : [tree.left, tree.right];
  return [...tree.predicates.map(({ id }) => id), ...inputs.flatMap(predicateIds)];
}

export interface Generation {
  readonly relations: number;
  readonly kinds: readonly ("inner" | OuterJoinKind)[];
  /** Predicates that read several relations of a side, none of a side, or marks; and filters above joins. */
  readonly isOdd: boolean;
  /** A quarter of the joins have two conjuncts, which close cycles. */
  readonly hasConjunctions: boolean;
}

interface Generated {
  readonly tree: OperatorTree;
  readonly all: readonly number[];
  readonly visible: readonly number[];
  readonly marks: readonly Mark[];
}

interface Mark {
  readonly key: string;
  readonly relations: readonly number[];
}

/** Builds one random query; values are few, so that joins match, and often null. */
export class QueryGenerator {
  private readonly chance: Chance;
  private readonly generation: Generation;
  private readonly evaluations = new Map<number, Evaluate>();

  constructor(seed: number, generation: Generation) {
    this.chance = new Chance(seed);
    this.generation = generation;
  }

  generate(): GeneratedQuery {
    const { relations: count } = this.generation;
    const leaves = Array.from({ length: count }, (_, relation): Generated =>
      ({ tree: leaf(relation), all: [relation], visible: [relation], marks: [] }));
    while (leaves.length > 1) {
      const [left] = leaves.splice(this.chance.below(leaves.length), 1);
      const [right] = leaves.splice(this.chance.below(leaves.length), 1);
      if (left !== undefined && right !== undefined) leaves.push(this.filtered(this.join(left, right)));
    }
    const [root] = leaves;
    if (root === undefined) throw new Error("a query has a relation");
    const rows = Array.from({ length: count }, () => Math.round(10 ** (4 * this.chance.unit())));
    return {
      query: { relations: relationsOfRows(rows), tree: root.tree },
      databases: Array.from({ length: DATABASES_PER_QUERY }, () =>
        ({ tables: Array.from({ length: count }, () => this.table()), predicates: this.evaluations })),
    };
  }

  private value(): Value {
    return this.chance.happens(0.2) ? null : this.chance.below(3);
  }

  private table(): Value[][] {
    const rows = this.chance.happens(0.1) ? 0 : 1 + this.chance.below(4);
    return Array.from({ length: rows }, () => [this.value(), this.value()]);
  }

  private join(left: Generated, right: Generated): Generated {
    const kind = this.chance.pick(this.generation.kinds);
    const predicates = [this.predicate(left, right)];
    if (this.generation.hasConjunctions && this.chance.happens(0.25)) predicates.push(this.predicate(left, right));
    const all = [...left.all, ...right.all];
    if (kind === "inner") {
      const inputs = [left.tree, right.tree];
      return {
        tree: { kind, inputs, predicates: this.generation.isOdd && this.chance.happens(0.1) ? [] : predicates }, all,
        visible: [...left.visible, ...right.visible], marks: [...left.marks, ...right.marks],
      };
    }
    const tree: OperatorTree = { kind, left: left.tree, right: right.tree, predicates };
    if (kind === "mark") {
      const mark = { key: markKey(right.all), relations: right.all };
      return { tree, all, visible: left.visible, marks: [...left.marks, mark] };
    }
    if (kind === "semi" || kind === "anti") return { tree, all, visible: left.visible, marks: left.marks };
    return { tree, all, visible: [...left.visible, ...right.visible], marks: [...left.marks, ...right.marks] };
  }

  private filtered(input: Generated): Generated {
    if (!this.generation.isOdd || !this.chance.happens(0.2)) return input;
    return { ...input, tree: { kind: "inner", inputs: [input.tree], predicates: [this.predicate(input, input)] } };
  }

  private some(from: readonly number[]): number[] {
    const first = this.chance.pick(from);
    if (!this.generation.isOdd || !this.chance.happens(0.2)) return [first];
    return [...new Set([first, this.chance.pick(from)])];
  }

  private predicate(left: Generated, right: Generated): JoinPredicate {
    const { isOdd } = this.generation;
    const marks = [...left.marks, ...right.marks];
    const id = this.evaluations.size;
    if (isOdd && marks.length > 0 && this.chance.happens(0.5))
      return this.markPredicate(id, this.chance.pick(marks), left, right);
    const one = isOdd && this.chance.happens(0.06) ? [] : this.some(left.visible);
    const other = isOdd && this.chance.happens(0.06) ? [] : this.some(right.visible);
    return this.comparison(id, one, other);
  }

  private columns(relations: readonly number[]): (row: Row) => readonly Value[] {
    const columns = relations.map((relation) => ({ relation, column: this.chance.below(2) }));
    return (row) => columns.map(({ relation, column }) => columnOf(row, relation, column));
  }

  private comparison(id: number, left: readonly number[], right: readonly number[]): JoinPredicate {
    const one = this.columns(left);
    const other = this.columns(right);
    const sum = (values: readonly Value[]): Value =>
      values.reduce<Value>((total, value) => (total === null || value === null ? null : total + value), 0);
    const relations = [...new Set([...left, ...right])];
    const selectivity = 10 ** (-3 * this.chance.unit());
    const shape = this.chance.below(4);
    // Exactly what each form rejects: the laws' conditions are only tested when nothing is kept back.
    if (shape === 0) {
      this.evaluations.set(id, (row) => sum(one(row)) === sum(other(row)));
      return { id, relations, rejectsNulls: [], selectivity };
    }
    if (shape === 1) {
      this.evaluations.set(id, (row) => {
        const value = sum(other(row));
        return value === null ? null : (sum(one(row)) ?? 0) === value;
      });
      return { id, relations, rejectsNulls: [...new Set(right)], selectivity };
    }
    this.evaluations.set(id, (row) => {
      const value = sum(one(row));
      const compared = sum(other(row));
      return value === null || compared === null ? null : value === compared;
    });
    const isEquality = left.length > 0 && right.length > 0 && !left.some((relation) => right.includes(relation));
    const predicate = { id, relations, rejectsNulls: relations, selectivity };
    return isEquality ? { ...predicate, equality: { left, right } } : predicate;
  }

  /** `mark OR comparison` or `mark AND comparison`, as a disjunction with EXISTS gives. */
  private markPredicate(id: number, mark: Mark, left: Generated, right: Generated): JoinPredicate {
    const compared = this.comparison(id, this.some(left.visible), this.some(right.visible));
    const evaluate = this.evaluations.get(id);
    const isNegated = this.chance.happens(0.5);
    this.evaluations.set(id, (row) => {
      const marked = markOf(row, mark.key);
      const value = evaluate?.(row) ?? null;
      if (isNegated) return marked === false && value === true;
      return marked === true || value === true;
    });
    const { selectivity } = compared;
    return {
      id, relations: [...new Set([...compared.relations, this.chance.pick(mark.relations)])],
      rejectsNulls: isNegated ? compared.rejectsNulls : [], selectivity,
    };
  }
}
