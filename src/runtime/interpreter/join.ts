// Reference joins: every probe row against every build row, the last build row first, as compiled code finds them; then
// the build rows nobody met, in their order. Read next: interpreter.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { matchesOnly } from "#lowering/table_plan.js";
import { columnsOf } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";
import { groupKey } from "./aggregate.js";
import { type Parameters, type Row, evaluate } from "./evaluate.js";

type HashJoin = Extract<PhysicalOperator, { kind: "hashJoin" }>;

interface BuildRow {
  readonly row: Row;
  readonly key: string | undefined;
  matched: boolean;
}

/** A string that equal keys share; undefined when one is NULL, which equals nothing. */
function joinKey(keys: readonly Expression[], row: Row, parameters: Parameters): string | undefined {
  const values = keys.map((key) => evaluate(key, row, parameters));
  if (values.includes(null)) return undefined;
  return values.map((value, index) => groupKey(value, defined(keys[index], "a key").type)).join("|");
}

const nulls: Row = () => null;

export function* joinRows(
  operator: HashJoin, probe: Iterable<Row>, buildRows: Iterable<Row>, parameters: Parameters,
): Iterable<Row> {
  const { join, residual } = operator;
  const width = columnsOf(operator.probe).length;
  const both = (left: Row, right: Row): Row =>
    (column) => (column < width ? left(column) : right(column - width));
  // The build side is read before the probe side, whose errors come later.
  const build = readBuild(operator, buildRows, parameters).reverse();
  // A nested loop over nothing does not read the probe side (needed_pipelines.ts).
  if (matchesOnly[join] && operator.probeKeys.length === 0 && build.length === 0) return;
  for (const left of probe) {
    const key = joinKey(operator.probeKeys, left, parameters);
    let found = false;
    for (const right of build) {
      if (key === undefined || right.key !== key) continue;
      if (join === "rightSemi" || join === "rightAnti") if (right.matched) continue;
      if (residual !== undefined && evaluate(residual, both(left, right.row), parameters) !== true) continue;
      found = true;
      right.matched = true;
      if (join === "semi" || join === "anti" || join === "nullAwareAnti") break;
      if (join !== "rightSemi" && join !== "rightAnti") yield both(left, right.row);
    }
    if (join === "semi" && found) yield left;
    if (join === "anti" && !found) yield left;
    if (join === "nullAwareAnti" && notIn(found, key, build)) yield left;
    if ((join === "left" || join === "full") && !found) yield both(left, nulls);
  }
  for (const { row, matched } of build.toReversed()) {
    if (join === "right" || join === "full") {
      if (!matched) yield both(nulls, row);
    } else if ((join === "rightSemi" && matched) || (join === "rightAnti" && !matched)) yield row;
  }
}

/** Keys first: a row whose NULL key no one needs is not looked at further. */
function readBuild(operator: HashJoin, rows: Iterable<Row>, parameters: Parameters): BuildRow[] {
  const keepsNulls = operator.join === "right" || operator.join === "full" || operator.join === "rightAnti";
  const build: BuildRow[] = [];
  for (const row of rows) {
    const key = joinKey(operator.buildKeys, row, parameters);
    const unseen = key === undefined && !keepsNulls;
    build.push({ row: unseen ? nulls : retained(row, operator.build), key, matched: false });
  }
  return build;
}

/** A row an operator keeps: all its columns are computed now. */
export function retained(row: Row, operator: PhysicalOperator): Row {
  const values = columnsOf(operator).map((_, column) => row(column));
  return (column) => defined(values[column], `column ${column}`);
}

/** x NOT IN a list: true of an empty list; of another only when nothing in it, nor x, is NULL, and nothing is x. */
function notIn(found: boolean, key: string | undefined, build: readonly BuildRow[]): boolean {
  if (build.length === 0) return true;
  return !found && key !== undefined && build.every((row) => row.key !== undefined);
}
