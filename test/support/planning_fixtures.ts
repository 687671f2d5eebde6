// Planning requests made of the recorded node texts in test/unit/frontend/fixtures, as the backend would send them.
// What is planned from them is printed in test/plans.
import type { CollationFact, FunctionFact, PlanRequest, RelationFact, TypeFact } from "#plan/planning.js";
import { readNodeText } from "#frontend/node_text.js";
import { walk } from "#frontend/text_fields.js";
import { readFileSync } from "node:fs";

const folder = new URL("../unit/frontend/fixtures/", import.meta.url);

interface Facts {
  readonly types: readonly TypeFact[];
  readonly collations: readonly CollationFact[];
  readonly functions: readonly FunctionFact[];
  readonly relations: readonly Omit<RelationFact, "rteNode">[];
}

function readText(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

const facts = JSON.parse(readText("facts.json")) as Facts;

/** SQL of every recorded statement by name. */
export const fixtureQueries = JSON.parse(readText("queries.json")) as Readonly<Record<string, string>>;

export function fixtureText(name: string): Uint8Array {
  return new TextEncoder().encode(readText(`${name}.txt`).trimEnd());
}

/** The request the backend would send for a recorded statement. */
export function fixtureRequest(name: string): PlanRequest {
  const query = fixtureText(name);
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
  };
}
