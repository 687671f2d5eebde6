// What the engine's part of a plan will cost, in nanoseconds: everything above the leaves, up to the rows the backend
// rebuilds. The leaves and the edge are PostgreSQL's to estimate (native/extension/plan_cost.c), which also compares
// the sum with its own plan. Read next: schemas/tables/costs.json, where every number was measured.
import { costs } from "#generated/costs.js";
import { columnsOf } from "#plan/columns_of.js";
import type { PhysicalOperator, PhysicalPlan, SortKey } from "#plan/physical.js";

export interface EngineCost {
  readonly ns: number;
  /** By leaf: the share of its rows that its runtime filters let through. */
  readonly passed: readonly number[];
}

interface Cost {
  readonly rows: number;
  readonly ns: number;
  /** Share of the rows the planner expected that come when joins above filter the leaves below. */
  readonly share: number;
}

const NOTHING: Cost = { rows: 0, ns: 0, share: 1 };

type HashJoin = Extract<PhysicalOperator, { readonly kind: "hashJoin" }>;

/** A build row's partners, where the join's rows do not tell: lines of an order, orders of a customer. */
const PARTNERS = 4;

/** Rows the planner expects, else what the operator makes of its input by rule of thumb. */
function rowsOf(operator: PhysicalOperator, otherwise: number): number {
  return operator.rowsEstimate ?? otherwise;
}

/** One comparison of rows by these keys. */
function comparedNs(keys: readonly SortKey[]): number {
  const isOfText = keys.some(({ expression: { type } }) => type.kind === "text");
  return isOfText ? costs.comparedText : costs.comparedRow;
}

function sortedNs(rows: number, keys: readonly SortKey[]): number {
  return rows * Math.log2(Math.max(2, rows)) * comparedNs(keys);
}

/** The share of probe rows that have a partner. */
function matchedShare(join: HashJoin): number {
  const probeRows = Math.max(1, rowsOf(join.probe, 1));
  const yieldsBuild = join.join === "rightSemi" || join.join === "rightAnti";
  const matched = yieldsBuild ? join.buildRowsEstimate * PARTNERS : rowsOf(join, probeRows);
  return Math.min(1, matched / probeRows);
}

/** Of a join without its inputs. Without keys every row meets every row. */
export function joinNs(probed: number, built: number, joined: number, hasKeys: boolean): number {
  const met = hasKeys ? 0 : probed * built * costs.filteredRow;
  return met + built * costs.builtRow + probed * costs.probedRow + joined * costs.joinedRow;
}

/** Of a grouping without its input. */
export function groupingNs(rows: number, groups: number, keys: number, calls: number): number {
  const lookUp = keys === 0 ? 0 : costs.groupedRow;
  return rows * (lookUp + calls * costs.aggregatedRow) + groups * costs.group;
}

class CostModel {
  readonly passed: number[];

  constructor(leafCount: number) {
    this.passed = Array.from({ length: leafCount }, () => 1);
  }

  costOf(operator: PhysicalOperator): Cost {
    switch (operator.kind) {
      case "scan": {
        const share = this.passed[operator.leaf] ?? 1;
        return { rows: rowsOf(operator, 0) * share, ns: 0, share };
      }
      case "hashJoin": return this.#join(operator);
      case "hashAggregate": return this.#aggregate(operator);
      case "union": return this.#union(operator);
      case "singleRow": return { rows: 1, ns: this.costOf(operator.input).ns, share: 1 };
      case "filter": return this.#each(operator, operator.input, (rows) => rows * costs.filteredRow);
      case "project": {
        const computed = operator.expressions.filter(({ kind }) => kind !== "column").length;
        return this.#each(operator, operator.input, (rows) => rows * computed * costs.filteredRow);
      }
      case "shared": case "sharedReading": {
        const input = operator.kind === "shared" ? this.costOf(operator.input) : NOTHING;
        return { rows: rowsOf(operator, input.rows), ns: input.ns, share: 1 };
      }
      case "limit": return this.#each(operator, operator.input, () => 0);
      case "sort": {
        const { keys, limit = Infinity } = operator;
        return this.#each(operator, operator.input, (rows) =>
          (rows <= limit ? sortedNs(rows, keys) : rows * comparedNs(keys) + sortedNs(limit, keys)));
      }
      case "window":
        return this.#each(operator, operator.input, (rows) =>
          sortedNs(rows, operator.order) + rows * operator.calls.length * costs.aggregatedRow);
    }
  }

  /** An operator that takes its input's rows as they come. */
  #each(operator: PhysicalOperator, below: PhysicalOperator, nsOf: (rows: number) => number): Cost {
    const input = this.costOf(below);
    const { share } = input;
    const rows = operator.rowsEstimate === undefined ? input.rows : operator.rowsEstimate * share;
    return { rows, ns: input.ns + nsOf(input.rows), share };
  }

  /** The build side comes first, and filters leaves of the probe side. */
  #join(operator: HashJoin): Cost {
    const build = this.costOf(operator.build);
    const filters = operator.filters ?? [];
    const share = filters.length === 0 ? 1 : matchedShare(operator);
    for (const { leaf } of filters) this.passed[leaf] = (this.passed[leaf] ?? 1) * share;
    const probe = this.costOf(operator.probe);
    // What a join's own filter keeps away from it would not have come out of it.
    const kept = Math.min(1, probe.share / share) * build.share;
    const rows = rowsOf(operator, probe.rows) * kept;
    const ns = probe.ns + build.ns + joinNs(probe.rows, build.rows, rows, operator.probeKeys.length > 0);
    return { rows, ns, share: kept };
  }

  #aggregate(operator: Extract<PhysicalOperator, { readonly kind: "hashAggregate" }>): Cost {
    const input = this.costOf(operator.input);
    const expected = rowsOf(operator, operator.groupsEstimate) * input.share;
    const rows = operator.keys.length === 0 ? 1 : Math.min(expected, input.rows);
    const ns = input.ns + groupingNs(input.rows, rows, operator.keys.length, operator.aggregates.length);
    return { rows, ns, share: input.share };
  }

  #union({ inputs }: Extract<PhysicalOperator, { readonly kind: "union" }>): Cost {
    const all = inputs.map((input) => this.costOf(input));
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const share = Math.max(...all.map((input) => input.share));
    return { rows: sum(all.map(({ rows }) => rows)), ns: sum(all.map(({ ns }) => ns)), share };
  }
}

/** The cost of a plan above its leaves, and what its filters leave of them. */
export function engineCost({ root, leafCount }: PhysicalPlan): EngineCost {
  const model = new CostModel(leafCount);
  const { rows, ns } = model.costOf(root);
  return {
    ns: ns + rows * (costs.resultRow + columnsOf(root).length * costs.resultValue),
    passed: model.passed,
  };
}
