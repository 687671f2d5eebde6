// pg_fusion.enable = auto: who runs a statement follows from estimates, and EXPLAIN and pg_fusion_decisions() say why.
// The statements are far from the point where both would take equally long.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit, held, quiet } from "../support/audit.js";
import { session } from "../support/fusion_session.js";

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client();
  await client.connect();
  await client.query("DROP TABLE IF EXISTS auto_events");
  await client.query("CREATE TABLE auto_events (id int PRIMARY KEY, kind int, amount numeric(12,2), note text)");
  await client.query(
    "INSERT INTO auto_events SELECT i, i % 7, i / 100.0, repeat('x', 40) FROM generate_series(1, 200000) AS i",
  );
  await client.query("CREATE INDEX auto_events_kind ON auto_events (kind)");
  await client.query("VACUUM ANALYZE auto_events");
  await client.query("SET pg_fusion.enable = auto");
}, 120_000);

afterAll(async () => {
  await client.query("DROP TABLE auto_events");
  await client.end();
});

async function explained(statement: string, options = ""): Promise<string> {
  const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${options} ${statement}`);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

async function decided(decision: string, reason: string): Promise<number> {
  const { rows } = await client.query<{ statements: string }>(
    "SELECT statements FROM pg_fusion_decisions() WHERE decision = $1 AND reason = $2",
    [decision, reason],
  );
  return Number(rows[0]?.statements ?? 0);
}

const aggregation = "SELECT kind, sum(amount), avg(amount), count(*) FROM auto_events GROUP BY kind";

describe("auto", () => {
  it.each([
    "SELECT * FROM auto_events WHERE id = 17",
    "SELECT count(*) FROM auto_events WHERE id BETWEEN 17 AND 30",
    "SELECT * FROM auto_events LIMIT 5",
  ])("leaves what is short to PostgreSQL: %s", async (statement) => {
    const before = await decided("left to PostgreSQL", "short statement");
    const plan = await explained(statement);
    expect(plan).not.toContain("PgFusionScan");
    expect(plan).toMatch(/Left to PostgreSQL by pg_fusion: short statement \(estimate [\d.]+ ms\)$/);
    expect(await decided("left to PostgreSQL", "short statement")).toBe(before + 1);
  });

  it("leaves what has more scans than pages or slots to PostgreSQL, and on refuses it", async () => {
    const unionOf = (arms: number) => Array.from({ length: arms }, (_, at) =>
      `SELECT sum(amount) FROM auto_events WHERE kind <> ${at}`).join(" UNION ALL ");
    expect(await explained(unionOf(180))).toContain("Left to PostgreSQL by pg_fusion: so many scans in one statement");
    await client.query("SET pg_fusion.enable = on");
    await expect(client.query(unionOf(180))).rejects.toMatchObject({
      code: "0A000", detail: expect.stringMatching(/^It has 180, and there are pages and slots for \d+\.$/) as string,
      hint: expect.stringContaining("Raise pg_fusion.page_count and pg_fusion.scan_slots") as string,
    });
    // So many parts are not given to PostgreSQL one by one.
    const { rows } = await client.query(`SELECT count(*) FROM (${unionOf(300)}) AS arms`);
    expect(rows).toEqual([{ count: "300" }]);
    await client.query("SET pg_fusion.enable = auto");
  }, 60_000);

  it("says so in every format of EXPLAIN", async () => {
    const statement = "SELECT * FROM auto_events WHERE id = 17";
    const inFormat = async (options: string) =>
      (await client.query<Record<string, unknown>>(`EXPLAIN (${options}) ${statement}`)).rows[0]?.["QUERY PLAN"];
    const label = "Left to PostgreSQL by pg_fusion";
    for (const options of ["FORMAT JSON", "ANALYZE, FORMAT JSON", "SETTINGS, FORMAT JSON"]) {
      const [query] = await inFormat(options) as readonly Record<string, unknown>[];
      expect(Object.keys(query ?? {}).at(-1)).toBe(label);
      expect(query?.[label]).toMatch(/^short statement \(estimate [\d.]+ ms\)$/);
      expect(query?.["Plan"]).toMatchObject({ "Relation Name": "auto_events" });
    }
    expect(await inFormat("FORMAT YAML")).toMatch(new RegExp(`\n  ${label}: "short statement \\(.*\\)"$`));
    const tag = "Left-to-PostgreSQL-by-pg_fusion";
    expect(await inFormat("ANALYZE, FORMAT XML")).toMatch(
      new RegExp(`</Execution-Time>\n    <${tag}>short .*</${tag}>\n  </Query>\n</explain>$`));
  });

  it("leaves cursors that go backward, or whose row may be changed, to PostgreSQL", async () => {
    const reason = "cursor that goes backward";
    const before = await decided("left to PostgreSQL", reason);
    await client.query("BEGIN; DECLARE back CURSOR FOR SELECT id, amount FROM auto_events ORDER BY amount DESC, id");
    expect(await decided("left to PostgreSQL", reason)).toBe(before + 1);
    const { rows: forward } = await client.query("FETCH 3 FROM back");
    const { rows: backward } = await client.query("FETCH BACKWARD 2 FROM back");
    expect(backward).toEqual(forward.slice(0, 2).reverse());
    await client.query(`DO $$ DECLARE
        each_one CURSOR FOR SELECT id FROM auto_events WHERE amount > 0; found_one record;
      BEGIN
        OPEN each_one; FETCH each_one INTO found_one;
        UPDATE auto_events SET note = 'met' WHERE CURRENT OF each_one;
      END $$`);
    expect(await decided("left to PostgreSQL", reason)).toBe(before + 2);
    expect((await client.query("SELECT 1 FROM auto_events WHERE note = 'met'")).rows).toHaveLength(1);
    await client.query(`DECLARE ahead CURSOR FOR ${aggregation}`);
    expect((await client.query("FETCH 3 FROM ahead")).rows).toHaveLength(3);
    expect(await decided("left to PostgreSQL", reason)).toBe(before + 2);
    await client.query("ROLLBACK");
  });

  it("runs a long scan in the engine, with both estimates", async () => {
    const plan = await explained(aggregation);
    expect(plan).toContain("PgFusionScan");
    expect(plan).toMatch(/Estimate: [\d.]+ ms, in PostgreSQL [\d.]+ ms/);
  });

  it("says of a statement what was chosen for it, and not for those of functions it calls", async () => {
    await client.query(`BEGIN; CREATE FUNCTION auto_note(i int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE n text;
      BEGIN EXECUTE 'EXPLAIN SELECT * FROM auto_events WHERE id = 18' INTO n;
        SELECT note INTO n FROM auto_events WHERE id = i; RETURN n; END $$`);
    const ran = await explained("SELECT kind, auto_note(17), sum(amount) FROM auto_events GROUP BY kind", "ANALYZE");
    const left = await explained("SELECT auto_note(id) FROM auto_events WHERE id = 17", "ANALYZE");
    await client.query("ROLLBACK");
    expect(ran).toContain("PgFusionScan");
    expect(ran).not.toContain("Left to PostgreSQL");
    expect(left).toMatch(/Left to PostgreSQL by pg_fusion: short statement/);
  });

  it("leaves to PostgreSQL what costs less there", async () => {
    await client.query("SET cpu_tuple_cost = 0");
    await client.query("SET cpu_operator_cost = 0");
    const plan = await explained("SELECT a.id, a.note, b.note FROM auto_events a JOIN auto_events b USING (id)");
    expect(plan).not.toContain("PgFusionScan");
    expect(plan).toMatch(/Left to PostgreSQL by pg_fusion: lower cost \(estimate [\d.]+ ms, in pg_fusion [\d.]+ ms\)$/);
    await client.query("RESET cpu_tuple_cost");
    await client.query("RESET cpu_operator_cost");
  });

  it("leaves to PostgreSQL what would wait for pages that cursors hold", async () => {
    const holder = await session("SET pg_fusion.enable = on; BEGIN");
    expect(await explained(aggregation)).toContain("PgFusionScan");
    const opened: string[] = [];
    // An aggregation takes four pages: two for its scan, two for its rows.
    while (Number((await audit(holder)).free_pages) >= 4) {
      const name = `c${opened.push("")}`;
      await holder.query(`DECLARE ${name} CURSOR FOR SELECT * FROM auto_events; FETCH 1 FROM ${name}`);
    }
    expect(await explained(aggregation)).toContain("Left to PostgreSQL by pg_fusion: no room beside other statements");
    await holder.query("COMMIT");
    expect(held(await quiet(holder))).toBe(0);
    await holder.end();
    expect(await explained(aggregation)).toContain("PgFusionScan");
  });

  it("counts look-ups for rows of a join twice, for those are often more than expected", async () => {
    await client.query("BEGIN; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off");
    await client.query("SET LOCAL enable_memoize = off; SET LOCAL max_parallel_workers_per_gather = 0");
    const inPostgres = async (from: string) => {
      const plan = await explained(`SELECT count(*) FROM auto_events AS a ${from} WHERE a.id < 30000`);
      return Number(/(?:in PostgreSQL|estimate) ([\d.]+) ms/.exec(plan)?.[1]);
    };
    const first = "JOIN auto_events AS b ON b.id = a.id + 1";
    const none = await inPostgres("");
    const one = await inPostgres(first);
    const two = await inPostgres(`${first} JOIN auto_events AS c ON c.id = b.id + 1`);
    expect((two - one) / (one - none)).toBeCloseTo(2, 1);
    await client.query("ROLLBACK");
  });

  it("counts what subplans take where a look-up asks them", async () => {
    const estimate = async (condition: string): Promise<number> => {
      const plan = await explained(
        `SELECT count(*) FROM generate_series(1, 1000) AS i JOIN auto_events AS a ON a.id = i WHERE ${condition}`);
      return Number(/(?:in PostgreSQL|estimate) ([\d.]+) ms/.exec(plan)?.[1]);
    };
    const subplan = "(SELECT max(b.amount) FROM auto_events AS b WHERE b.id BETWEEN a.id AND a.id + 2000)";
    expect(await estimate(`a.amount > ${subplan}`)).toBeGreaterThan(10 * await estimate("a.amount > 5"));
  });

  it("leaves what is refused to PostgreSQL, by name", async () => {
    const plan = await explained("SELECT * FROM auto_events WHERE amount > 3 FOR UPDATE");
    expect(plan).toContain("Left to PostgreSQL by pg_fusion: FOR UPDATE (");
  });

  it("answers alike whoever runs a statement, parameters too", async () => {
    const auto = await client.query(`${aggregation} ORDER BY kind`);
    const one = await client.query("SELECT note FROM auto_events WHERE id = $1", [17]);
    await client.query("SET pg_fusion.enable = off");
    expect((await client.query(`${aggregation} ORDER BY kind`)).rows).toEqual(auto.rows);
    expect((await client.query("SELECT note FROM auto_events WHERE id = $1", [17])).rows).toEqual(one.rows);
    await client.query("SET pg_fusion.enable = auto");
  });

  it("takes the engine where it is required", async () => {
    await client.query("SET pg_fusion.require = fusion");
    expect(await explained("SELECT * FROM auto_events WHERE id = 17")).toContain("PgFusionScan");
    await client.query("RESET pg_fusion.require");
  });
});
