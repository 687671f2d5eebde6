// Rows around a subquery, read a second time for what the subquery needs to know of them: which values their columns
// have. More rows than the query around has do no harm, so the smallest part of the plan that has the columns is
// taken, with the conditions on it alone. Read next: domain.ts.
import type { Expression } from "#expr/expression.js";
import { mayDiffer } from "#optimizer/block_checks.js";
import { hasEquality } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { filtered } from "#optimizer/from/filtered.js";
import { orderRegion } from "#optimizer/from/join_order.js";
import type { Region } from "#optimizer/from/region.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";
import { inputsOf, originsOf } from "#plan/logical.js";

type Origins = ReadonlySet<number>;

function isWithin(wanted: Iterable<number>, origins: Origins): boolean {
  return [...wanted].every((origin) => origins.has(origin));
}

/** Below joins with others, as long as rows are neither made up of NULLs nor made above. */
function narrowed(operator: LogicalOperator, wanted: Origins, statement: StatementFacts): LogicalOperator {
  switch (operator.kind) {
    case "join": {
      if (operator.join === "full") return operator;
      if (isWithin(wanted, originsOf(operator.left))) return narrowed(operator.left, wanted, statement);
      if (operator.join === "inner" && isWithin(wanted, originsOf(operator.right)))
        return narrowed(operator.right, wanted, statement);
      return operator;
    }
    case "filter": {
      const input = narrowed(operator.input, wanted, statement);
      if (input === operator.input) return operator;
      const { predicate } = operator;
      const isItsOwn = isWithin(statement.attributes.originsRead(predicate), originsOf(input)) && !mayFail(predicate);
      return isItsOwn ? filtered(input, [predicate], operator.rows / Math.max(1, operator.input.rows)) : input;
    }
    case "compute": case "window":
      return wanted.has(operator.origin) ? operator : narrowed(operator.input, wanted, statement);
    default: return operator;
  }
}

/** Sums that depend on the order of rows. */
const orderedSums: ReadonlySet<string> = new Set(["sum", "mean", "varPop", "varSamp", "stddevPop", "stddevSamp"]);

/** Whether a second reading may give other rows, of which some might be missing then. */
function mayReadOthers(operator: LogicalOperator, statement: StatementFacts): boolean {
  const inside = (input: LogicalOperator): boolean => mayReadOthers(input, statement);
  switch (operator.kind) {
    case "scan": {
      const table = statement.tables.find(({ origin }) => origin === operator.origin);
      if (table === undefined || table.rangeIndex === 0) return true;
      const entry = table.query.rangeTable[table.rangeIndex - 1]?.source;
      return entry === undefined || [entry, ...table.quals].some((node) => mayDiffer(node, statement.facts));
    }
    case "commonTable": return false;
    case "limit": case "window": case "singleRow": return true;
    case "filter": case "compute": return inside(operator.input);
    case "aggregate":
      return inside(operator.input) || operator.aggregates.some(({ call }) =>
        orderedSums.has(call.function) && ["float4", "float8"].includes(call.argument?.type.kind ?? ""));
    case "join": return inside(operator.left) || inside(operator.right);
    case "union": return operator.inputs.some((input) => inside(input.operator));
  }
}

function regionInputs(region: Region): readonly LogicalOperator[] {
  return [...region.tables.map((table) => table.scan()), ...region.inputs];
}

/** The origins whose attributes the region's rows have. */
export function providedBy(region: Region): ReadonlySet<number> {
  return new Set(regionInputs(region).flatMap((input) => [...originsOf(input)]));
}

/** Pairs of rows that may be compared one by one, without a key to find partners by. */
const PAIRS_MAX = 1e9;

/** Whether a join below looks at more pairs of rows than that. */
export function comparesTooMany(operator: LogicalOperator): boolean {
  if (operator.kind === "join" && !hasEquality(operator.conditions)
    && operator.left.rows * operator.right.rows > PAIRS_MAX) return true;
  return inputsOf(operator).some(comparesTooMany);
}

/** Rows of the region, or more, with the attributes of these origins; undefined where they cannot be read again. */
export function rowsAgain(region: Region, wanted: Origins, statement: StatementFacts): LogicalOperator | undefined {
  const inputs = regionInputs(region).filter((input) => [...originsOf(input)].some((origin) => wanted.has(origin)));
  const provided = new Set(inputs.flatMap((input) => [...originsOf(input)]));
  if (inputs.length === 0 || !isWithin(wanted, provided)) return undefined;
  const conditions = region.conditions.filter((condition: Expression) => {
    const read = statement.attributes.originsRead(condition);
    return read.size > 0 && isWithin(read, provided) && !mayFail(condition);
  });
  const operator = narrowed(orderRegion(inputs, conditions, [], statement), wanted, statement);
  return mayReadOthers(operator, statement) ? undefined : operator;
}
