// Grows window function calls of every function, frame and exclusion whose answers are not left open: what depends on
// the order of peers (lag, rows of a frame, ...) is asked for under an order that has no peers only. Read next:
// aggregates.ts for the other calls, queries.ts for where the windows stand.
import type { Dice } from "../random_plans.js";
import { leaf, simplest, type Scope } from "./expressions.js";
import { kinds, type Expression, type Kind, type Option, type Part } from "./tree.js";

/** What a window's expressions are made of. */
export interface WindowSource {
  /** A value whose equals look the same, of the kind if there is one. */
  readonly value: (kind: Kind) => Expression;
  /** A number in any form, for aggregates that are the same in any order. */
  readonly number: (kind: "numeric" | "float8" | "interval") => Expression;
  /** Keys that tell all rows apart, where there are such. */
  readonly unique: readonly Expression[] | undefined;
}

/** A frame's distance in an order key's kind. */
const distances: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  int2: ["1::int2", "2::int8"],
  int4: ["1", "12", "100::int8", "0"],
  int8: ["5", "3000000000", "(SELECT 7::int8)"],
  numeric: ["0.5", "100", "0.01"],
  float8: ["0.5::float8", "8::float8"],
  date: ["interval '1 month'", "interval '400 days'"],
  timestamp: ["interval '5 years'", "interval '12 hours'"],
  timestamptz: ["interval '1 day'", "interval '30 years'"],
  time: ["interval '2 hours'"],
  interval: ["interval '1 day'"],
};

const rowCounts: readonly string[] = ["1", "2", "0", "3::int8", "(1 + 1)", "(SELECT 1)", "100"];

const orderKinds: readonly Kind[] = [
  "int4", "date", "ctext", "numeric", "int8", "int2", "timestamp", "float8", "timestamptz", "time", "mood", "text",
  "bool", "uuid", "ltext", "ints",
];

const expression = (kind: Kind, exact: boolean, parts: readonly Part[]): Expression => (
  { node: "expression", kind, exact, parts });

const option = (...parts: readonly Part[]): Option => ({ node: "option", parts });

/** A window's PARTITION BY and ORDER BY, and whether it leaves no peers. */
interface Order {
  readonly parts: readonly Part[];
  /** Of the only key. */
  readonly measured: Kind | undefined;
  readonly isOrdered: boolean;
  readonly isTotal: boolean;
}

/** The source of a SELECT that does not group: its columns. */
export function windowsOverRows(dice: Dice, scope: Scope): WindowSource {
  const plain: Scope = { columns: scope.columns.filter((each) => each.exact), mayFail: false };
  const aliases = new Set(scope.columns.map(({ text }) => text.replace(/\..*/, "")));
  const ids = [...aliases].map((alias) => `${alias}.id`);
  const isUnique = ids.every((id) => scope.columns.some(({ text }) => text === id));
  return {
    value: (kind) => simplest(dice, plain, kind),
    number: (kind) => simplest(dice, kind === "float8" ? summable(scope) : { ...scope, mayFail: false }, kind),
    unique: isUnique && ids.length > 0 ? ids.map((id) => leaf("int4", id)) : undefined,
  };
}

/** Columns of floats whose sums are exact in any order. */
function summable(scope: Scope): Scope {
  return { columns: scope.columns.filter(({ text }) => /\.[fe]$/.test(text)), mayFail: false };
}

/** A window function call. */
export function windowCall(dice: Dice, source: WindowSource): Expression {
  const total = source.unique !== undefined && dice.chance(60);
  const needsOrder = dice.chance(45);
  const order = orderOf(dice, source, total, needsOrder || dice.chance(60));
  const call = needsOrder && order.isTotal
    ? rowFunction(dice, source)
    : order.isOrdered && dice.chance(20) ? rankFunction(dice) : frameFunction(dice, source);
  const frame = dice.chance(65) ? frameOf(dice, order) : undefined;
  return { ...call, parts: [...call.parts, " OVER (", ...order.parts, ...(frame === undefined ? [] : [frame]), ")"] };
}

function orderOf(dice: Dice, source: WindowSource, total: boolean, wanted: boolean): Order {
  const partition = dice.chance(50) ? [option("PARTITION BY ", source.value(dice.pick(kinds)))] : [];
  if (!wanted) return { parts: partition, measured: undefined, isOrdered: false, isTotal: false };
  const unique = total ? source.unique ?? [] : [];
  const kind = dice.pick(orderKinds);
  const onlyUnique = unique.length === 1 && dice.chance(30);
  const first = onlyUnique ? [] : [source.value(kind)];
  const keys = [...first, ...unique].flatMap((key, index): readonly Part[] => [
    index === 0 ? "ORDER BY " : ", ", key, dice.pick(["", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"]),
  ]);
  const [only] = [...first, ...unique];
  const isOne = first.length + unique.length === 1;
  // A constant key's kind is not that of its text.
  const isColumn = only !== undefined && only.parts.length === 1 && /^\w+\.\w+$/.test(String(only.parts[0]));
  return {
    parts: [...partition, " ", ...keys], isOrdered: true, isTotal: total && unique.length > 0,
    measured: isOne && isColumn ? only.kind : undefined,
  };
}

/** Functions that ask which row comes before which. */
function rowFunction(dice: Dice, source: WindowSource): Expression {
  const kind = dice.pick(kinds);
  const value = source.value(kind);
  const buckets = dice.pick(["1", "3", "4", "7::int4", "1000", "(SELECT 2)"]);
  switch (dice.below(7)) {
    case 0: return expression("int8", true, ["row_number()"]);
    case 1: return expression("int4", true, [`ntile(${buckets})`]);
    case 2: return expression(kind, value.exact, [dice.pick(["lag(", "lead("]), value, ")"]);
    case 3: {
      const distance = dice.pick([...rowCounts, "(-1)", "NULL::int4"]);
      // The default must be of the argument's type.
      const otherwise = dice.chance(50) ? option(", ", source.value(kind)) : "";
      return expression(kind, value.exact, [dice.pick(["lag(", "lead("]), value, `, ${distance}`, otherwise, ")"]);
    }
    case 4: return expression(kind, value.exact, [dice.pick(["first_value(", "last_value("]), value, ")"]);
    case 5: return expression(kind, value.exact, ["nth_value(", value, `, ${dice.pick(["1", "2", "5"])})`]);
    default:
      return expression("text", true, ["string_agg(", source.value("text"), ", '+')"]);
  }
}

function rankFunction(dice: Dice): Expression {
  const name = dice.pick(["rank()", "dense_rank()", "percent_rank()", "cume_dist()"]);
  return name.endsWith("rank()") && name !== "percent_rank()"
    ? expression("int8", true, [name])
    : expression("float8", false, [name]);
}

/** Aggregates, which take the rows of a frame in any order. */
function frameFunction(dice: Dice, source: WindowSource): Expression {
  const filter = dice.chance(20) ? [option(" FILTER (WHERE ", source.value("bool"), ")")] : [];
  const of = (kind: Kind, exact: boolean, name: string, value: Expression): Expression =>
    expression(kind, exact, [`${name}(`, value, ")", ...filter]);
  const extremes = ["min", "max"] as const;
  switch (dice.below(12)) {
    case 0: return expression("int8", true, ["count(*)", ...filter]);
    case 1: return of("int8", true, "count", source.value(dice.pick(kinds)));
    case 2: return of("int8", true, "sum", source.value(dice.pick(["int4", "int2"])));
    case 3: return of("numeric", false, dice.pick(["sum", "avg"]), source.value("int8"));
    case 4: return of("numeric", false, dice.pick(["sum", "avg"]), source.number("numeric"));
    case 5: return of("float8", false, dice.pick(["sum", "avg"]), source.number("float8"));
    case 6: return of("bool", true, dice.pick(["bool_and", "bool_or"]), source.value("bool"));
    case 7: return of("int4", true, dice.pick(["min", "max", "bit_and", "bit_or"]), source.value("int4"));
    case 8: return of("interval", false, "sum", source.number("interval"));
    case 9: return of("numeric", false, dice.pick(["stddev", "var_pop", "avg"]), source.value("int4"));
    default: {
      const kind = dice.pick([
        "date", "ctext", "ltext", "timestamp", "text", "numeric", "mood", "time", "timestamptz",
      ] as const);
      return of(kind, true, dice.pick(extremes), source.value(kind));
    }
  }
}

function frameOf(dice: Dice, order: Order): Option {
  const units = [
    ...(order.isTotal ? ["ROWS", "ROWS"] : []), ...(order.isOrdered ? ["GROUPS"] : []), "RANGE",
  ];
  const unit = dice.pick(units);
  const offsets = unit === "RANGE" ? (order.measured === undefined ? undefined : distances[order.measured]) : rowCounts;
  const bounds = offsets === undefined
    ? ["UNBOUNDED PRECEDING", "CURRENT ROW", "UNBOUNDED FOLLOWING"]
    : ["UNBOUNDED PRECEDING", `${dice.pick(offsets)} PRECEDING`, "CURRENT ROW",
      `${dice.pick(offsets)} FOLLOWING`, "UNBOUNDED FOLLOWING"];
  const start = dice.below(bounds.length - 1);
  const end = Math.max(1, start, dice.below(bounds.length));
  const exclusions = ["EXCLUDE NO OTHERS", "EXCLUDE CURRENT ROW", "EXCLUDE GROUP", "EXCLUDE TIES"];
  const exclusion = dice.chance(30) ? option(" ", dice.pick(exclusions)) : "";
  return option(` ${unit} BETWEEN ${bounds[start]} AND ${bounds[end]}`, exclusion);
}
