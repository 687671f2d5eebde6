// What the engine's part of a plan will cost, in nanoseconds: everything above the leaves, up to the rows the backend
// rebuilds. The leaves and the edge are PostgreSQL's to estimate (native/extension/plan_cost.c), which also compares
// the sum with its own plan. Read next: schemas/tables/costs.json, where every number was measured.
import { costs } from "#generated/costs.js";
import { columnsOf } from "#plan/columns_of.js";
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";

interface Cost {
  readonly rows: number;
  readonly ns: number;
}

const NO_ROWS: Cost = { rows: 0, ns: 0 };

/** Rows the planner expects, else what the operator makes of its input by rule of thumb. */
function rowsOf(operator: PhysicalOperator, otherwise: number): number {
  return operator.rowsEstimate ?? otherwise;
}

function joinCost(operator: Extract<PhysicalOperator, { readonly kind: "hashJoin" }>): Cost {
  const probe = costOf(operator.probe);
  const build = costOf(operator.build);
  const rows = rowsOf(operator, probe.rows);
  // Without keys every row meets every row.
  const met = operator.probeKeys.length === 0 ? probe.rows * build.rows * costs.filteredRow : 0;
  const ns = probe.ns + build.ns + met + build.rows * costs.builtRow + probe.rows * costs.probedRow
    + rows * costs.joinedRow;
  return { rows, ns };
}

function costOf(operator: PhysicalOperator): Cost {
  switch (operator.kind) {
    case "scan": return { rows: rowsOf(operator, 0), ns: 0 };
    case "filter": {
      const input = costOf(operator.input);
      return { rows: rowsOf(operator, input.rows), ns: input.ns + input.rows * costs.filteredRow };
    }
    case "project": {
      const input = costOf(operator.input);
      const computed = operator.expressions.filter(({ kind }) => kind !== "column").length;
      return { rows: input.rows, ns: input.ns + input.rows * computed * costs.filteredRow };
    }
    case "hashAggregate": {
      const input = costOf(operator.input);
      const rows = operator.keys.length === 0 ? 1 : Math.min(rowsOf(operator, operator.groupsEstimate), input.rows);
      const lookUp = operator.keys.length === 0 ? 0 : costs.groupedRow;
      const each = lookUp + operator.aggregates.length * costs.aggregatedRow;
      return { rows, ns: input.ns + input.rows * each + rows * costs.group };
    }
    case "hashJoin": return joinCost(operator);
    case "singleRow": return { rows: 1, ns: costOf(operator.input).ns };
    case "union":
      return operator.inputs.map(costOf).reduce(
        (sum, each) => ({ rows: sum.rows + each.rows, ns: sum.ns + each.ns }), NO_ROWS);
    case "limit": {
      const input = costOf(operator.input);
      return { rows: rowsOf(operator, input.rows), ns: input.ns };
    }
    case "sort": {
      const input = costOf(operator.input);
      const comparisons = input.rows * Math.log2(Math.max(2, input.rows));
      return { rows: rowsOf(operator, input.rows), ns: input.ns + comparisons * costs.comparedRow };
    }
  }
}

/** The cost of a plan above its leaves. */
export function engineNs({ root }: PhysicalPlan): number {
  const { rows, ns } = costOf(root);
  return ns + rows * (costs.resultRow + columnsOf(root).length * costs.resultValue);
}
