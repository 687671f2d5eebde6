// Grows subqueries in expressions: EXISTS, IN and the other comparisons with a column, rows compared with rows, scalar
// subqueries, ARRAY. What stands inside them is the caller's. Read next: queries.ts.
import type { Dice } from "../random_plans.js";
import { aggregate } from "./aggregates.js";
import { constant, grow, simplest, type Scope, type ScopeColumn } from "./expressions.js";
import {
  type Expression, type FromItem, type Kind, orderable, type Part, plainSelect, type Query, type Select,
} from "./tree.js";

export interface Built {
  readonly item: FromItem;
  readonly columns: readonly ScopeColumn[];
}

/** Makes what subqueries are made of. */
export interface SubqueryHost {
  readonly dice: Dice;
  /** A SELECT of exact values of just these kinds. */
  readonly selectOf: (kinds: readonly Kind[]) => Select;
  /** A set operation of them. */
  readonly combinedOf: (kinds: readonly Kind[]) => Query;
  readonly table: () => Built;
}

const truth = (...parts: readonly Part[]): Expression => ({ node: "expression", kind: "bool", exact: true, parts });

const compared: readonly Kind[] = [
  "int4", "text", "date", "int4", "int2", "numeric", "mood", "ltext", "ints",
];

/** What ARRAY subqueries are made of. */
const arrayKinds: readonly Kind[] = [
  "int4", "text", "date", "int2", "ctext", "numeric", "bool", "uuid", "mood", "timetz",
];

/** A condition with a subquery, over columns of the query around it. */
export function subqueryCondition(host: SubqueryHost, outer: readonly ScopeColumn[]): Expression {
  const { dice } = host;
  const value = (kind: Kind): Expression => simplest(dice, { columns: outer, mayFail: false }, kind);
  const inner = (kinds: readonly Kind[]): Select =>
    dice.chance(50) ? host.selectOf(kinds) : correlated(dice, host.selectOf(kinds), outer);
  const kind = dice.pick(compared);
  switch (dice.below(12)) {
    case 0: case 1: case 2: case 3:
      return truth(dice.pick(["EXISTS (", "NOT EXISTS ("]), correlated(dice, host.selectOf(["int4"]), outer), ")");
    case 4: {
      const [first, second] = [dice.pick(compared), dice.pick(compared)];
      return truth("((", value(first), ", ", value(second), ")", dice.pick([" IN (", " NOT IN (", " = ANY ("]),
        inner([first, second]), "))");
    }
    case 5: {
      const values = { node: "values", rows: [1, 2, 3].map(() => [constant(dice, "int4")]) } as const;
      return truth("(", value("int4"), dice.pick([" IN (", " <> ALL (", " > ANY ("]), values, "))");
    }
    case 6: return truth("(", value("int4"), " = ANY (ARRAY(", inner(["int4"]), ")))");
    case 7: {
      const from = host.table();
      const scope: Scope = { columns: from.columns.filter(({ exact }) => exact), mayFail: false };
      const targets = [0, 1].map((index) => ({
        name: `c${index + 1}`,
        value: { node: "expression", kind: "int4", exact: true,
          parts: [dice.pick(["min(", "max("]), simplest(dice, scope, "int4"), ")"] } as const,
      }));
      const query = correlated(dice, { ...plainSelect, targets, from: [from.item] }, outer);
      return truth("((", value("int4"), ", ", value("int4"), `) ${dice.pick(["=", "<", ">=", "<>"])} (`, query, "))");
    }
    case 8: {
      const comparison = dice.pick([" < ALL (", " >= ANY (", " <> ALL (", " > ANY ("]);
      return truth("(", value(kind), comparison, inner([kind]), "))");
    }
    case 9: return dice.chance(50)
      ? truth("(", value(kind), dice.pick([" IN (", " NOT IN ("]), host.combinedOf([kind]), "))")
      : truth(dice.pick(["EXISTS (", "NOT EXISTS ("]), host.combinedOf([kind]), ")");
    default: return truth("(", value(kind), dice.pick([" IN (", " NOT IN (", " = ANY ("]), inner([kind]), "))");
  }
}

/** A subquery as a value of the kind, if there is one. */
export function scalarSubquery(
  host: SubqueryHost, kind: Kind, outer: readonly ScopeColumn[],
): Expression | undefined {
  const { dice } = host;
  if (["uuid", "bytea", "varchar", "interval", "float4", "name", "jsonb"].includes(kind)) return undefined;
  if (kind === "text" && dice.chance(30)) {
    const elements = orderable(host.selectOf([dice.pick(arrayKinds)]));
    const query = { ...correlated(dice, elements, outer), ordered: true };
    return { node: "expression", kind, exact: true, parts: ["ARRAY(", query, ")::text"] };
  }
  if (kind === "ints" || kind === "texts") {
    const elements = orderable(host.selectOf([kind === "ints" ? "int4" : "text"]));
    const query = { ...correlated(dice, elements, outer), ordered: true };
    return { node: "expression", kind, exact: true, parts: ["ARRAY(", query, ")"] };
  }
  if (dice.chance(25)) {
    const [direction, rows] = [dice.pick(["", " DESC", " DESC NULLS LAST"]), dice.pick(["1", "1", "1 OFFSET 1"])];
    const one = correlated(dice, orderable(host.selectOf([kind])), outer);
    const first = { ...one, ordered: true, direction, limit: `LIMIT ${rows}` };
    return { node: "expression", kind, exact: true, parts: ["(", first, ")"] };
  }
  const from = host.table();
  const scope: Scope = { columns: from.columns, mayFail: false };
  const value = aggregate(dice, scope, kind);
  if (value === undefined) return undefined;
  const bare: Select = {
    ...plainSelect, targets: [{ name: "c1", value }], from: [from.item],
    where: dice.chance(50) ? grow(dice, scope, "bool", 1) : undefined,
  };
  const query = dice.chance(60) ? correlated(dice, bare, outer) : bare;
  return { node: "expression", kind, exact: value.exact, parts: ["(", query, ")"] };
}

/** The query with one more condition that compares with a column of the query around it. */
export function correlated(dice: Dice, query: Select, outer: readonly ScopeColumn[]): Select {
  const [alias] = query.from.flatMap((item) =>
    item.node === "table" && item.name.startsWith("gen_") ? [item.alias] : []);
  const integers = outer.filter(({ kind }) => kind === "int4");
  if (alias === undefined || integers.length === 0) return query;
  const { text } = dice.pick(integers);
  const operator = dice.chance(75) ? "=" : dice.pick(["<", "<>", ">=", "IS NOT DISTINCT FROM"]);
  const condition = truth(`${alias}.r ${operator} ${text}`);
  return { ...query, where: query.where === undefined ? condition : truth("(", query.where, " AND ", condition, ")") };
}
