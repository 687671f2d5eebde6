// Chooses the order of joins: DPHyp while its budget lasts, else the better of greedy operator ordering and the order
// as written, each improved by linearised dynamic programming. Never an error and, without a clock, always the same
// answer. Callers with an operator tree of any size use reorderJoins() in large_trees.ts. Read next: dphyp.ts.
import { assert } from "#base/assert.js";
import type { BudgetClock } from "./budget.js";
import { Budget } from "./budget.js";
import type { BuildSides, CostModel } from "./cost_model.js";
import { defaultBuildSides, measuredCostModel } from "./cost_model.js";
import { Dphyp } from "./dphyp.js";
import { pairsAtLeast } from "./foresight.js";
import { greedyPlan } from "./greedy.js";
import type { JoinGraph } from "./join_graph.js";
import type { JoinTree } from "./join_tree.js";
import { predicatesOf } from "./join_tree.js";
import { linearisedPlan } from "./linearised.js";
import type { Plan } from "./plan_space.js";
import { PlanSpace } from "./plan_space.js";

/** `written` keeps the operator tree's order, except that inner joins are not made cross joins needlessly. */
export type OrderingAlgorithm = "dphyp" | "linearised" | "written";

export interface OrderingOptions {
  /** Where to start; dphyp falls back to linearised. Default dphyp. */
  readonly algorithm?: OrderingAlgorithm;
  readonly cost?: CostModel;
  readonly buildSides?: BuildSides;
  /** csg-cmp pairs after which DPHyp gives up. */
  readonly pairsMax?: number;
  /** Ends the enumeration early; the answer then depends on the machine. */
  readonly clock?: BudgetClock;
}

/**
 * About 30 ms at some 0.6 microseconds a pair, of the 50 that a query this large may take. Enough for stars of 13 and
 * cliques of 10 relations, and for chains of RELATIONS_MAX.
 */
const PAIRS_MAX = 50_000;

export interface JoinOrder {
  readonly tree: JoinTree;
  /** The algorithm whose plan was taken. */
  readonly algorithm: OrderingAlgorithm;
  /** csg-cmp pairs DPHyp joined, finished or not. */
  readonly pairs: number;
}

interface Chosen {
  readonly plan: Plan;
  readonly algorithm: OrderingAlgorithm;
}

function fallback(space: PlanSpace, clock: BudgetClock | undefined): Chosen {
  const written = space.nested(space.graph.asWritten);
  const greedy = greedyPlan(space);
  const starts = greedy === undefined ? [written] : [greedy, written];
  const plans = starts.map((plan) => linearisedPlan(space, plan, clock));
  const best = plans.reduce((best, plan) => (plan.costNs < best.costNs ? plan : best));
  return { plan: best, algorithm: best === written ? "written" : "linearised" };
}

/** Whether each predicate of the graph is evaluated, or implied, exactly once. */
function isComplete(tree: JoinTree, { hyperedges }: JoinGraph): boolean {
  const wanted = hyperedges.flatMap(({ predicates }) => predicates.map(({ predicate }) => predicate.id));
  const found = predicatesOf(tree);
  return found.length === wanted.length && new Set(found).size === new Set([...found, ...wanted]).size;
}

/** The cheapest order found for a graph of at least one and at most RELATIONS_MAX relations. */
export function orderJoins(graph: JoinGraph, options: OrderingOptions = {}): JoinOrder {
  assert(graph.relations.length > 0, "there is something to join");
  const { algorithm = "dphyp", cost = measuredCostModel, buildSides = defaultBuildSides, clock } = options;
  const space = new PlanSpace(graph, cost, buildSides);
  const { pairsMax = PAIRS_MAX } = options;
  const budget = new Budget(pairsMax, clock);
  const mayEnd = algorithm === "dphyp" && pairsAtLeast(graph) <= pairsMax;
  const solved = mayEnd ? new Dphyp(space, budget).solve() : undefined;
  const written = (): Chosen => ({ plan: space.nested(graph.asWritten), algorithm: "written" });
  let chosen: Chosen;
  if (solved !== undefined) chosen = { plan: solved, algorithm: "dphyp" };
  else chosen = algorithm === "written" ? written() : fallback(space, clock);
  const tree = space.treeOf(chosen.plan);
  // The conflict rules promise this of every plan; should one slip through, a slow order beats a wrong answer.
  if (isComplete(tree, graph)) return { tree, algorithm: chosen.algorithm, pairs: budget.pairs };
  return { tree: space.treeOf(written().plan), algorithm: "written", pairs: budget.pairs };
}
