// Runs operator trees and join trees over relations of a few rows, slowly and by definition, so that a reordered tree
// can be compared with the tree it came from. Not the engine's reference interpreter: it knows only joins.
import type { JoinTree } from "#optimizer/joinorder/join_tree.js";
import { leavesOf } from "#optimizer/joinorder/join_tree.js";
import type { OperatorTree } from "#optimizer/joinorder/operator_tree.js";

export type Value = number | null;
/** Columns of one relation's row, or null where the relation is padded. */
type Part = readonly Value[] | null;

/** A joined row: parts by relation, marks by the relations of their join's right side. */
export interface Row {
  readonly parts: ReadonlyMap<number, Part>;
  readonly marks: ReadonlyMap<string, boolean | null>;
}

export type Evaluate = (row: Row) => boolean | null;

export interface TinyDatabase {
  readonly tables: readonly (readonly (readonly Value[])[])[];
  readonly predicates: ReadonlyMap<number, Evaluate>;
}

export function columnOf(row: Row, relation: number, column: number): Value {
  const part = row.parts.get(relation);
  if (part === undefined) throw new Error(`relation ${relation} is not visible here`);
  return part === null ? null : (part[column] ?? null);
}

export function markOf(row: Row, key: string): boolean | null {
  const mark = row.marks.get(key);
  if (mark === undefined) throw new Error(`mark ${key} is not visible here`);
  return mark;
}

interface Relation {
  readonly rows: readonly Row[];
  /** Of every row, also of none. */
  readonly relations: readonly number[];
  readonly markKeys: readonly string[];
}

function and(values: readonly (boolean | null)[]): boolean | null {
  if (values.includes(false)) return false;
  return values.includes(null) ? null : true;
}

function merged(left: Row, right: Row): Row {
  return { parts: new Map([...left.parts, ...right.parts]), marks: new Map([...left.marks, ...right.marks]) };
}

function padding({ relations, markKeys }: Relation): Row {
  return {
    parts: new Map(relations.map((relation) => [relation, null])),
    marks: new Map(markKeys.map((key) => [key, null])),
  };
}

export function markKey(relations: readonly number[]): string {
  return [...relations].sort((a, b) => a - b).join("+");
}

class Runner {
  private readonly database: TinyDatabase;

  constructor(database: TinyDatabase) {
    this.database = database;
  }

  private test(row: Row, ids: readonly number[]): boolean | null {
    return and(ids.map((id) => {
      const evaluate = this.database.predicates.get(id);
      if (evaluate === undefined) throw new Error(`no predicate ${id}`);
      return evaluate(row);
    }));
  }

  private filtered(relation: Relation, ids: readonly number[]): Relation {
    if (ids.length === 0) return relation;
    return { ...relation, rows: relation.rows.filter((row) => this.test(row, ids) === true) };
  }

  leaf(relation: number, filters: readonly number[]): Relation {
    const rows = (this.database.tables[relation] ?? [])
      .map((row): Row => ({ parts: new Map([[relation, row]]), marks: new Map() }));
    return this.filtered({ rows, relations: [relation], markKeys: [] }, filters);
  }

  join(kind: string, left: Relation, right: Relation, ids: readonly number[], mark: string): Relation {
    const matches = (row: Row): readonly Row[] =>
      right.rows.map((other) => merged(row, other)).filter((pair) => this.test(pair, ids) === true);
    const relations = [...left.relations, ...right.relations];
    const markKeys = [...left.markKeys, ...right.markKeys];
    const padRight = padding(right);
    switch (kind) {
      case "inner": case "cross":
        return { rows: left.rows.flatMap(matches), relations, markKeys };
      case "semi": return { ...left, rows: left.rows.filter((row) => matches(row).length > 0) };
      case "anti": return { ...left, rows: left.rows.filter((row) => matches(row).length === 0) };
      case "mark": {
        const markOfRow = (row: Row): boolean | null => {
          const found = right.rows.map((other) => this.test(merged(row, other), ids));
          if (found.includes(true)) return true;
          return found.includes(null) ? null : false;
        };
        const rows = left.rows.map((row) =>
          ({ parts: row.parts, marks: new Map([...row.marks, [mark, markOfRow(row)]]) }));
        return { rows, relations: left.relations, markKeys: [...left.markKeys, mark] };
      }
      default: {
        const rows = left.rows.flatMap((row) => {
          const found = matches(row);
          return found.length > 0 ? found : [merged(row, padRight)];
        });
        if (kind === "left") return { rows, relations, markKeys };
        const lonely = right.rows.filter((other) =>
          !left.rows.some((row) => this.test(merged(row, other), ids) === true));
        return { rows: [...rows, ...lonely.map((other) => merged(padding(left), other))], relations, markKeys };
      }
    }
  }

  operator(tree: OperatorTree): Relation {
    if (tree.kind === "leaf") return this.leaf(tree.relation, []);
    const ids = tree.predicates.map(({ id }) => id);
    if (tree.kind !== "inner")
      return this.join(tree.kind, this.operator(tree.left), this.operator(tree.right), ids,
        markKey(relationsOf(tree.right)));
    const inputs = tree.inputs.map((input) => this.operator(input));
    const product = inputs.reduce((left, right) => this.join("cross", left, right, [], ""));
    return this.filtered(product, ids);
  }

  ordered(tree: JoinTree): Relation {
    if (tree.kind === "leaf") return this.leaf(tree.relation, tree.filters);
    const left = this.ordered(tree.left);
    const right = this.ordered(tree.right);
    return this.filtered(
      this.join(tree.join, left, right, tree.predicates, markKey(leavesOf(tree.right))), tree.filters);
  }
}

export function relationsOf(tree: OperatorTree): number[] {
  if (tree.kind === "leaf") return [tree.relation];
  if (tree.kind === "inner") return tree.inputs.flatMap(relationsOf);
  return [...relationsOf(tree.left), ...relationsOf(tree.right)];
}

function printed({ rows }: Relation): readonly string[] {
  return rows.map(({ parts, marks }) => {
    const values = [...parts].sort(([a], [b]) => a - b)
      .map(([relation, part]) => `${relation}:${part === null ? "-" : part.map((value) => value ?? "n").join(",")}`);
    const flags = [...marks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, mark]) => `${key}=${mark}`);
    return [...values, ...flags].join(" ");
  }).sort();
}

/** The rows of an operator tree as sorted text. */
export function runOperatorTree(tree: OperatorTree, database: TinyDatabase): readonly string[] {
  return printed(new Runner(database).operator(tree));
}

/** The rows of a join tree as sorted text; predicates it calls implied are not evaluated. */
export function runJoinTree(tree: JoinTree, database: TinyDatabase): readonly string[] {
  return printed(new Runner(database).ordered(tree));
}
