// Grows aggregate and window function calls whose answers do not depend on the order of rows. Read next: queries.ts.
import type { Dice } from "../random_plans.js";
import { grow, leaf, simplest, type Scope } from "./expressions.js";
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
  const filter = (value: Expression): Expression =>
    dice.chance(15)
      ? {
          ...value,
          parts: [
            ...value.parts,
            " FILTER (WHERE ",
            grow(dice, { ...scope, mayFail: false }, "bool", 1),
            ")",
          ],
        }
      : value;
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
      return filter(call(`${name}(${distinct}`, argument(of), "", false));
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
      return undefined;
    case "interval":
      // Of equal intervals that look different, which one is the least is open.
      return filter(call("sum(", argument("interval"), "", false));
    case "ctext":
    case "date":
    case "timestamp":
    case "timestamptz":
    case "time":
    case "int2":
    case "bpchar":
    case "oid":
    case "mood":
      return filter(call(`${dice.pick(["min", "max"])}(`, exactArgument(kind), "", true));
  }
}

/** A window function whose answer does not depend on how peers are ordered. */
export function windowCall(dice: Dice, scope: Scope): Expression {
  const plain: Scope = { columns: scope.columns.filter((each) => each.exact), mayFail: false };
  const parts: (string | Expression)[] = [];
  const orders = [simplest(dice, plain, dice.pick(["int4", "date", "ctext", "numeric", "int8"]))];
  const partition = dice.chance(60) ? [simplest(dice, plain, dice.pick(keyKinds))] : [];
  const spec: (string | Expression)[] = [" OVER ("];
  if (partition.length > 0) spec.push("PARTITION BY ", ...partition, " ");
  const functions: (() => { kind: Kind; exact: boolean; parts: (string | Expression)[] })[] = [
    () => ({ kind: "int8", exact: true, parts: ["rank()"] }),
    () => ({ kind: "int8", exact: true, parts: ["dense_rank()"] }),
    () => ({ kind: "float8", exact: false, parts: [dice.pick(["percent_rank()", "cume_dist()"])] }),
    () => ({ kind: "int8", exact: true, parts: ["count(*)"] }),
    () => ({ kind: "int8", exact: true, parts: ["sum(", simplest(dice, plain, "int4"), ")"] }),
    () => ({ kind: "numeric", exact: false, parts: ["avg(", simplest(dice, plain, "numeric"), ")"] }),
    () => ({
      kind: "date",
      exact: true,
      parts: [dice.pick(["min(", "max("]), simplest(dice, plain, "date"), ")"],
    }),
  ];
  const made = dice.pick(functions)();
  const isRank = ["rank()", "dense_rank()", "percent_rank()", "cume_dist()"].includes(String(made.parts[0]));
  if (isRank || dice.chance(70)) spec.push("ORDER BY ", ...orders, dice.pick(["", " DESC", " NULLS FIRST"]));
  spec.push(")");
  parts.push(...made.parts, ...spec);
  return { node: "expression", kind: made.kind, exact: made.exact, parts };
}

function columnOf(dice: Dice, scope: Scope, kind: Kind): Expression {
  const fitting = scope.columns.filter((each) => each.kind === kind && /\.[fe]$/.test(each.text));
  return fitting.length === 0
    ? leaf(kind, kind === "float4" ? "1::float4" : "1.5::float8")
    : leaf(kind, dice.pick(fitting).text, false);
}
