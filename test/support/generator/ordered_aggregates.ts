// Aggregates that sort what they see, those over two columns, and lists: string_agg and array_agg with ORDER BY,
// WITHIN GROUP (arrays of fractions, too), hypothetical rows, regression. Each is asked for so that no order of rows
// changes its answer; digits that would are rounded away. Read next: aggregates.ts.
import type { Dice } from "../random_plans.js";
import { simplest, type Scope } from "./expressions.js";
import type { Expression, Kind, Part } from "./tree.js";

const fractions = ["'{0.5,0,1}'", "'{0.9}'", "'{0.1,NULL}'", "'{{0.25,0.5},{0.75,1}}'", "'{}'"];

const listed: readonly Kind[] = ["int4", "text", "date", "int2", "ctext", "numeric", "bool", "uuid", "mood"];

const made = (kind: Kind, exact: boolean, ...parts: readonly Part[]): Expression => (
  { node: "expression", kind, exact, parts });

/** Columns of exact values of a kind. */
function exactValue(dice: Dice, { columns }: Scope, kind: Kind): Expression {
  return simplest(dice, { columns: columns.filter(({ exact }) => exact), mayFail: false }, kind);
}

/** An aggregate of this file that gives the kind. */
export function orderedAggregate(dice: Dice, scope: Scope, kind: Kind): Expression | undefined {
  const value = (of: Kind): Expression => exactValue(dice, scope, of);
  const direction = dice.pick(["", " DESC", " NULLS FIRST"]);
  switch (kind) {
    case "int8": return hypothetical(dice, scope, kind, ["rank", "dense_rank"]);
    case "float8":
      return dice.chance(50)
        ? hypothetical(dice, scope, kind, ["percent_rank", "cume_dist"])
        : made(kind, false, `percentile_cont(${dice.pick(["0.5", "0.25", "0", "1"])}) WITHIN GROUP (ORDER BY `,
          value(dice.pick(["int4", "int2", "float8"])), direction, ")");
    case "numeric": return regression(dice, scope);
    case "text": return list(dice, scope, direction);
    case "bool": case "interval": case "float4": case "texts": case "jsonb": return undefined;
    case "ints":
      return made(kind, true, `percentile_disc(${dice.pick(fractions)}::float8[]) WITHIN GROUP (ORDER BY `,
        value("int4"), direction, ")");
    default: {
      const call = dice.pick(["mode() WITHIN GROUP (ORDER BY ", "percentile_disc(0.5) WITHIN GROUP (ORDER BY ",
        "percentile_disc(0.9) WITHIN GROUP (ORDER BY "]);
      return made(kind, true, call, value(kind), direction, ")");
    }
  }
}

/** Where a row would stand among the others. */
function hypothetical(dice: Dice, scope: Scope, kind: Kind, names: readonly string[]): Expression {
  const of = dice.pick(["int4", "date", "ctext", "numeric"] as const);
  const [row, against] = [{
    int4: "7", date: "date '2000-01-01'", ctext: "'abc' COLLATE \"C\"", numeric: "12.0",
  }[of], exactValue(dice, scope, of)];
  // The row's type and collation are taken from what it is compared with, which must say the same.
  return made(kind, kind !== "float8", `${dice.pick(names)}(${row}) WITHIN GROUP (ORDER BY `, against,
    dice.pick(["", " DESC"]), ")");
}

/** Statistics over two columns of small numbers, to four places. */
function regression(dice: Dice, scope: Scope): Expression {
  const columns = scope.columns.filter(({ text }) => /\.[eg]$/.test(text));
  const [x, y] = [0, 1].map(() => (columns.length === 0 ? "2" : dice.pick(columns).text));
  const name = dice.pick([
    "corr", "covar_pop", "covar_samp", "regr_slope", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy",
    "regr_r2", "regr_intercept", "regr_count",
  ]);
  // What lies between two fourth places is moved aside, so that the last digit of a float does not decide.
  return made("numeric", false, "round((", made("float8", false, `${name}((${x})::float8, (${y})::float8)`),
    " + 0.0000123)::numeric, 4)");
}

function list(dice: Dice, scope: Scope, direction: string): Expression {
  const kind = dice.pick(listed);
  const value = exactValue(dice, scope, kind);
  const distinct = dice.chance(40) ? "DISTINCT " : "";
  switch (dice.below(6)) {
    case 5: return made("text", false, `percentile_cont(${dice.pick(fractions)}::float8[]) WITHIN GROUP (ORDER BY `,
      exactValue(dice, scope, dice.pick(["int4", "float8", "int2"])), `${direction})::text`);
    case 0: {
      const filter = dice.chance(30) ? [" FILTER (WHERE ", exactValue(dice, scope, "bool"), ")"] : [];
      return made("text", true, `array_agg(${distinct}`, value, " ORDER BY ", value, `${direction})`, ...filter,
        dice.pick(["::text", "[2:3]::text"]));
    }
    case 1: return made("text", true, "json_agg(", value, " ORDER BY ", value,
      `${direction})::text`);
    case 2: return made("text", true,
      `percentile_disc(${dice.pick(fractions)}::float8[]) WITHIN GROUP (ORDER BY `,
      value, `${direction})`, dice.pick(["::text", "[1:2]::text"]));
    default: {
      const text = exactValue(dice, scope, "text");
      return made("text", true, `string_agg(${distinct}`, text, ", ' ' ORDER BY ", text, ")");
    }
  }
}
