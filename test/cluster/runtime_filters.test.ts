// Runtime filters: every statement answers as PostgreSQL does with filters, without, on both scan paths and when all
// slots are taken; filters really reject rows of every key type; and whatever ends an execution, no slot stays held.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, refused, unordered } from "../support/answers.js";
import { audit, held, quiet } from "../support/audit.js";
import { endSessions, session } from "../support/fusion_session.js";
import { setStatementTimeout } from "../support/statement_timeout.js";
import { filterStatements, filteredKeys, joinOn } from "./runtime_filters_statements.js";

const schema = readFileSync(new URL("./runtime_filters_schema.sql", import.meta.url), "utf8");
const dropTables = "DROP TABLE IF EXISTS f_probe, f_build, f_middle, f_parts, f_late";
/** Refused today; may only become fewer. */
const REFUSED_MAX = 8;
let plain: pg.Client;
let fusion: pg.Client;

/** Of these few values the smallest build side has nearly all. */
const mostlyMatched: ReadonlySet<string> = new Set(["k2", "c1", "e"]);

const ON = "SET pg_fusion.enable = on";

interface ExplainedFilter {
  readonly "Columns": string;
  readonly "Rows Tested"?: number;
  readonly "Rows Rejected"?: number;
  readonly "Rows Untested"?: number;
  readonly "Reason"?: string;
}

/** Runtime filters of all scans of a statement, as EXPLAIN shows them. */
async function filtersOf(client: pg.Client, statement: string, options = "ANALYZE, "): Promise<ExplainedFilter[]> {
  const { rows } = await client.query(`EXPLAIN (${options}FORMAT JSON) ${statement}`);
  const found: ExplainedFilter[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === "object")
      for (const [key, inner] of Object.entries(value)) {
        if (key === "Runtime Filters") found.push(...(inner as ExplainedFilter[]));
        else visit(inner);
      }
  };
  visit(rows[0]["QUERY PLAN"]);
  return found;
}

beforeAll(async () => {
  plain = await session();
  fusion = await session(ON);
  await plain.query(dropTables);
  await plain.query("DROP TYPE IF EXISTS f_mood");
  await plain.query(schema);
}, 120_000);

afterAll(async () => {
  await plain.query(dropTables);
  await plain.query("DROP TYPE IF EXISTS f_mood");
  await endSessions();
});

describe("answers", () => {
  it.each([
    ["with filters", ""],
    ["without filters", "SET pg_fusion.runtime_filter_enable = off"],
    ["with filters on the executor path", "SET pg_fusion.heap_scan = off"],
  ])("are PostgreSQL's %s", async (_, setting) => {
    const client = await session(`${ON}; ${setting}`);
    const refusals: string[] = [];
    for (const statement of filterStatements) {
      const actual = await answer(client, statement, "extended");
      if (refused(actual)) refusals.push(statement);
      else expect(unordered(actual), statement).toEqual(unordered(await answer(plain, statement, "extended")));
    }
    expect(refusals.length, refusals.join("\n")).toBeLessThanOrEqual(REFUSED_MAX);
  }, 120_000);
});

describe("filters", () => {
  it.each(filteredKeys)("reject rows by %s", async (key) => {
    for (const path of ["on", "off"]) {
      const client = await session(`${ON}; SET pg_fusion.heap_scan = ${path}`);
      const [filter, ...more] = await filtersOf(client, joinOn(key, 5));
      expect(more).toEqual([]);
      expect(filter?.["Columns"]).toBe(key);
      expect(filter?.["Rows Tested"], path).toBeGreaterThan(0);
      if (!mostlyMatched.has(key)) expect(filter?.["Rows Rejected"], path).toBeGreaterThan(600);
    }
  });

  it("reject everything when the build side is empty", async () => {
    const [filter] = await filtersOf(fusion, joinOn("k4", 0));
    expect([filter?.["Rows Tested"], filter?.["Rows Rejected"]]).toEqual([6000, 6000]);
  });

  it("are there before the first row is read, and count every row", async () => {
    for (const statement of filterStatements) {
      const filters = await filtersOf(fusion, statement).catch(() => []);
      for (const filter of filters) {
        expect(filter["Reason"] ?? "", statement).not.toBe("not ready in time");
        expect(filter["Rows Tested"] ?? 0, statement).toBeGreaterThanOrEqual(filter["Rows Rejected"] ?? 0);
      }
    }
  });

  it("are not planned for rows that outer and anti joins keep, nor when they are switched off", async () => {
    const small = "(SELECT * FROM f_build WHERE pick < 20) b";
    const kept = [
      `SELECT count(*) FROM f_probe p FULL JOIN ${small} ON p.k4 = b.k4`,
      `SELECT count(*), sum(b.id) FROM f_probe p LEFT JOIN ${small} ON p.k4 = b.k4`,
      "SELECT count(*) FROM f_probe p WHERE k4 NOT IN (SELECT k4 FROM f_build WHERE pick < 20)",
    ];
    for (const statement of kept) expect(await filtersOf(fusion, statement, ""), statement).toEqual([]);
    expect((await filtersOf(fusion, joinOn("k4", 5), "")).length).toBe(1);
    await fusion.query("SET pg_fusion.runtime_filter_enable = off");
    expect(await filtersOf(fusion, joinOn("k4", 5), "")).toEqual([]);
    await fusion.query("RESET pg_fusion.runtime_filter_enable");
  });

  it.each(["TEXT", "YAML", "XML"])("stand in EXPLAIN (FORMAT %s)", async (format) => {
    const { rows } = await fusion.query({
      text: `EXPLAIN (ANALYZE, FORMAT ${format}) ${joinOn("k4", 5)}`, rowMode: "array",
    });
    const text = rows.map(([line]) => String(line)).join("\n");
    expect(text).toMatch(/Runtime.Filter/);
    expect(text).toMatch(/k4/);
    expect(text).toMatch(format === "TEXT" ? /tested=6000 rejected=\d+ untested=0/ : /Rows.Rejected/);
  });

  it("see rows of the own transaction, and tests go on after a rescan", async () => {
    const client = await session(ON);
    await client.query("BEGIN");
    await client.query("INSERT INTO f_build (id, pick, k4) VALUES (-1, 0, 987654)");
    await client.query("INSERT INTO f_probe (id, k4) VALUES (-2, 987654)");
    const { rows } = await client.query("SELECT p.id, b.id AS other FROM f_probe p JOIN f_build b ON p.k4 = b.k4 " +
      "AND b.pick < 5 WHERE p.k4 > 5000");
    expect(rows).toEqual([{ id: -2, other: -1 }]);
    await client.query("ROLLBACK");
    await client.query("PREPARE again(int) AS SELECT count(*) FROM f_probe p JOIN f_build b ON p.k4 = b.k4 " +
      "AND b.pick < $1");
    for (const pick of [1, 40, 0, 7, 100, 3, 3]) {
      const expected = await plain.query(
        `SELECT count(*) FROM f_probe p JOIN f_build b ON p.k4 = b.k4 AND b.pick < ${pick}`);
      expect((await client.query(`EXECUTE again(${pick})`)).rows).toEqual(expected.rows);
    }
  });
});

describe("slots", () => {
  it("run out without changing an answer", async () => {
    const holder = await session(ON);
    await holder.query("BEGIN");
    const { rows } = await holder.query("SELECT current_setting('pg_fusion.runtime_filter_count')::int AS count");
    const count = Number(rows[0].count);
    for (let i = 0; i < count; i++) {
      await holder.query(
        `DECLARE c${i} CURSOR FOR SELECT p.id, b.id FROM f_probe p JOIN f_build b ON p.k4 = b.k4 AND b.pick < 90`);
      await holder.query(`FETCH 1 FROM c${i}`);
    }
    expect((await audit(plain)).filters_held).toBe(count);
    const [filter] = await filtersOf(fusion, joinOn("k4", 5));
    expect(filter).toMatchObject(
      { "Rows Tested": 0, "Rows Rejected": 0, "Rows Untested": 6000, "Reason": "no slot was free" });
    const statement = joinOn("k4", 5);
    expect(await answer(fusion, statement, "simple")).toEqual(await answer(plain, statement, "simple"));
    await holder.query("COMMIT");
    expect(held(await quiet(plain))).toBe(0);
  });

  it("come home when statements are cancelled at any moment", async () => {
    await plain.query("CREATE TABLE f_late AS SELECT i AS id, (i::int8 * 7919) % 400000 AS k " +
      "FROM generate_series(1, 300000) AS i");
    await plain.query("ANALYZE f_late");
    const statement = "SELECT count(*), sum(p.id) FROM f_late p JOIN f_late b ON p.k = b.k AND b.id % 3 = 0 " +
      "JOIN f_late c ON p.id = c.k AND c.id < 50000";
    const client = await session(ON);
    const expected = (await plain.query(statement)).rows;
    let cancelled = 0;
    for (let ms = 1; ms < 120; ms += 2) {
      await setStatementTimeout(client, ms);
      await client.query(statement).then(
        ({ rows }) => expect(rows).toEqual(expected),
        ({ code }: { code?: string }) => {
          cancelled += 1;
          expect(code).toBe("57014");
        });
    }
    expect(cancelled).toBeGreaterThan(0);
    await setStatementTimeout(client, 0);
    expect((await client.query(statement)).rows).toEqual(expected);
    expect(held(await quiet(plain))).toBe(0);
  }, 120_000);

  it("come home when the worker is killed while it makes filters", async () => {
    const statement = "SELECT count(*) FROM f_late p JOIN f_late b ON p.k = b.k AND b.id % 3 = 0";
    const client = await session(ON);
    const expected = (await plain.query(statement)).rows;
    for (const ms of [5, 20, 40, 60, 90]) {
      const { worker_pid } = await quiet(plain, 20_000);
      const running = client.query(statement).then(({ rows }) => rows, ({ code }: { code?: string }) => code);
      await new Promise((done) => setTimeout(done, ms));
      try {
        process.kill(worker_pid, "SIGKILL");
      } catch {
        // It may belong to another user or be gone.
      }
      const outcome = await running;
      if (Array.isArray(outcome)) expect(outcome).toEqual(expected);
      else expect(outcome).toMatch(/^(57P|58|08|XX)/);
      const after = await quiet(plain, 20_000, worker_pid);
      expect([held(after), after.worker_state]).toEqual([0, "ready"]);
    }
    expect((await client.query(statement)).rows).toEqual(expected);
  }, 120_000);

  it("count what they did", async () => {
    const metrics = async (): Promise<Map<string, number>> => {
      const { rows } = await plain.query("SELECT metric, value FROM pg_fusion_metrics() WHERE metric LIKE 'filter%'");
      return new Map(rows.map(({ metric, value }) => [String(metric), Number(value)]));
    };
    const before = await metrics();
    await fusion.query(joinOn("k4", 5));
    await quiet(plain);
    const after = await metrics();
    const added = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(added("filters_planned")).toBe(1);
    expect(added("filters_published")).toBe(1);
    expect(added("filter_rows_tested")).toBe(6000);
    expect(added("filter_rows_rejected")).toBeGreaterThan(3000);
    expect(added("filter_rows_untested") + added("filters_without_slot") + added("filters_declined")).toBe(0);
  });
});
