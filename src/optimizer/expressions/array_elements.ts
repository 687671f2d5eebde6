// Values as the elements of PostgreSQL's arrays: which types can be, and what their values become first. Arrays of
// arrays, of rows, ranges and shapes, and of types that did not come with PostgreSQL, but for enums, are made by
// PostgreSQL. Read next: aggregates.ts, types/array_element.ts.
import { constantOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { typedCall } from "#functions/typed_call.js";
import { type ArrayElement, elementLength } from "#types/array_element.js";
import { INT4 } from "#types/engine_type.js";
import { bpcharLength, sqlTypes } from "#types/sql_types.js";
import { asNumeric } from "./numeric_values.js";
import type { Translated } from "./translated.js";

/** pg_type.typalign in bytes; its letters are c, s, i and d. */
const alignments: ReadonlyMap<number, ArrayElement["alignment"]> = new Map<number, ArrayElement["alignment"]>([
  [sqlTypes.bool, 1], [sqlTypes.char, 1], [sqlTypes.name, 1], [sqlTypes.uuid, 1], [sqlTypes.int2, 2],
  ...([
    "int4", "oid", "float4", "date", "numeric", "text", "varchar", "bpchar", "bytea", "json", "jsonb", "inet", "cidr",
    "macaddr", "macaddr8", "bit", "varbit",
  ] as const).map((name): [number, 4] => [sqlTypes[name], 4]),
  ...(["int8", "float8", "time", "timestamp", "timestamptz", "timetz", "interval", "money"] as const)
    .map((name): [number, 8] => [sqlTypes[name], 8]),
]);
const ENUM_ALIGNMENT = 4;

export interface ElementValue {
  readonly element: ArrayElement;
  /** Its images are what stands in the array. */
  readonly value: Expression;
}

/** A value of a SQL type as an element; undefined where PostgreSQL makes the array. */
export function elementValue(facts: RequestFacts, sql: SqlType, given: Translated): ElementValue | undefined {
  const base = facts.baseType(sql.type);
  const alignment = facts.type(base)?.kind === "e" ? ENUM_ALIGNMENT : alignments.get(base);
  const value = given.expression.type.kind === "bpchar" ? padded(facts, sql, given.expression) : asNumeric(given);
  const length = value === undefined ? undefined : elementLength(value.type);
  if (alignment === undefined || value === undefined || length === undefined) return undefined;
  return { element: { type: sql.type, length, alignment }, value };
}

/** A char(n) with its blanks, which it travels without. */
function padded(facts: RequestFacts, { typmod }: SqlType, given: Expression): Expression | undefined {
  const characters = bpcharLength(typmod);
  const text = typedCall("text.ofChar", given);
  if (characters === undefined || text === undefined || !facts.isUtf8) return undefined;
  return typedCall("text.padRightBlanks", text, constantOf(BigInt(characters), INT4));
}
