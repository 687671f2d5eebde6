// What the optimizer expects of operators: distinct values and uniqueness of attributes, groups, and the share of pairs
// or rows that conditions let through. From PostgreSQL's statistics where the request has them; else the caller's
// guess. Nothing here changes a result. Read next: join_order.ts.
import type { Expression } from "#expr/expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { numberField } from "#frontend/text_fields.js";
import { equalityOf } from "#optimizer/expressions/conditions.js";
import { FILTER_SELECTIVITY } from "#optimizer/from/filtered.js";
import type { TableSource } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";

/** Operators of equality most conditions use, for requests without estimates: of integers, text, char and dates. */
const equalities: ReadonlySet<string> = new Set(["96", "98", "1054", "410", "1093"]);
const EQUALITY_SELECTIVITY = 0.05;
/** Several guesses are rarely independent. */
const GUESSED_SELECTIVITY_MIN = 0.02;
/** PostgreSQL's own for a range whose bounds seem to exclude each other. */
const EMPTY_RANGE_SELECTIVITY = 0.005;
/** Of a table's rows: combinations of several columns, as PostgreSQL assumes. */
const COMBINED_SHARE = 0.1;
/** Distinct values assumed of what nothing is known of, as PostgreSQL assumes. */
export const DISTINCT_VALUES_UNKNOWN = 200;
/** Rows assumed for a table that was never analysed. */
export const ROWS_UNKNOWN = 1000;

function guessedShare(qual: TextNode): number {
  const operator = qual.fields.get("opno");
  return typeof operator === "string" && equalities.has(operator) ? EQUALITY_SELECTIVITY : FILTER_SELECTIVITY;
}

/** The column a bound is about. */
function boundedColumn(qual: TextNode): number {
  const list = qual.fields.get("args");
  const items = list !== null && list !== undefined && typeof list !== "string" && list.kind === "list"
    ? list.items : [];
  for (const item of items)
    if (item !== null && typeof item !== "string" && item.kind === "node" && item.tag === "VAR")
      return numberField(item, "varattno");
  return 0;
}

/** Bounds met so far of a column: shares below its upper and above its lower ones. */
interface Range {
  upper: number;
  lower: number;
}

/** The share of a table's rows that pass all of these conditions. */
export function shareOfQuals(quals: readonly TextNode[], facts: RequestFacts): number {
  let [known, guessed] = [1, 1];
  const ranges = new Map<number, Range>();
  for (const qual of quals) {
    const fact = facts.condition(qual.id);
    if (fact === undefined) guessed *= guessedShare(qual);
    else if (fact.bound === "none") known *= fact.selectivity;
    else {
      const column = boundedColumn(qual);
      const range = ranges.get(column) ?? { upper: 1, lower: 1 };
      range[fact.bound] = Math.min(range[fact.bound], fact.selectivity);
      ranges.set(column, range);
    }
  }
  for (const { upper, lower } of ranges.values()) {
    const within = upper + lower - 1;
    known *= within > 0 ? within : Math.min(upper, lower, EMPTY_RANGE_SELECTIVITY);
  }
  return known * Math.max(guessed, GUESSED_SELECTIVITY_MIN);
}

/** Of `values` distinct ones among `rows`, how many are expected among `kept` of the rows. */
export function valuesKept(values: number, rows: number, kept: number): number {
  if (rows <= 0 || kept >= rows) return Math.min(values, Math.max(kept, 1));
  return Math.max(1, Math.min(kept, values * (1 - (1 - kept / rows) ** (rows / Math.max(values, 1)))));
}

/** The column an expression passes on, unchanged or widened. */
export function columnBelow(expression: Expression): number | undefined {
  if (expression.kind === "column") return expression.index;
  if (expression.kind !== "call" || !expression.function.startsWith("cast.")) return undefined;
  const [argument] = expression.arguments;
  return argument === undefined ? undefined : columnBelow(argument);
}

/** The attribute that groupings below pass on under another number. */
function readBelow(operator: LogicalOperator, attribute: number): number | undefined {
  switch (operator.kind) {
    case "filter": case "compute": case "singleRow": case "window": return readBelow(operator.input, attribute);
    case "join": {
      const left = readBelow(operator.left, attribute);
      return left === attribute ? readBelow(operator.right, attribute) : left;
    }
    case "aggregate": {
      const key = operator.keys.find((each) => each.attribute === attribute);
      const below = key === undefined ? attribute : columnBelow(key.expression);
      return below === undefined ? undefined : readBelow(operator.input, below);
    }
    case "scan": case "union": case "commonTable": return attribute;
  }
}

/** The column that is read of common rows, where they are made. */
function exportedColumn(
  { body, attributes }: Extract<LogicalOperator, { readonly kind: "commonTable" }>, attribute: number,
): number | undefined {
  const found = [...attributes].find(([, own]) => own === attribute);
  const made = found === undefined ? undefined : body.exports[found[0]];
  return made === undefined ? undefined : columnBelow(made.expression);
}

/** Questions about the operators of one statement. */
export class Estimates {
  private readonly tables: readonly TableSource[];

  constructor(tables: readonly TableSource[]) {
    this.tables = tables;
  }

  /**
   * Distinct values an attribute had before any condition below dropped rows: values of two columns that are joined
   * come from one domain, and conditions elsewhere drop them on both sides alike. Undefined when nothing is known.
   */
  domainOf(operator: LogicalOperator, attribute: number): number | undefined {
    switch (operator.kind) {
      case "scan": return this.tableOf(operator.origin)?.distinctValues(attribute);
      case "filter": case "compute": case "singleRow": case "window": case "limit":
        return this.domainOf(operator.input, attribute);
      case "join": return this.domainOf(operator.left, attribute) ?? this.domainOf(operator.right, attribute);
      case "aggregate": {
        const key = operator.keys.find((each) => each.attribute === attribute);
        if (key === undefined) return undefined;
        const below = columnBelow(key.expression);
        return below === undefined ? operator.rows : this.domainOf(operator.input, below);
      }
      case "commonTable": {
        const below = exportedColumn(operator, attribute);
        return below === undefined ? undefined : this.domainOf(operator.body.input, below);
      }
      case "union": return undefined;
    }
  }

  /** Distinct values of an attribute among an operator's rows. */
  valuesOf(operator: LogicalOperator, attribute: number): number | undefined {
    switch (operator.kind) {
      case "scan": {
        const values = this.domainOf(operator, attribute);
        return values === undefined ? undefined : valuesKept(values, operator.tableRows, operator.rows);
      }
      case "filter": case "limit": {
        const values = this.valuesOf(operator.input, attribute);
        return values === undefined ? undefined : valuesKept(values, operator.input.rows, operator.rows);
      }
      case "compute": case "singleRow": case "window": return this.valuesOf(operator.input, attribute);
      case "join": {
        const side = this.domainOf(operator.left, attribute) === undefined ? operator.right : operator.left;
        const values = this.valuesOf(side, attribute);
        return values === undefined ? undefined : valuesKept(values, side.rows, operator.rows);
      }
      case "aggregate": {
        const [key, ...others] = operator.keys;
        if (key?.attribute === attribute && others.length === 0) return operator.rows;
        const found = operator.keys.find((each) => each.attribute === attribute);
        const below = found === undefined ? undefined : columnBelow(found.expression);
        const values = below === undefined ? undefined : this.valuesOf(operator.input, below);
        return values === undefined ? undefined : Math.min(values, operator.rows);
      }
      case "commonTable": {
        const below = exportedColumn(operator, attribute);
        return below === undefined ? undefined : this.valuesOf(operator.body.input, below);
      }
      case "union": return undefined;
    }
  }

  nullFraction(operator: LogicalOperator, attribute: number): number {
    switch (operator.kind) {
      case "scan": return this.tableOf(operator.origin)?.nullFraction(attribute) ?? 0;
      case "filter": case "compute": case "singleRow": case "window": case "limit":
        return this.nullFraction(operator.input, attribute);
      case "join":
        return Math.max(this.nullFraction(operator.left, attribute), this.nullFraction(operator.right, attribute));
      case "commonTable": {
        const below = exportedColumn(operator, attribute);
        return below === undefined ? 0 : this.nullFraction(operator.body.input, below);
      }
      case "aggregate": case "union": return 0;
    }
  }

  /** Sets of attributes in which no two rows agree, with the rows there are before conditions. */
  uniqueKeys(operator: LogicalOperator): readonly { readonly attributes: readonly number[]; readonly rows: number }[] {
    switch (operator.kind) {
      case "scan": {
        const keys = this.tableOf(operator.origin)?.uniqueKeys() ?? [];
        return keys.map((attributes) => ({ attributes, rows: operator.tableRows }));
      }
      case "filter": case "compute": case "window": case "limit": return this.uniqueKeys(operator.input);
      case "aggregate":
        return [{ attributes: operator.keys.map((key) => key.attribute), rows: operator.rows }];
      case "join": case "singleRow": case "union": case "commonTable": return [];
    }
  }

  /** Rows before the conditions on a table; the operator's own elsewhere. */
  rowsBelowFilters(operator: LogicalOperator): number {
    switch (operator.kind) {
      case "scan": return operator.tableRows;
      case "filter": case "compute": return this.rowsBelowFilters(operator.input);
      default: return operator.rows;
    }
  }

  /** Groups that these keys make of an operator's rows. */
  groups(operator: LogicalOperator, keys: readonly Expression[]): number {
    const values = keys.map((key) => {
      const column = columnBelow(key);
      const known = column === undefined ? undefined : this.valuesOf(operator, column);
      const read = column === undefined ? undefined : readBelow(operator, column);
      return { table: this.tables.find((table) => table.has(read)), values: known ?? DISTINCT_VALUES_UNKNOWN };
    });
    let groups = 1;
    for (const table of new Set(values.map((each) => each.table))) {
      const own = values.filter((each) => each.table === table).map((each) => each.values);
      groups *= valuesCombined(own, table?.tableRows);
    }
    return Math.max(1, Math.min(groups, operator.rows));
  }

  /** The share of left rows that have a partner on the right. */
  matchFraction(left: LogicalOperator, right: LogicalOperator, conditions: readonly Expression[]): number {
    let fraction = 1;
    for (const condition of conditions) {
      const equality = equalityOf(condition);
      if (equality === undefined) {
        fraction *= shareOfPairs(condition);
        continue;
      }
      const columns = [equality.left, equality.right].map(columnBelow);
      const domain = this.known(columns, (column) => this.domainOf(left, column));
      const found = this.known(columns, (column) => this.valuesOf(right, column));
      fraction *= domain === undefined || found === undefined ? 0.5 : Math.min(1, found / Math.max(domain, 1));
    }
    return Math.max(fraction, Number.MIN_VALUE);
  }

  private known(
    columns: readonly (number | undefined)[], ask: (column: number) => number | undefined,
  ): number | undefined {
    for (const column of columns) {
      const answer = column === undefined ? undefined : ask(column);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  private tableOf(origin: number): TableSource | undefined {
    return this.tables.find((table) => table.origin === origin);
  }
}

/**
 * Combinations of several columns' values. Those of one table are often dependent: more combinations than a tenth of
 * its rows are not believed.
 */
export function valuesCombined(values: readonly number[], tableRows: number | undefined): number {
  const product = values.reduce((all, each) => all * each, 1);
  if (tableRows === undefined || values.length < 2) return product;
  return Math.min(product, Math.max(tableRows * COMBINED_SHARE, ...values));
}

/** The share of pairs a condition without equality lets through. */
export function shareOfPairs(condition: Expression): number {
  const isInequality = condition.kind === "call" && condition.function.endsWith(".notEqual");
  return isInequality ? 1 : FILTER_SELECTIVITY;
}
