// Which scans are asked for keys of texts, by the facts of a collation: recorded statements over several tables,
// planned as in databases whose collation is ICU's, one of the C library's, or C.
import { describe, expect, it } from "vitest";
import { Encoding } from "#generated/encodings.js";
import type { CollationFact, LeafColumn, PlanReady } from "#plan/planning.js";
import { planStatement } from "#worker/plan_statement.js";
import { fixtureRequest, queriesOf } from "../../../support/planning_fixtures.js";

const DEFAULT_COLLATION = 100;

const unordered: CollationFact = {
  oid: DEFAULT_COLLATION, deterministic: true, byteOrder: false, asciiLetters: false, libraryLetters: false,
  orderKeys: false,
};
const collations: Readonly<Record<"icu" | "language" | "c", CollationFact>> = {
  icu: { ...unordered, orderKeys: true },
  language: unordered,
  c: { ...unordered, byteOrder: true, asciiLetters: true },
};

function planned(name: string, collation: keyof typeof collations): PlanReady | undefined {
  const request = { ...fixtureRequest(name, "joins"), collations: [collations[collation]] };
  const answer = planStatement(request, () => 0n);
  return answer.kind === "ready" ? answer.ready : undefined;
}

const keysIn = (ready: PlanReady | undefined): readonly LeafColumn[] =>
  ready?.leaves.flatMap(({ columns }) => columns.filter(({ orderKey }) => orderKey !== undefined)) ?? [];

describe("keys of texts", () => {
  const names = Object.keys(queriesOf("joins"));

  it("are made under collations of ICU alone, as texts, and filter no scan", () => {
    for (const name of names) {
      for (const other of ["language", "c"] as const) expect(keysIn(planned(name, other)), name).toEqual([]);
      const ready = planned(name, "icu");
      for (const { encoding, orderKey } of keysIn(ready))
        expect([encoding, orderKey], name).toEqual([Encoding.text, DEFAULT_COLLATION]);
      for (const { columns, filters } of ready?.leaves ?? [])
        for (const { column } of filters.flatMap(({ keys }) => keys))
          expect(columns[column]?.orderKey, name).toBeUndefined();
    }
  });

  it("let the engine compare texts of two scans", () => {
    const conditions = (ready: PlanReady | undefined): string =>
      ready?.operators.flatMap(({ details }) => details.map(({ text }) => text)).join("\n") ?? "";
    expect(conditions(planned("with_joined_not_materialized", "icu"))).toContain("order of name < order of name");
    expect(conditions(planned("with_joined_not_materialized", "c"))).toContain("name < name");
    expect(conditions(planned("with_joined_not_materialized", "language"))).not.toContain("<");
  });
});
