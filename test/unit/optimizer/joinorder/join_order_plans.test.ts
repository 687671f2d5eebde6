// Printed orders of small queries: which side is built on, which predicates stand where, what classes of equalities
// imply; and what happens to queries beyond DPHyp's reach.
import { describe, expect, it } from "vitest";
import { joinGraphOf } from "#optimizer/joinorder/conflict_detection.js";
import { defaultBuildSides } from "#optimizer/joinorder/cost_model.js";
import { explainJoinTree, leavesOf, predicatesOf } from "#optimizer/joinorder/join_tree.js";
import { reorderJoins } from "#optimizer/joinorder/large_trees.js";
import type { JoinPredicate, JoinQuery, OperatorTree, Relation } from "#optimizer/joinorder/operator_tree.js";
import type { OrderingOptions } from "#optimizer/joinorder/order_joins.js";
import { orderJoins } from "#optimizer/joinorder/order_joins.js";
import {
  Chance, QueryGenerator, equality, innerQuery, leaf, predicateIds, relationsOfRows, shapeQuery,
} from "./generated_queries.js";
import type { TinyDatabase, Value } from "./tiny_database.js";
import { columnOf, runJoinTree, runOperatorTree } from "./tiny_database.js";

function relations(rows: Readonly<Record<string, number>>): Relation[] {
  return Object.entries(rows).map(([name, count]) => ({ name, rows: count, widthBytes: 16 }));
}

function explained(query: JoinQuery, options: OrderingOptions = {}): string[] {
  return explainJoinTree(reorderJoins(query, options).tree, query.relations).split("\n");
}

function inner(inputs: readonly OperatorTree[], predicates: readonly JoinPredicate[]): OperatorTree {
  return { kind: "inner", inputs, predicates };
}

describe("an order", () => {
  it("of a star probes with the facts and builds on the dimensions", () => {
    const query: JoinQuery = {
      relations: relations({ sales: 1_000_000, item: 1000, day: 365, store: 10 }),
      tree: inner([leaf(0), leaf(1), leaf(2), leaf(3)], [
        equality(1, [0], [1], 1 / 1000), equality(2, [0], [2], 1 / 3650), equality(3, [0], [3], 1 / 10),
      ]),
    };
    expect(explained(query)).toEqual([
      "inner join on p1 build right (100000 rows)",
      "  inner join on p3 build right (100000 rows)",
      "    inner join on p2 build right (100000 rows)",
      "      sales (1000000 rows)",
      "      day (365 rows)",
      "    store (10 rows)",
      "  item (1000 rows)",
    ]);
  });

  it("moves an inner join below the left join it does not touch, and filters after padding", () => {
    const tree: OperatorTree = {
      kind: "left", left: leaf(0), right: leaf(1), predicates: [equality(1, [0], [1], 1e-4)],
    };
    const query: JoinQuery = {
      relations: relations({ orders: 100_000, notes: 20_000, customers: 10 }),
      tree: inner([tree, leaf(2)], [
        equality(2, [0], [2], 1e-4),
        { id: 3, relations: [0, 1], rejectsNulls: [0], selectivity: 0.5 },
        { id: 4, relations: [2], rejectsNulls: [2], selectivity: 0.5 },
      ]),
    };
    expect(explained(query)).toEqual([
      "left join on p1 filter p3 build left (50 rows)",
      "  inner join on p2 build right (50 rows)",
      "    orders (100000 rows)",
      "    customers filter p4 (5 rows)",
      "  notes (20000 rows)",
    ]);
  });

  it("builds semi, anti and mark joins on the sides the engine can", () => {
    const firstLine = (kind: "semi" | "anti" | "mark", build?: "right"): string | undefined => explained({
      relations: relations({ few: 10, many: 1_000_000 }),
      tree: {
        kind, left: leaf(0), right: leaf(1), predicates: [equality(1, [0], [1], 1e-6)], matchFraction: 0.3,
        ...(build === undefined ? {} : { build }),
      },
    })[0];
    expect(firstLine("semi")).toBe("semi join on p1 build left (3 rows)");
    expect(firstLine("anti")).toBe("anti join on p1 build left (7 rows)");
    expect(firstLine("anti", "right")).toBe("anti join on p1 build right (7 rows)");
    expect(firstLine("mark")).toBe("mark join on p1 build right (10 rows)");
  });

  it("names the caller's operators again", () => {
    const tree: OperatorTree = { kind: "mark", operator: 17, left: leaf(0), right: leaf(1), predicates: [] };
    const order = reorderJoins({ relations: relationsOfRows([5, 6]), tree });
    expect(order.tree).toMatchObject({ join: "mark", operator: 17, predicates: [] });
  });

  it("multiplies what nothing connects, the small parts first", () => {
    const query = innerQuery([1000, 5, 2000, 3], [equality(1, [0], [2], 1e-3)]);
    expect(explained(query)).toEqual([
      "cross join build left (30000 rows)",
      "  cross join build left (15 rows)",
      "    r3 (3 rows)",
      "    r1 (5 rows)",
      "  inner join on p1 build left (2000 rows)",
      "    r0 (1000 rows)",
      "    r2 (2000 rows)",
    ]);
  });

  it("multiplies both sides of an equality of sums to hash it", () => {
    const query = innerQuery([100, 100, 100, 100], [equality(1, [0, 3], [1, 2], 1e-4)]);
    expect(explained(query, { buildSides: { ...defaultBuildSides, inner: "right" } })[0])
      .toBe("inner join on p1 build right (10000 rows)");
  });

  it("of one relation is the relation", () => {
    const constant: JoinPredicate = { id: 7, relations: [], rejectsNulls: [], selectivity: 0.5 };
    const query = { relations: relationsOfRows([8]), tree: inner([leaf(0)], [constant]) };
    expect(explained(query)).toEqual(["r0 filter p7 (4 rows)"]);
  });

  it("keeps the tree's order when asked", () => {
    const query = innerQuery([1000, 10, 10], [equality(1, [0], [1], 0.5), equality(2, [1], [2], 0.01)]);
    const order = reorderJoins(query, { algorithm: "written" });
    expect([order.algorithm, order.pairs, leavesOf(order.tree)]).toEqual(["written", 0, [0, 1, 2]]);
    expect(reorderJoins(query).algorithm).toBe("dphyp");
  });
});

describe("an equivalence class", () => {
  const classQuery = (rows: readonly number[], pairs: readonly (readonly [number, number])[]): JoinQuery =>
    innerQuery(rows, pairs.map(([one, other], id) => ({
      ...equality(id, [one], [other], 1 / Math.max(rows[one] ?? 1, rows[other] ?? 1)), equivalence: 1,
    })));

  it("counts and evaluates no equality twice", () => {
    const query = classQuery([10, 20, 30], [[0, 1], [1, 2], [0, 2]]);
    const lines = explained(query);
    // 10 * 20 * 30 / (20 * 30), where three independent predicates would give a thirtieth of a row.
    expect(lines[0]).toMatch(/^inner join on p\d implied p\d build \w+ \(10 rows\)$/);
  });

  it("leaves out only what the others imply", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const chance = new Chance(seed);
      const count = 3 + chance.below(4);
      const all = Array.from({ length: count }, (_, relation) => relation);
      const pairs = [
        ...all.slice(1).map((relation) => [chance.below(relation), relation] as const),
        ...all.map((relation) => [relation, chance.below(count)] as const).filter(([a, b]) => a !== b),
      ];
      const query = classQuery(all.map(() => 1 + chance.below(50)), pairs);
      const value = (): Value => (chance.happens(0.2) ? null : chance.below(3));
      const database: TinyDatabase = {
        tables: all.map(() => Array.from({ length: 1 + chance.below(4) }, () => [value()])),
        predicates: new Map(pairs.map(([one, other], id) => [id, (row) => {
          const left = columnOf(row, one, 0);
          const right = columnOf(row, other, 0);
          return left === null || right === null ? null : left === right;
        }])),
      };
      for (const algorithm of ["dphyp", "linearised", "written"] as const) {
        const { tree } = orderJoins(joinGraphOf(query), { algorithm });
        expect(predicatesOf(tree).length).toBe(pairs.length);
        expect({ seed, rows: runJoinTree(tree, database) })
          .toEqual({ seed, rows: runOperatorTree(query.tree, database) });
      }
    }
  });
});

describe("a budget", () => {
  it("of pairs ends in a valid plan of the fallback, the same each time", () => {
    for (const shape of ["chain", "cycle", "star", "clique"] as const) {
      const query = shapeQuery(shape, 40, new Chance(40));
      const order = reorderJoins(query, { pairsMax: 500 });
      expect(order.algorithm).toBe("linearised");
      expect(leavesOf(order.tree).sort((a, b) => a - b)).toEqual(query.relations.map((_, relation) => relation));
      expect(predicatesOf(order.tree).sort()).toEqual(predicateIds(query.tree).sort());
      expect(reorderJoins(query, { pairsMax: 500 })).toEqual(order);
    }
  });

  it("of time ends at once when it is over", () => {
    let readings = 0;
    const clock = { deadlineNs: 3, nowNs: () => { readings += 1; return readings; } };
    const order = reorderJoins(shapeQuery("clique", 16, new Chance(1)), { clock });
    expect(order.pairs).toBeLessThan(1000);
    expect(leavesOf(order.tree).length).toBe(16);
  });

  it("costs little: the fallback stays near the optimum", () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const query = shapeQuery(new Chance(seed).pick(["chain", "cycle", "star", "clique"]), 8, new Chance(seed));
      const costOf = (options: OrderingOptions): number => {
        const { tree } = reorderJoins(query, options);
        return tree.kind === "join" ? tree.costNs : 0;
      };
      const best = costOf({});
      const found = costOf({ algorithm: "linearised" });
      expect(found).toBeGreaterThanOrEqual(best * (1 - 1e-9));
      expect(found).toBeLessThanOrEqual(costOf({ algorithm: "written" }) * (1 + 1e-9));
    }
  });
});

describe("a tree beyond a relation set", () => {
  it("is ordered in pieces", () => {
    for (const count of [65, 100, 200]) {
      const query = shapeQuery("star", count, new Chance(count));
      const order = reorderJoins(query, { pairsMax: 200 });
      expect(leavesOf(order.tree).sort((a, b) => a - b)).toEqual(query.relations.map((_, relation) => relation));
      expect(predicatesOf(order.tree).sort()).toEqual(predicateIds(query.tree).sort());
      expect(explainJoinTree(order.tree, query.relations)).not.toContain("cross");
    }
  });

  it("gives the rows of the original", () => {
    const kinds = ["inner", "left", "left", "semi", "anti", "mark", "full"] as const;
    let rows = 0;
    for (let seed = 0; seed < 12; seed += 1) {
      const generation = { relations: 70 + seed, kinds, isOdd: seed % 2 === 1, hasConjunctions: true };
      const { query, databases: [database] } = new QueryGenerator(seed, generation).generate();
      if (database === undefined) throw new Error("a query has data");
      // One row each, lest seventy joins multiply beyond memory.
      const tables = database.tables.map((table) => table.slice(0, 1));
      const wanted = runOperatorTree(query.tree, { ...database, tables });
      rows += wanted.length;
      const order = reorderJoins(query, { pairsMax: 200 });
      expect(predicatesOf(order.tree).sort()).toEqual(predicateIds(query.tree).sort());
      expect({ seed, rows: runJoinTree(order.tree, { ...database, tables }) })
        .toEqual({ seed, rows: wanted });
    }
    expect(rows).toBeGreaterThan(0);
  });
});
