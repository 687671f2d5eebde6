// Planning requests made of the recorded node texts in test/unit/frontend/fixtures, as the backend would send them.
// What is planned from them is printed in test/plans.
import type { CollationFact, FunctionFact, PlanRequest, RelationFact, TypeFact } from "#plan/planning.js";
import { readNodeText } from "#frontend/node_text.js";
import { walk } from "#frontend/text_fields.js";
import { readFileSync } from "node:fs";

/** The recorded statements: over one table, and over several. */
export type FixtureSet = "single_table" | "joins";

const folders: Readonly<Record<FixtureSet, URL>> = {
  single_table: new URL("../unit/frontend/fixtures/", import.meta.url),
  joins: new URL("../unit/frontend/fixtures/joins/", import.meta.url),
};

interface Facts {
  readonly types: readonly TypeFact[];
  readonly collations: readonly CollationFact[];
  readonly functions: readonly FunctionFact[];
  readonly relations: readonly Omit<RelationFact, "rteNode">[];
}

function readText(set: FixtureSet, name: string): string {
  return readFileSync(new URL(name, folders[set]), "utf8");
}

const factsOf: Readonly<Record<FixtureSet, Facts>> = {
  single_table: JSON.parse(readText("single_table", "facts.json")) as Facts,
  joins: JSON.parse(readText("joins", "facts.json")) as Facts,
};

/** SQL of every recorded statement by name. */
export function queriesOf(set: FixtureSet): Readonly<Record<string, string>> {
  return JSON.parse(readText(set, "queries.json")) as Readonly<Record<string, string>>;
}

export const fixtureQueries = queriesOf("single_table");

export function fixtureText(name: string, set: FixtureSet = "single_table"): Uint8Array {
  return new TextEncoder().encode(readText(set, `${name}.txt`).trimEnd());
}

/** The request the backend would send for a recorded statement. */
export function fixtureRequest(name: string, set: FixtureSet = "single_table"): PlanRequest {
  const query = fixtureText(name, set);
  const facts = factsOf[set];
  const relations: RelationFact[] = [];
  walk(readNodeText(query), (node) => {
    const relation = facts.relations.find((each) => String(each.relation) === node.fields.get("relid"));
    if (node.tag === "RANGETBLENTRY" && relation !== undefined)
      relations.push({ ...relation, rteNode: node.id });
    return undefined;
  });
  return {
    serverVersion: 150020,
    query,
    types: facts.types,
    collations: facts.collations,
    functions: facts.functions,
    relations,
    explain: true,
    timeZone: "UTC",
    workMemoryKb: 4096,
    runtimeFilters: false,
  };
}
