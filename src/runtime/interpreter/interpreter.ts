// The slow reference interpreter of physical plans over arrays of plain rows: the oracle for compiled code, itself
// judged by PostgreSQL. Nothing here runs in production. Read next: evaluate.ts, aggregate.ts.
import { assert, defined } from "#base/assert.js";
import type { Scalar } from "#expr/expression.js";
import { partsWithoutColumns } from "#expr/traverse.js";
import { errorTemplates, throwTemplate } from "#functions/error_templates.js";
import { marksBuildRows } from "#lowering/table_plan.js";
import { sharedOf } from "#plan/columns_of.js";
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { limitValues } from "../limit_values.js";
import { isNeverTrue } from "../one_time_filter.js";
import { aggregateRows } from "./aggregate.js";
import { type Parameters, type Row, evaluate } from "./evaluate.js";
import { joinRows, retained } from "./join.js";
import { sortRows } from "./sort.js";
import { windowRows } from "./window.js";

/** The plan's result over the rows of its leaves; groups come in the order their first rows came. */
export function interpret(
  plan: PhysicalPlan,
  leaves: readonly (readonly Scalar[][])[],
  parameters: Parameters = new Map(),
): Scalar[][] {
  const results: Scalar[][] = [];
  for (const row of run(plan.root, { leaves, parameters, shared: sharedOf(plan.root), made: new Map() }))
    results.push(plan.outputs.map((_, index) => row(index)));
  return results;
}

interface Run {
  readonly leaves: readonly (readonly Scalar[][])[];
  readonly parameters: Parameters;
  readonly shared: ReturnType<typeof sharedOf>;
  /** Shared rows, made when somebody first asks. */
  readonly made: Map<number, readonly Row[]>;
}

function rowOf(values: readonly Scalar[]): Row {
  return (column) => {
    const value = values[column];
    assert(value !== undefined, `column ${column}`);
    return value;
  };
}

/** Whether an operator yields nothing because of a condition that no row changes, up to where rows are kept. */
function isNever(operator: PhysicalOperator, parameters: Parameters): boolean {
  switch (operator.kind) {
    case "filter":
      return isNeverTrue(partsWithoutColumns(operator.predicate), parameters) || isNever(operator.input, parameters);
    case "project": return isNever(operator.input, parameters);
    case "hashJoin": return !marksBuildRows[operator.join] && isNever(operator.probe, parameters);
    case "union": return operator.inputs.every((input) => isNever(input, parameters));
    default: return false;
  }
}

/** Rows flow one by one through all operators, as in PostgreSQL, which decides which of several errors is met first. */
function* run(operator: PhysicalOperator, at: Run): Iterable<Row> {
  const { leaves, parameters } = at;
  switch (operator.kind) {
    case "scan":
      for (const values of defined(leaves[operator.leaf], `leaf ${operator.leaf}`)) yield rowOf(values);
      return;
    case "filter":
      if (isNeverTrue(partsWithoutColumns(operator.predicate), parameters)) return;
      for (const row of run(operator.input, at)) {
        if (evaluate(operator.predicate, row, parameters) === true) yield row;
      }
      return;
    case "project":
      for (const row of run(operator.input, at)) {
        yield (column) =>
          evaluate(defined(operator.expressions[column], `column ${column}`), row, parameters);
      }
      return;
    case "hashAggregate":
      yield* aggregateRows(operator, run(operator.input, at), parameters);
      return;
    case "hashJoin": {
      // Nobody looks into the build side.
      if (!marksBuildRows[operator.join] && isNever(operator.probe, parameters)) return;
      const build = run(operator.build, at);
      yield* joinRows(operator, run(operator.probe, at), build, parameters);
      return;
    }
    case "union":
      for (const input of operator.inputs) yield* run(input, at);
      return;
    case "singleRow": {
      let only: Row | undefined;
      for (const row of run(operator.input, at)) {
        if (only !== undefined) throwTemplate(errorTemplates.moreThanOneRow);
        only = retained(row, operator.input);
      }
      yield only ?? ((): Scalar => null);
      return;
    }
    case "shared": case "sharedReading":
      yield* sharedRows(operator.share, at);
      return;
    case "sort":
      yield* sortRows(operator, run(operator.input, at), parameters);
      return;
    case "window":
      yield* windowRows(operator, run(operator.input, at), parameters);
      return;
    case "limit": {
      const { count, offset } = limitValues(operator, parameters);
      let [skip, take] = [offset, count];
      if (take === 0n) return;
      for (const row of run(operator.input, at)) {
        if (skip > 0n) skip--;
        else {
          yield retained(row, operator.input);
          if (--take === 0n) return;
        }
      }
    }
  }
}

function sharedRows(share: number, at: Run): readonly Row[] {
  const known = at.made.get(share);
  if (known !== undefined) return known;
  const { operator } = defined(at.shared.get(share), `shared rows ${share}`);
  const rows = [...run(operator.input, at)].map((row) => retained(row, operator.input));
  at.made.set(share, rows);
  return rows;
}
