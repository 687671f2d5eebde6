// Rows that are no table's: VALUES, set-returning functions in FROM (which may read the items before them), recursive
// WITH. Read next: queries.ts, which joins them.
import type { Dice } from "../random_plans.js";
import { constant, leaf, type Scope, type ScopeColumn, simplest } from "./expressions.js";
import type { Expression, FromItem, Kind, Values } from "./tree.js";

export interface NamedColumn {
  readonly name: string;
  readonly kind: Kind;
  readonly exact: boolean;
}

/** Kinds whose constants say their type. */
const listed: readonly Kind[] = [
  "int4", "text", "date", "int8", "bool", "mood", "timestamp", "uuid", "int2", "float8", "timetz",
];

function typed(dice: Dice, kind: Kind): Expression {
  const value = constant(dice, kind);
  return kind === "numeric" ? { ...value, parts: ["(", ...value.parts, ")::numeric"] } : value;
}

/** VALUES of these kinds, or of some. */
export function valuesOf(dice: Dice, wanted?: readonly Kind[]): {
  readonly query: Values; readonly columns: readonly NamedColumn[];
} {
  const own = wanted ?? ["int4" as const, ...Array.from({ length: dice.below(3) }, () => dice.pick(listed))];
  const rows = Array.from({ length: 1 + dice.below(6) }, () => own.map((kind) => typed(dice, kind)));
  const columns = own.map((kind, index) => ({ name: `c${index + 1}`, kind, exact: true }));
  return { query: { node: "values", rows }, columns };
}

/** A function's rows under an alias; with columns before it, it may depend on them. */
export function functionRows(dice: Dice, alias: string, outer: readonly ScopeColumn[]): {
  readonly item: FromItem; readonly columns: readonly ScopeColumn[];
} {
  const of = (kind: Kind, otherwise: string): string => {
    const fitting = outer.filter((each) => each.kind === kind);
    return fitting.length > 0 && dice.chance(50) ? dice.pick(fitting).text : otherwise;
  };
  const [call, ...kinds] = dice.pick<() => readonly [string, ...Kind[]]>([
    () => [`generate_series(1, ${of("int2", "4")}::int4)`, "int4"],
    () => [`generate_series(1::int8, 10, 3) WITH ORDINALITY`, "int8", "int8"],
    () => [`unnest(ARRAY[1, 7, NULL, 7])`, "int4"],
    () => [`unnest(ARRAY['a', 'abc', ${of("text", "NULL")}]) WITH ORDINALITY`, "text", "int8"],
    () => [`unnest(${of("ints", "ARRAY[3, 1]")})`, "int4"],
    () => [`unnest(${of("texts", "ARRAY['b']")}, ${of("ints", "ARRAY[3]")}) WITH ORDINALITY`, "text", "int4", "int8"],
    () => [`gen_rows(${of("int4", "12")})`, "int4", "date"],
    () => [`jsonb_array_elements_text('["a", null, "b"]') WITH ORDINALITY`, "text", "int8"],
    () => [`string_to_table(${of("ctext", "'a,b,,c'")}, ',')`, "text"],
    () => [`generate_series(timestamp '2000-01-01', timestamp '2000-06-01', '1 month')`, "timestamp"],
    () => [`ROWS FROM (generate_series(1, 3), unnest(ARRAY['x', 'y']))`, "int4", "text"],
  ])();
  const names = kinds.map((_, index) => `c${index + 1}`);
  return {
    item: { node: "function", call: leaf("int4", call), alias, columns: names.join(", ") },
    columns: kinds.map((kind, index) => ({ text: `${alias}.c${index + 1}`, kind, exact: true })),
  };
}

/** Several rows for each row, in the select list. */
export function rowsOfValue(dice: Dice, { columns }: Scope): Expression {
  const number = simplest(dice, { columns, mayFail: false }, "int2");
  return dice.chance(50)
    ? { node: "expression", kind: "int4", exact: true, parts: ["generate_series(1, (", number, ")::int4)"] }
    : { node: "expression", kind: "int4", exact: true, parts: ["unnest(ARRAY[7, (", number, ")::int4, NULL])"] };
}

/** Recursive queries, by what their columns are. */
export const recursiveQueries: readonly { readonly text: string; readonly columns: readonly NamedColumn[] }[] = [
  {
    text: "SELECT 1 AS c1, 'a'::text AS c2 UNION ALL SELECT c1 + 1, c2 || 'b' FROM {name} WHERE c1 < 6",
    columns: [{ name: "c1", kind: "int4", exact: true }, { name: "c2", kind: "text", exact: true }],
  },
  {
    text: "SELECT id AS c1, r AS c2 FROM gen_c WHERE id < 4 "
      + "UNION SELECT b.id, b.r FROM gen_b b JOIN {name} w ON b.id = w.c2",
    columns: [{ name: "c1", kind: "int4", exact: true }, { name: "c2", kind: "int4", exact: true }],
  },
  {
    text: "VALUES (1, 1::numeric) UNION ALL SELECT c1 + 1, c2 * (c1 + 1) FROM {name} WHERE c1 < 40",
    columns: [{ name: "c1", kind: "int4", exact: true }, { name: "c2", kind: "numeric", exact: false }],
  },
  {
    text: "SELECT d AS c1, 1 AS c2 FROM gen_c WHERE d IS NOT NULL "
      + "UNION SELECT (c1 + interval '1 month')::date, c2 + 1 FROM {name} WHERE c2 < 4",
    columns: [{ name: "c1", kind: "date", exact: true }, { name: "c2", kind: "int4", exact: true }],
  },
];
