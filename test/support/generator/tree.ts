// Generated statements as trees: what they are made of, and their text. A tree knows no types beyond the kind of each
// expression's value, and whether equal values of it always look the same. Read next: queries.ts, which grows trees,
// and shrink.ts, which cuts them back.

/** Kinds of values; all expressions of a kind may stand for each other. */
export const kinds = [
  "bool",
  "int2",
  "int4",
  "int8",
  "numeric",
  "float4",
  "float8",
  "text",
  "ctext",
  "ltext",
  "varchar",
  "bpchar",
  "date",
  "timestamp",
  "timestamptz",
  "time",
  "timetz",
  "interval",
  "uuid",
  "bytea",
  "oid",
  "mood",
  "name",
  "ints",
  "texts",
  "jsonb",
] as const;

export type Kind = (typeof kinds)[number];

export interface Expression {
  readonly node: "expression";
  readonly kind: Kind;
  /** Equal values have equal text: false for sums of numerics (1.0 and 1.00), floats (0 and -0), intervals. */
  readonly exact: boolean;
  readonly parts: readonly Part[];
}

/** A clause that may be left out, such as FILTER or a frame: what the shrinker tries first. */
export interface Option {
  readonly node: "option";
  readonly parts: readonly Part[];
}

export type Part = string | Expression | Option | Query;

export interface Target {
  readonly name: string;
  readonly value: Expression;
}

export type FromItem =
  /** `sample` is a TABLESAMPLE clause, or nothing. */
  | { readonly node: "table"; readonly name: string; readonly alias: string; readonly sample: string }
  | { readonly node: "derived"; readonly query: Query; readonly alias: string; readonly lateral: boolean }
  /** A set-returning function; it may read the items before it. */
  | { readonly node: "function"; readonly call: Expression; readonly alias: string; readonly columns: string }
  | {
      readonly node: "join";
      /** "JOIN", "LEFT JOIN", ... */
      readonly kind: string;
      readonly left: FromItem;
      readonly right: FromItem;
      readonly condition: Expression | undefined;
      /** "USING (...) AS alias" in place of a condition, or nothing. */
      readonly using: string;
    };

export interface CommonTable {
  readonly name: string;
  /** "", "MATERIALIZED" or "NOT MATERIALIZED". */
  readonly hint: string;
  readonly query: Query;
}

/** How the keys of GROUP BY are grouped: by all of them, or by several sets. */
export const groupings = [
  "",
  "ROLLUP",
  "CUBE",
  "GROUPING SETS",
  "KEY AND ROLLUP",
  "ROLLUP OF PAIR",
  "CUBE TIMES SETS",
  "DISTINCT SETS",
] as const;

export type Grouping = (typeof groupings)[number];

export interface Select {
  readonly node: "select";
  readonly common: readonly CommonTable[];
  readonly distinct: boolean;
  /** DISTINCT ON so many targets, of a SELECT that is ordered; 0 without. */
  readonly distinctOn: number;
  readonly targets: readonly Target[];
  readonly from: readonly FromItem[];
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly grouping: Grouping;
  readonly having: Expression | undefined;
  /** ORDER BY every column, which leaves no two different rows in free order. */
  readonly ordered: boolean;
  /** Which way every column is ordered: "", " DESC", ... */
  readonly direction: string;
  /** ORDER BY the first column alone: for WITH TIES, which keeps all or none of its equals. */
  readonly tied: boolean;
  /** What follows ORDER BY, such as "LIMIT 3". */
  readonly limit: string;
}

/** A SELECT of nothing. */
export const plainSelect: Select = {
  node: "select",
  common: [],
  distinct: false,
  distinctOn: 0,
  targets: [],
  from: [],
  where: undefined,
  groupBy: [],
  grouping: "",
  having: undefined,
  ordered: false,
  direction: "",
  tied: false,
  limit: "",
};

export interface SetOperation {
  readonly node: "setOperation";
  readonly operation: string;
  readonly left: Query;
  readonly right: Query;
  /** ORDER BY every column. */
  readonly ordered: boolean;
  readonly limit: string;
}

export interface Values {
  readonly node: "values";
  readonly rows: readonly (readonly Expression[])[];
}

/** A query that is written down: a recursive one. */
export interface Verbatim {
  readonly node: "verbatim";
  readonly text: string;
}

export type Query = Select | SetOperation | Values | Verbatim;

/** What tells values apart that are equal but look different; as text char(n) would lose its blanks. */
function appearance(value: Expression): string {
  return value.kind === "bpchar" ? `octet_length(${textOf(value)})` : `(${textOf(value)})::text`;
}

/** Numbers of a query's columns. */
function columnNumbers(query: Query): readonly string[] {
  switch (query.node) {
    case "select": return query.targets.map((_target, index) => String(index + 1));
    case "values": return (query.rows[0] ?? []).map((_value, index) => String(index + 1));
    case "setOperation": return columnNumbers(query.left);
    case "verbatim": return ["1"];
  }
}

function orderBy(select: Select): string {
  const { targets, distinct } = select;
  const keys = columnNumbers(select);
  const looks = distinct ? [] : targets.filter(({ value }) => !value.exact).map(({ value }) => appearance(value));
  return ` ORDER BY ${[...keys, ...looks].map((key) => key + select.direction).join(", ")}`;
}

function fromText(item: FromItem): string {
  switch (item.node) {
    case "table":
      return `${item.name} ${item.alias}${item.sample}`;
    case "derived":
      return `${item.lateral ? "LATERAL " : ""}(${textOf(item.query)}) ${item.alias}${columnNames(item.query)}`;
    case "function":
      return `${textOf(item.call)} ${item.alias}(${item.columns})`;
    case "join": {
      const right = item.right.node === "join" ? `(${fromText(item.right)})` : fromText(item.right);
      const condition = item.condition === undefined ? "" : ` ON ${textOf(item.condition)}`;
      return `${fromText(item.left)} ${item.kind} ${right}${condition}${item.using}`;
    }
  }
}

/** VALUES names its columns by itself; the others are called c1, c2, ... by their targets. */
function columnNames(query: Query): string {
  if (query.node !== "values") return "";
  return `(${(query.rows[0] ?? []).map((_, index) => `c${index + 1}`).join(", ")})`;
}

function groupText({ groupBy, grouping }: Select): string {
  if (groupBy.length === 0) return "";
  const keys = groupBy.map(textOf);
  const [first = "", ...others] = keys;
  const list = keys.join(", ");
  const text: Readonly<Record<Grouping, string>> = {
    "": list,
    ROLLUP: `ROLLUP (${list})`,
    CUBE: `CUBE (${list})`,
    "GROUPING SETS": `GROUPING SETS ((${list}), ${keys.map((key) => `(${key})`).join(", ")}, ())`,
    "KEY AND ROLLUP": others.length === 0 ? first : `${first}, ROLLUP (${others.join(", ")})`,
    "ROLLUP OF PAIR": `ROLLUP ((${list}), ${first})`,
    "DISTINCT SETS": `DISTINCT CUBE (${list}), ROLLUP (${first})`,
    "CUBE TIMES SETS": `CUBE (${first}), GROUPING SETS (${[...others, "()"].join(", ")})`,
  };
  return ` GROUP BY ${text[grouping]}`;
}

function selectText(select: Select): string {
  const common = select.common.map(({ name, hint, query }) => `${name} AS ${hint} (${textOf(query)})`);
  const recursive = select.common.some(({ query }) => query.node === "verbatim") ? "RECURSIVE " : "";
  const on = select.targets.slice(0, select.distinctOn).map(({ value }) => textOf(value));
  return [
    common.length === 0 ? "" : `WITH ${recursive}${common.join(", ")} `,
    `SELECT ${select.distinct ? "DISTINCT " : ""}${on.length === 0 ? "" : `DISTINCT ON (${on.join(", ")}) `}`,
    select.targets.map(({ name, value }) => `${textOf(value)} AS ${name}`).join(", "),
    select.from.length === 0 ? "" : ` FROM ${select.from.map(fromText).join(", ")}`,
    select.where === undefined ? "" : ` WHERE ${textOf(select.where)}`,
    groupText(select),
    select.having === undefined ? "" : ` HAVING ${textOf(select.having)}`,
    select.ordered ? orderBy(select) : select.tied ? ` ORDER BY 1${select.direction}` : "",
    select.limit === "" ? "" : ` ${select.limit}`,
  ].join("");
}

/** The SQL of a tree. */
export function textOf(tree: Expression | Option | Query): string {
  switch (tree.node) {
    case "expression":
    case "option":
      return tree.parts.map((part) => (typeof part === "string" ? part : textOf(part))).join("");
    case "setOperation":
      return [
        `(${textOf(tree.left)}) ${tree.operation} (${textOf(tree.right)})`,
        tree.ordered ? ` ORDER BY ${columnNumbers(tree).join(", ")}` : "",
        tree.limit === "" ? "" : ` ${tree.limit}`,
      ].join("");
    case "select":
      return selectText(tree);
    case "values":
      return `VALUES ${tree.rows.map((row) => `(${row.map(textOf).join(", ")})`).join(", ")}`;
    case "verbatim":
      return tree.text;
  }
}

/**
 * The query, whose rows PostgreSQL puts in an order. Before version 18 it leaves out of ORDER BY a key of grouping sets
 * that is a constant, or equal to another, although the sets leave NULLs in its place.
 */
export function orderable(select: Select): Select {
  const { grouping, groupBy, from } = select;
  const arePlain = groupBy.every((key) => /^\w+\.\w+$/.test(textOf(key)));
  return grouping === "" || (arePlain && from.length === 1 && from[0]?.node !== "join")
    ? select : { ...select, grouping: "" };
}

/** Whether the order of the statement's rows is fixed. */
export function isOrdered(query: Query): boolean {
  return (query.node === "select" || query.node === "setOperation") && query.ordered;
}
