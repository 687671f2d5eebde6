// Generated statements: each must answer as PostgreSQL does, rows or error, or be refused by name with 0A000. A
// difference is cut down to a small statement before it is shown. PG_FUSION_STATEMENTS and PG_FUSION_SEED set how many
// and which (`npm run soak:differential`). Read next: test/support/generator/queries.ts.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare, type Comparison, difference } from "../support/generator/compare.js";
import { dropOrders, otherOrderRaises } from "../support/generator/other_orders.js";
import { StatementMaker } from "../support/generator/queries.js";
import { schemaStatements } from "../support/generator/schema.js";
import { shrunk } from "../support/generator/shrink.js";
import { enter, surroundings } from "../support/generator/surroundings.js";
import { plainSelect, textOf, type Query } from "../support/generator/tree.js";
import { prepared, typedConstants, type Way, ways } from "../support/generator/ways.js";
import { leaf } from "../support/generator/expressions.js";
import { answer } from "../support/answers.js";
import { Dice } from "../support/random_plans.js";

const STATEMENTS = Number(process.env["PG_FUSION_STATEMENTS"] ?? 300);
const SEED = Number(process.env["PG_FUSION_SEED"] ?? 1);
/** Number of the first statement, to go on where a run ended. */
const FIRST = Number(process.env["PG_FUSION_FIRST"] ?? 0);
const DIFFERENCES_MAX = Number(process.env["PG_FUSION_DIFFERENCES"] ?? 5);
const SHOWS_DETAILS = process.env["PG_FUSION_DETAILS"] === "1";
/** Every so many statements are explained, for the share PostgreSQL runs. */
const EXPLAINED_EVERY = Number(process.env["PG_FUSION_EXPLAINED"] ?? 4);
const PROGRESS_EVERY = 2000;
const SHRINK_TRIES = 400;
/** Surroundings change after so many statements. */
const STATEMENTS_PER_SURROUNDINGS = 25;
/** Part of the statements that may be refused. */
const REFUSED_SHARE_MAX = 0.02;

let plain: pg.Client;
let fusion: pg.Client;
let sessions: Comparison;

/** Statements PostgreSQL is too slow for are skipped; pg_fusion may take longer, on a busy machine. */
async function session(timeout: string): Promise<pg.Client> {
  const client = new pg.Client();
  await client.connect();
  await client.query(`SET statement_timeout = '${timeout}'`);
  await client.query("SET max_parallel_workers_per_gather = 0");
  return client;
}

beforeAll(async () => {
  plain = await session("10s");
  fusion = await session("60s");
  await plain.query("SET pg_fusion.enable = off");
  for (const statement of schemaStatements()) await plain.query(statement);
  await fusion.query("SET pg_fusion.enable = on");
  sessions = { plain, fusion, typed: await typedConstants(plain) };
}, 120_000);

afterAll(async () => {
  await dropOrders(plain);
  await plain.end();
  await fusion.end();
});

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const wayOf = (index: number): Way => ways[index % ways.length] ?? "simple";

/** The statement as it was asked, with its parameters. */
function asked(query: Query, way: Way, seed: number): string {
  if (way !== "prepared") return textOf(query);
  const { text, values } = prepared(query, sessions.typed, seed);
  return `${text}\nparameters: ${JSON.stringify(values)}`;
}

async function differs(query: Query, way: Way, seed: number): Promise<boolean> {
  return (await compare(sessions, query, way, seed)).kind === "different";
}

async function shown(query: Query, way: Way, seed: number): Promise<string> {
  const found = await compare(sessions, query, way, seed);
  return found.kind === "different" ? difference(found.expected, found.actual) : found.kind;
}

/** What of an accepted statement PostgreSQL runs in the engine's place, as EXPLAIN says it. */
async function givenAway(text: string): Promise<readonly string[]> {
  const explain = `EXPLAIN (COSTS OFF) ${text}`;
  const { rows } = await fusion.query<{ "QUERY PLAN": string }>(explain).catch((cause: unknown) => {
    throw new Error(explain, { cause });
  });
  const reasons = rows.flatMap(({ "QUERY PLAN": line }) => {
    const reason = /^\s*(?:Scan \d+|Subquery) by PostgreSQL: (.*?)(?: in "\w+")?$/.exec(line)?.[1];
    const above = /^\s*((?:Grouping|DISTINCT|Windows) in PostgreSQL: .*)$/.exec(line)?.[1];
    return reason ?? above ?? [];
  });
  return [...new Set(reasons)];
}

function report(counts: Map<string, number>): string {
  return [...counts].sort((a, b) => b[1] - a[1])
    .map(([key, number]) => `${String(number).padStart(7)}  ${key}`).join("\n");
}

describe("generated statements", () => {
  it("answer as PostgreSQL", { timeout: 24 * 3600_000 }, async () => {
    const refusals = new Map<string, number>();
    const counts = new Map<string, number>();
    const given = new Map<string, number>();
    const differences: string[] = [];
    let explained = 0;
    let givenStatements = 0;
    let groupedStatements = 0;
    for (let index = FIRST; index < STATEMENTS && differences.length < DIFFERENCES_MAX; index++) {
      const seed = SEED * 1_000_003 + index;
      const around = surroundings(new Dice(SEED * 1_009 + Math.floor(index / STATEMENTS_PER_SURROUNDINGS)));
      if (index === FIRST || index % STATEMENTS_PER_SURROUNDINGS === 0) await enter(plain, fusion, around);
      const query = new StatementMaker(new Dice(seed)).statement();
      const text = textOf(query);
      const way = wayOf(index);
      const verdict = await compare(sessions, query, way, seed);
      count(counts, verdict.kind === "equal" ? `equal: ${verdict.answer}` : verdict.kind);
      if (verdict.kind === "refused")
        count(refusals, SHOWS_DETAILS ? `${verdict.message}: ${verdict.detail}` : verdict.message);
      if (index % PROGRESS_EVERY === PROGRESS_EVERY - 1) console.log(`${index + 1} statements`);
      const hasRows = verdict.kind === "equal" && verdict.answer === "rows";
      // Constants may stand as parameters where they may not stand as they are.
      if (hasRows && way !== "prepared" && index % EXPLAINED_EVERY === 0) {
        explained += 1;
        const reasons = await givenAway(text);
        givenStatements += reasons.some((reason) => !reason.includes(" in PostgreSQL: ")) ? 1 : 0;
        groupedStatements += reasons.some((reason) => reason.includes(" in PostgreSQL: ")) ? 1 : 0;
        for (const reason of reasons) count(given, reason);
      }
      if (verdict.kind !== "different") continue;
      const small = await shrunk(query, (candidate) => differs(candidate, way, seed), SHRINK_TRIES);
      const heading = `statement ${index} (${way}; ${around.zone}; ${around.plans}; ${around.settings.join(", ")}):`;
      const found = `${asked(small, way, seed)}\n${await shown(small, way, seed)}`;
      differences.push(`${heading} ${found}\nfrom: ${text}`);
      console.log(differences.at(-1));
    }
    const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
    const refused = counts.get("refused") ?? 0;
    const share = `seed ${SEED}: ${total} statements, ${((100 * refused) / total).toFixed(1)}% refused`;
    const part = (number: number): string => `${((100 * number) / Math.max(1, explained)).toFixed(1)}%`;
    const steps = `${part(groupedStatements)} its grouping or windows`;
    const away = `of ${explained} with rows ${part(givenStatements)} have a part that PostgreSQL runs, ${steps}`;
    console.log(`${share}\n${report(counts)}\nrefusals:\n${report(refusals)}\n${away}:\n${report(given)}`);
    expect(differences.join("\n\n")).toBe("");
    expect(refused / total).toBeLessThan(REFUSED_SHARE_MAX);
  });

  it("are cut down to what makes them fail", { timeout: 300_000 }, async () => {
    const made = Array.from({ length: 1500 }, (_, index) => new StatementMaker(new Dice(index)).statement());
    for (const wanted of ["count(", " USING (", "WITH TIES", "LATERAL", " OVER (", "DISTINCT ON"]) {
      const fails = (query: Query): Promise<boolean> => Promise.resolve(textOf(query).includes(wanted));
      const long = made.filter((query) => textOf(query).includes(wanted) && textOf(query).length > 900).slice(0, 2);
      expect(long).toHaveLength(2);
      for (const query of long) {
        const small = textOf(await shrunk(query, fails, 2000));
        expect(small).toContain(wanted);
        expect(small.length).toBeLessThan(250);
      }
    }
  });

  it("may fail at another row where the order is free, and only then", { timeout: 300_000 }, async () => {
    const targets = ["min(t1.id) OVER (PARTITION BY t1.e)", "t1.h::int8"].map((text, index) =>
      ({ name: `c${index + 1}`, value: leaf("int8", text) }));
    const query: Query = {
      ...plainSelect, targets, from: [{ node: "table", name: "gen_b", alias: "t1", sample: "" }],
    };
    const first = await answer(plain, textOf(query), "simple");
    const error = (sqlstate: string, message: string) => ({ kind: "error", sqlstate, message, detail: "" }) as const;
    const infinite = error("0A000", "cannot convert infinity to bigint");
    const large = error("22003", "bigint out of range");
    expect([JSON.stringify(infinite), JSON.stringify(large)]).toContain(JSON.stringify(first));
    expect(await otherOrderRaises(plain, query, infinite)).toBe(true);
    expect(await otherOrderRaises(plain, query, large)).toBe(true);
    expect(await otherOrderRaises(plain, query, error("22003", "integer out of range"))).toBe(false);
    // No row of the first partition has this text.
    const parts: Query = {
      ...plainSelect, targets: [{ name: "c1", value: leaf("time", "t1.t::time") }],
      from: [{ node: "table", name: "gen_p", alias: "t1", sample: "" }],
    };
    const invalid = error("22007", 'invalid input syntax for type time: "x y z"');
    expect(await otherOrderRaises(plain, parts, invalid)).toBe(true);
  });

  it("show the type modifiers that PostgreSQL's plan has under the session's settings", async () => {
    const select = (name: string, value: string, where?: string): Query => ({
      ...plainSelect, targets: [{ name: "c1", value: leaf("text", value) }],
      from: [{ node: "table", name, alias: "t1", sample: "" }],
      where: where === undefined ? undefined : leaf("bool", where),
    });
    const left = select("gen_a", "t1.v");
    const right = select("gen_e", "'abc'::varchar", "NULL::date = t1.di");
    const query: Query = { node: "setOperation", operation: "UNION ALL", left, right, ordered: false, limit: "" };
    for (const [cost, answer] of [["0", "rows of other modifiers"], ["1000000", "rows"]]) {
      await fusion.query(`SET max_parallel_workers_per_gather = 4; SET parallel_setup_cost = ${cost};
        SET min_parallel_table_scan_size = 0; SET parallel_tuple_cost = 0`);
      expect(await compare(sessions, query, "simple", 1)).toEqual({ kind: "equal", answer });
    }
  });
});
