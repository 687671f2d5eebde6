// What is foreseen of an enumeration is never more than it takes; of the shapes that take most it is all.
import { describe, expect, it } from "vitest";
import { joinGraphOf } from "#optimizer/joinorder/conflict_detection.js";
import { pairsAtLeast } from "#optimizer/joinorder/foresight.js";
import { orderJoins } from "#optimizer/joinorder/order_joins.js";
import { Chance, QueryGenerator, shapeQuery } from "./generated_queries.js";

describe("the pairs foreseen", () => {
  it("are all of a star's and a clique's", () => {
    for (const shape of ["star", "clique"] as const)
      for (let count = 3; count <= 9; count += 1) {
        const graph = joinGraphOf(shapeQuery(shape, count, new Chance(count)));
        expect(pairsAtLeast(graph)).toBe(orderJoins(graph).pairs);
      }
  });

  it("are no more than there are, whatever the joins", () => {
    const kinds = ["inner", "inner", "inner", "left", "full", "semi", "anti", "mark"] as const;
    for (let seed = 0; seed < 400; seed += 1) {
      const generation = { relations: 3 + (seed % 6), kinds, isOdd: seed % 2 === 1, hasConjunctions: true };
      const graph = joinGraphOf(new QueryGenerator(seed, generation).generate().query);
      const { algorithm, pairs } = orderJoins(graph);
      if (algorithm === "dphyp") expect(pairsAtLeast(graph)).toBeLessThanOrEqual(pairs);
    }
  });

  it("beyond the budget go straight to the fallback", () => {
    const graph = joinGraphOf(shapeQuery("clique", 14, new Chance(1)));
    const order = orderJoins(graph);
    expect(order.pairs).toBe(0);
    expect(order.algorithm).not.toBe("dphyp");
  });
});
