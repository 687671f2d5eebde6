// A suite of statements over one schema: each is answered by PostgreSQL alone and with the engine on, in the given
// protocols, and the answers are the same bytes, in order where the statement orders its rows; or it is refused by
// name. The server is that of throwaway_cluster.ts. For generated statements read generated.test.ts instead.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasOuterOrderBy } from "#bench/compare_rows.js";
import { defined } from "#base/assert.js";
import { answer, refused, unordered, type Protocol } from "./answers.js";

export interface NamedStatement {
  readonly name: string;
  readonly text: string;
  /** PostgreSQL has no part in it but its scans and what stands above the engine. */
  readonly isEngines?: boolean;
}

export interface ComparedStatements {
  /** What the suite calls them. */
  readonly title: string;
  /** A schema of the suite's own, which is made and dropped. */
  readonly schema: string;
  /** Makes and fills its tables. */
  readonly definitions: URL;
  readonly statements: readonly NamedStatement[];
  /** Refused today; may only become fewer. */
  readonly refusedMax: number;
  /** Some are about errors: both must answer with the same. */
  readonly errors?: boolean;
}

/** Statements of a file, each with the comment before it as its name. */
export function readStatements(file: URL): readonly NamedStatement[] {
  return readFileSync(file, "utf8").split(/;\n/).map((text) => text.trim()).filter((text) => text !== "")
    .map((text) => ({ name: /^-- (.*)/.exec(text)?.[1] ?? text, text: text.replace(/^--.*\n/, "") }));
}

/** The parts PostgreSQL runs in the engine's place: as leaves or subqueries, and above it. */
async function partsByPostgres(
  client: pg.Client, text: string,
): Promise<{ readonly below: readonly string[]; readonly above: readonly string[] }> {
  const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`);
  const lines = rows.map((row) => row["QUERY PLAN"].trim());
  const having = (words: string): readonly string[] => lines.filter((line) => line.includes(words));
  return { below: having(" by PostgreSQL: "), above: having(" in PostgreSQL: ") };
}

/** Defines the suite. */
export function compareStatements(
  { title, schema, definitions, statements, refusedMax, errors = false }: ComparedStatements,
  protocols: readonly Protocol[] = ["simple", "extended"],
): void {
  const opened: pg.Client[] = [];
  const [plain, fusion] = [() => defined(opened[0], "a session"), () => defined(opened[1], "a session")];

  beforeAll(async () => {
    opened.push(new pg.Client(), new pg.Client());
    for (const client of opened) await client.connect();
    await plain().query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
    for (const client of opened) await client.query(`SET search_path = ${schema}`);
    await plain().query(readFileSync(definitions, "utf8"));
    await fusion().query("SET pg_fusion.enable = on");
  }, 120_000);

  afterAll(async () => {
    await plain().query(`DROP SCHEMA ${schema} CASCADE`);
    for (const client of opened) await client.end();
  });

  describe(title, () => {
    const refusals = new Set<string>();
    const shared = new Set<string>();

    it.each(statements)("$name", async ({ name, text, isEngines }) => {
      let isAnswered = true;
      for (const protocol of protocols) {
        const expected = await answer(plain(), text, protocol);
        const actual = await answer(fusion(), text, protocol);
        if (!errors) expect(expected.kind).toBe("rows");
        isAnswered &&= actual.kind === "rows";
        if (refused(actual)) refusals.add(name);
        else if (hasOuterOrderBy(text)) expect(actual).toEqual(expected);
        else expect(unordered(actual)).toEqual(unordered(expected));
      }
      if (!isAnswered) return;
      const parts = await partsByPostgres(fusion(), text);
      if (parts.below.length > 0) shared.add(name);
      if (isEngines) expect(parts).toEqual({ below: [], above: [] });
    });

    it("refuses few of them", () => {
      console.log(`${statements.length - refusals.size} equal, ${shared.size} of them with a part by PostgreSQL; `
        + `${refusals.size} refused${[...refusals].map((name) => `\n  refused: ${name}`).join("")}`);
      expect(refusals.size).toBeLessThanOrEqual(refusedMax);
    });
  });
}
