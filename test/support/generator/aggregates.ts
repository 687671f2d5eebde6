// Grows aggregate calls whose answers do not depend on the order of rows: with DISTINCT, FILTER, an ORDER BY that
// orders all they see, or WITHIN GROUP. Read next: windows.ts, queries.ts.
import type { Dice } from "../random_plans.js";
import { grow, leaf, simplest, type Scope } from "./expressions.js";
import { orderedAggregate } from "./ordered_aggregates.js";
import { kinds, type Expression, type Kind } from "./tree.js";

/** Kinds to group, partition and combine by. */
export const keyKinds: readonly Kind[] = [
  "int2",
  "int4",
  "int4",
  "int8",
  "text",
  "ctext",
  "date",
  "bool",
  "bpchar",
  "varchar",
  "uuid",
  "mood",
  "timestamp",
  "oid",
  "numeric",
  "time",
  "bytea",
  "timestamptz",
  "ltext",
  "ints",
  "jsonb",
];

/** An aggregate of a kind. Sums of floats take columns, whose sums are exact in any order. */
export function aggregate(dice: Dice, scope: Scope, kind: Kind): Expression | undefined {
  const argument = (of: Kind): Expression =>
    dice.chance(60)
      ? simplest(dice, scope, of)
      : grow(dice, { ...scope, mayFail: scope.mayFail }, of, 1 + dice.below(2));
  const exactArgument = (of: Kind): Expression => {
    const grown = argument(of);
    return grown.exact
      ? grown
      : simplest(dice, { ...scope, columns: scope.columns.filter((each) => each.exact) }, of);
  };
  const call = (before: string, value: Expression, after: string, exact: boolean): Expression => ({
    node: "expression",
    kind,
    exact,
    parts: [before, value, `)${after}`],
  });
  const filter = (value: Expression): Expression => filtered(dice, scope, value);
  if (dice.chance(20)) {
    const ordered = orderedAggregate(dice, scope, kind);
    if (ordered !== undefined) return filter(ordered);
  }
  const anyKind = dice.pick(kinds);
  const distinct = dice.chance(15) ? "DISTINCT " : "";
  switch (kind) {
    case "int8": {
      const options: (() => Expression)[] = [
        () => leaf("int8", "count(*)"),
        () => call("count(", argument(anyKind), "", true),
        () => call(`count(DISTINCT `, argument(anyKind), "", true),
        () => call(`sum(${distinct}`, argument("int4"), "", true),
        () => call("sum(", argument("int2"), "", true),
      ];
      return filter(dice.pick(options)());
    }
    case "numeric": {
      const of = dice.pick(["numeric", "int8", "int4", "numeric"] as const);
      const name = dice.pick(["sum", "avg", "sum", "avg", "stddev", "variance", "var_pop", "stddev_pop"]);
      if (name === "sum" && of === "int4") return filter(call("avg(", argument(of), "", false));
      // Which of 1.0 and 1.00 stays is open, and with it how many digits the result shows.
      if (distinct !== "") return filter(call(`${name}(DISTINCT `, exactArgument(of), "", false));
      return filter(call(`${name}(`, argument(of), "", false));
    }
    case "float8":
      return filter(call(`${dice.pick(["sum", "avg"])}(`, columnOf(dice, scope, "float8"), "", false));
    case "float4":
      return filter(call("sum(", columnOf(dice, scope, "float4"), "", false));
    case "bool":
      return filter(call(`${dice.pick(["bool_and", "bool_or", "every"])}(`, argument("bool"), "", true));
    case "text":
      if (dice.chance(30)) {
        const value = argument("text");
        return {
          node: "expression",
          kind,
          exact: value.exact,
          parts: ["string_agg(", value, ", ',' ORDER BY ", value, ")"],
        };
      }
      return filter(call(`${dice.pick(["min", "max"])}(`, exactArgument(kind), "", true));
    case "int4":
      if (dice.chance(20))
        return filter(call(`${dice.pick(["bit_and", "bit_or", "bit_xor"])}(`, argument("int4"), "", true));
      return filter(call(`${dice.pick(["min", "max"])}(`, argument("int4"), "", true));
    case "uuid":
    case "bytea":
    case "varchar":
    case "name":
    case "jsonb":
      return undefined;
    case "ints":
    case "texts": {
      const value = exactArgument(kind === "ints" ? "int4" : "text");
      const order = dice.pick([")", " DESC)", " NULLS FIRST)"]);
      const parts = [`array_agg(${distinct}`, value, " ORDER BY ", value, order];
      return filter({ node: "expression", kind, exact: true, parts });
    }
    case "interval":
      // Of equal intervals that look different, which one is the least is open.
      return filter(call("sum(", argument("interval"), "", false));
    case "ctext":
    case "ltext":
    case "date":
    case "timestamp":
    case "timestamptz":
    case "time":
    case "timetz":
    case "int2":
    case "bpchar":
    case "oid":
    case "mood":
      return filter(call(`${dice.pick(["min", "max"])}(`, exactArgument(kind), "", true));
  }
}

/** The aggregate over some of the rows, now and then. */
function filtered(dice: Dice, scope: Scope, value: Expression): Expression {
  if (!dice.chance(15)) return value;
  const condition = grow(dice, { ...scope, mayFail: false }, "bool", 1);
  return { ...value, parts: [...value.parts, { node: "option", parts: [" FILTER (WHERE ", condition, ")"] }] };
}

function columnOf(dice: Dice, scope: Scope, kind: Kind): Expression {
  const fitting = scope.columns.filter((each) => each.kind === kind && /\.[fe]$/.test(each.text));
  return fitting.length === 0
    ? leaf(kind, kind === "float4" ? "1::float4" : "1.5::float8")
    : leaf(kind, dice.pick(fitting).text, false);
}
