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
  "varchar",
  "bpchar",
  "date",
  "timestamp",
  "timestamptz",
  "time",
  "interval",
  "uuid",
  "bytea",
  "oid",
  "mood",
] as const;

export type Kind = (typeof kinds)[number];

export interface Expression {
  readonly node: "expression";
  readonly kind: Kind;
  /** Equal values have equal text: false for sums of numerics (1.0 and 1.00), floats (0 and -0), intervals. */
  readonly exact: boolean;
  readonly parts: readonly Part[];
}

export type Part = string | Expression | Query;

export interface Target {
  readonly name: string;
  readonly value: Expression;
}

export type FromItem =
  | { readonly node: "table"; readonly name: string; readonly alias: string }
  | { readonly node: "derived"; readonly query: Query; readonly alias: string; readonly lateral: boolean }
  | {
      readonly node: "join";
      /** "JOIN", "LEFT JOIN", ... */
      readonly kind: string;
      readonly left: FromItem;
      readonly right: FromItem;
      readonly condition: Expression | undefined;
    };

export interface CommonTable {
  readonly name: string;
  /** "", "MATERIALIZED" or "NOT MATERIALIZED". */
  readonly hint: string;
  readonly query: Query;
}

export interface Select {
  readonly node: "select";
  readonly common: readonly CommonTable[];
  readonly distinct: boolean;
  readonly targets: readonly Target[];
  readonly from: readonly FromItem[];
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  /** "", "ROLLUP", "CUBE", or "GROUPING SETS". */
  readonly grouping: string;
  readonly having: Expression | undefined;
  /** ORDER BY every column, which leaves no two different rows in free order. */
  readonly ordered: boolean;
  /** What follows ORDER BY, such as "LIMIT 3". */
  readonly limit: string;
}

export interface SetOperation {
  readonly node: "setOperation";
  readonly operation: string;
  readonly left: Query;
  readonly right: Query;
}

export type Query = Select | SetOperation;

/** What tells values apart that are equal but look different; as text char(n) would lose its blanks. */
function appearance(value: Expression): string {
  return value.kind === "bpchar" ? `octet_length(${textOf(value)})` : `(${textOf(value)})::text`;
}

function orderBy({ targets, distinct }: Select): string {
  const keys = targets.map((_target, index) => String(index + 1));
  const looks = distinct ? [] : targets.filter(({ value }) => !value.exact).map(({ value }) => appearance(value));
  return ` ORDER BY ${[...keys, ...looks].join(", ")}`;
}

function fromText(item: FromItem): string {
  switch (item.node) {
    case "table":
      return item.name === item.alias ? item.name : `${item.name} ${item.alias}`;
    case "derived":
      return `${item.lateral ? "LATERAL " : ""}(${textOf(item.query)}) ${item.alias}`;
    case "join": {
      const right = item.right.node === "join" ? `(${fromText(item.right)})` : fromText(item.right);
      const condition = item.condition === undefined ? "" : ` ON ${textOf(item.condition)}`;
      return `${fromText(item.left)} ${item.kind} ${right}${condition}`;
    }
  }
}

function groupText({ groupBy, grouping }: Select): string {
  if (groupBy.length === 0) return "";
  const keys = groupBy.map(textOf);
  if (grouping === "GROUPING SETS")
    return ` GROUP BY GROUPING SETS ((${keys.join(", ")}), ${keys.map((key) => `(${key})`).join(", ")}, ())`;
  return grouping === "" ? ` GROUP BY ${keys.join(", ")}` : ` GROUP BY ${grouping} (${keys.join(", ")})`;
}

function selectText(select: Select): string {
  const common = select.common.map(({ name, hint, query }) => `${name} AS ${hint} (${textOf(query)})`);
  return [
    common.length === 0 ? "" : `WITH ${common.join(", ")} `,
    `SELECT ${select.distinct ? "DISTINCT " : ""}`,
    select.targets.map(({ name, value }) => `${textOf(value)} AS ${name}`).join(", "),
    select.from.length === 0 ? "" : ` FROM ${select.from.map(fromText).join(", ")}`,
    select.where === undefined ? "" : ` WHERE ${textOf(select.where)}`,
    groupText(select),
    select.having === undefined ? "" : ` HAVING ${textOf(select.having)}`,
    select.ordered ? orderBy(select) : "",
    select.limit === "" ? "" : ` ${select.limit}`,
  ].join("");
}

/** The SQL of a tree. */
export function textOf(tree: Expression | Query): string {
  switch (tree.node) {
    case "expression":
      return tree.parts.map((part) => (typeof part === "string" ? part : textOf(part))).join("");
    case "setOperation":
      return `(${textOf(tree.left)}) ${tree.operation} (${textOf(tree.right)})`;
    case "select":
      return selectText(tree);
  }
}

/** Whether the order of the statement's rows is fixed. */
export function isOrdered(query: Query): boolean {
  return query.node === "select" && query.ordered;
}
