// Equality of answers, and whether a statement orders its own rows.
import { describe, expect, it } from "vitest";
import { hasOuterOrderBy, sameAnswer } from "#bench/compare_rows.js";
import type { Answer } from "#cluster/connection.js";

const answer = (...rows: (string | null)[][]): Answer => ({ columns: ["a", "b"], rows, command: "SELECT" });

describe("sameAnswer", () => {
  it("compares bytes, not values", () => {
    expect(sameAnswer(answer(["1.0", "x"]), answer(["1.00", "x"]), true)).toBe(false);
    expect(sameAnswer(answer([null, "x"]), answer(["", "x"]), true)).toBe(false);
    expect(sameAnswer(answer([null, "x"]), answer([null, "x"]), true)).toBe(true);
  });

  it("heeds the order only when told", () => {
    const up = answer(["1", "x"], ["2", "y"]);
    const down = answer(["2", "y"], ["1", "x"]);
    expect(sameAnswer(up, down, true)).toBe(false);
    expect(sameAnswer(up, down, false)).toBe(true);
  });

  it("counts duplicates", () => {
    const twice = answer(["1", "x"], ["1", "x"], ["2", "y"]);
    const once = answer(["1", "x"], ["2", "y"], ["2", "y"]);
    expect(sameAnswer(twice, once, false)).toBe(false);
  });

  it("compares column names", () => {
    const renamed = { ...answer(), columns: ["a", "c"] };
    expect(sameAnswer(answer(), renamed, true)).toBe(false);
  });
});

describe("hasOuterOrderBy", () => {
  it.each([
    ["select a from t order by a", true],
    ["select a from t ORDER  BY a limit 1", true],
    ["select a from (select a from t order by a) s", false],
    ["select sum(a) over (order by b) from t", false],
    ["select 'order by' from t", false],
  ])("%s", (statement, expected) => {
    expect(hasOuterOrderBy(statement)).toBe(expected);
  });
});
