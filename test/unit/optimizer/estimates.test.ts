// Estimates from the statistics of a request: shares of conditions, ranges, and distinct values among fewer rows.
import { readNodeText } from "#frontend/node_text.js";
import type { TextNode } from "#frontend/node_text.js";
import { RequestFacts } from "#frontend/request_facts.js";
import { walk } from "#frontend/text_fields.js";
import { shareOfQuals, valuesCombined, valuesKept } from "#optimizer/estimates.js";
import type { ConditionFact, PlanRequest } from "#plan/planning.js";
import { describe, expect, test } from "vitest";

const variable = (column: number): string =>
  `{VAR :varno 1 :varattno ${column} :vartype 23 :vartypmod -1 :varcollid 0 :varlevelsup 0}`;
const comparison = (column: number): string => `{OPEXPR :opno 97 :opfuncid 66 :args (${variable(column)})}`;

function conditions(text: string): TextNode[] {
  const found: TextNode[] = [];
  walk(readNodeText(new TextEncoder().encode(`{LISTHOLDER :items (${text})}`)), (node) => {
    if (node.tag === "OPEXPR") found.push(node);
    return undefined;
  });
  return found;
}

function factsOf(known: readonly ConditionFact[]): RequestFacts {
  const request: PlanRequest = {
    serverVersion: 150000, query: new Uint8Array(0), types: [], collations: [], functions: [], relations: [],
    explain: false, timeZone: "UTC", workMemoryKb: 4096, runtimeFilters: false, conditions: known,
  };
  return new RequestFacts(request);
}

describe("the share of rows that pass", () => {
  const [first, second, third] = conditions([1, 1, 2].map(comparison).join(" "));
  const quals = [first, second, third].filter((each) => each !== undefined);

  test("is a product over columns, and what is left between two bounds of one", () => {
    const facts = factsOf(quals.map((qual, index) => ({
      node: qual.id,
      selectivity: [0.6, 0.5, 0.25][index] ?? 1,
      bound: (["upper", "lower", "upper"] as const)[index] ?? "none",
    })));
    expect(shareOfQuals(quals, facts)).toBeCloseTo((0.6 + 0.5 - 1) * 0.25);
  });

  test("stays above zero where bounds seem to exclude each other, and is guessed where nothing is known", () => {
    const facts = factsOf(quals.slice(0, 2).map((qual, index) => ({
      node: qual.id, selectivity: 0.1, bound: index === 0 ? "upper" : "lower",
    })));
    expect(shareOfQuals(quals.slice(0, 2), facts)).toBe(0.005);
    expect(shareOfQuals(quals, factsOf([]))).toBeGreaterThan(0);
  });
});

test("distinct values shrink with the rows, slowly while each value has many", () => {
  expect(valuesKept(10, 1000, 500)).toBeCloseTo(10);
  expect(valuesKept(1000, 1000, 500)).toBeCloseTo(500);
  expect(valuesKept(1000, 1000, 5000)).toBe(1000);
  expect(valuesKept(1000, 1_000_000, 3)).toBeLessThanOrEqual(3);
});

test("combinations of a table's columns are fewer than their product", () => {
  expect(valuesCombined([25, 150, 50], 200_000)).toBe(20_000);
  expect(valuesCombined([25, 4], 200_000)).toBe(100);
  expect(valuesCombined([150_000, 3], 200_000)).toBe(150_000);
  expect(valuesCombined([25, 150, 50], undefined)).toBe(187_500);
});
