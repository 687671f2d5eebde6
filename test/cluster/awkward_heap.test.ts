// Heaps that are awkward to decode (awkward_heap_schema.sql) with 0, 1 and 4 workers that really run, and relations
// that are not plain heaps: every value of every row as PostgreSQL has it.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { connect, same, sameRows, scansOf } from "../support/fusion_session.js";

const heaps = ["odd_shape", "odd_toast", "odd_wide", "odd_nulls", "odd_types", "odd_eights"] as const;

let observer: pg.Client;

beforeAll(async () => {
  observer = await connect(0);
  await observer.query("SET pg_fusion.enable = off");
  await observer.query(readFileSync(new URL("awkward_heap_schema.sql", import.meta.url), "utf8"));
  for (const heap of [...heaps, "odd_parts_low", "odd_parts_high", "odd_parent", "odd_child"])
    await observer.query(`ALTER TABLE ${heap} SET (parallel_workers = 4)`);
  await observer.query("VACUUM ANALYZE");
  await observer.query(`
    DROP EXTENSION IF EXISTS postgres_fdw CASCADE;
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER odd_server FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${process.env["PGHOST"] ?? ""}',
      port '${process.env["PGPORT"] ?? ""}', dbname '${process.env["PGDATABASE"] ?? ""}');
    CREATE USER MAPPING FOR CURRENT_USER SERVER odd_server;
    CREATE FOREIGN TABLE odd_foreign (id int, a bool, c int, e text, f numeric) SERVER odd_server
      OPTIONS (table_name 'odd_nulls')`);
}, 120_000);

afterAll(async () => {
  expect(held(await quiet(observer))).toBe(0);
  await observer.query("DROP EXTENSION postgres_fdw CASCADE");
  await observer.end();
});

// Estimated as few, so that workers take part although rows are passed on.
const conditions: Readonly<Record<(typeof heaps)[number], string>> = {
  odd_shape: "id % 9 = 0",
  odd_toast: "id % 20 = 0",
  odd_wide: "c1 % 3 = 0",
  odd_nulls: "id % 5 = 0",
  odd_types: "id % 7 = 0",
  odd_eights: "id % 7 = 0",
};

describe.each([0, 1, 4])("with %d workers", (workers) => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect(workers);
  });

  afterAll(async () => {
    await client.end();
  });

  it.each(heaps)("all of %s", async (heap) => {
    const text = `SELECT * FROM ${heap} WHERE ${conditions[heap]}`;
    for (const scan of await scansOf(client, text)) {
      expect(scan["Leader Only"]).toBe(workers > 0 ? undefined : "max_parallel_workers_per_gather is 0");
      expect(scan["Producers Launched"]).toBe(1 + workers);
    }
    await sameRows(client, text);
    // Code for 1600 columns takes its time to compile.
  }, 240_000);

  it.each([
    "SELECT a, count(*), sum(doubled), max(b), min(e), sum(f), count(c), max(g) FROM odd_shape GROUP BY a ORDER BY a",
    `SELECT count(*), max(length(packed)), sum(length(apart)), max(length(raw)), min(plain), max(packed)
      FROM odd_toast`,
    "SELECT c1, count(*), sum(c4), max(c3), sum(c1600), min(c1599) FROM odd_wide GROUP BY c1 ORDER BY c1",
    `SELECT a, b % 3, count(*), sum(c), sum(d), max(e), max(h), min(i), count(j) FROM odd_nulls
      GROUP BY 1, 2 ORDER BY 1, 2`,
    `SELECT mood, count(*), sum(amount), max(free), min(stamp), max(day), max(title) FROM odd_types
      GROUP BY mood ORDER BY mood`,
  ])("%s", async (text) => {
    await same(client, text);
  });

  it.each([
    ["partitions", "SELECT region, count(*), sum(id), max(note) FROM odd_parts GROUP BY region ORDER BY region"],
    ["some partitions", "SELECT count(*), min(note) FROM odd_parts WHERE region > 6"],
    ["one partition", "SELECT count(*), sum(id), max(note) FROM odd_parts_high"],
    ["inheritance", "SELECT count(*), sum(id), min(note), max(note) FROM odd_parent"],
    ["only the parent", "SELECT count(*), sum(id), min(note), max(note) FROM ONLY odd_parent"],
    ["a foreign table", "SELECT a, count(*), sum(c), max(e), sum(f) FROM odd_foreign GROUP BY a ORDER BY a"],
    ["a join of all", `SELECT count(*), sum(p.id), max(f.e) FROM odd_parts p JOIN odd_foreign f USING (id)
      JOIN odd_parent i USING (id) JOIN odd_shape s USING (id) WHERE p.region <> 3`],
  ])("%s", async (_, text) => {
    await same(client, text);
  });

  it.each([
    ["partitions", "SELECT region, count(*), sum(id), max(note) FROM odd_parts GROUP BY region ORDER BY region"],
    ["inheritance", "SELECT count(*), sum(id), min(note), max(note) FROM odd_parent"],
    ["partitions in their order", "SELECT * FROM odd_parts WHERE id % 7 = 0 AND region <> 4"],
    ["partitions left out at the start", "EXECUTE odd_region(7)"],
  ])("%s as heap batches, by all producers", async (_, text) => {
    await client.query("SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL");
    await client.query("PREPARE odd_region AS SELECT count(*), min(note) FROM odd_parts WHERE region >= $1");
    for (const scan of await scansOf(client, text)) {
      expect(scan.Path).toBe("heap batches");
      expect(scan["Producers Launched"]).toBe(1 + workers);
    }
    await sameRows(client, text);
    await client.query("RESET plan_cache_mode; DEALLOCATE ALL");
  });

  it.each([
    ["added and dropped columns", `SELECT regexp_replace(b, '[0-9]+', ''), md5(e), count(*), sum(doubled), max(f)
      FROM odd_shape GROUP BY 1, 2 ORDER BY 1, 2`],
    ["toasted values", `SELECT md5(packed), count(*), max(octet_length(raw)), max(md5(apart))
      FROM odd_toast WHERE regexp_count(left(plain, 9), 'p') < 7 GROUP BY 1 ORDER BY 1 LIMIT 50`],
    ["NULLs", `SELECT a, to_char(c, 'FM0000'), count(*), min(quote_nullable(e)) FROM odd_nulls
      WHERE quote_nullable(d) <> 'x' AND id % 2 = 0 GROUP BY 1, 2 ORDER BY 1, 2`],
    ["system columns", "SELECT tableoid::regclass::text, count(*), max(ctid::text) FROM odd_shape GROUP BY 1"],
    ["whole rows", "SELECT md5(odd_types::text), count(*) FROM odd_types GROUP BY 1 ORDER BY 1 LIMIT 50"],
    ["partitions", `SELECT regexp_replace(note, '[0-9]', '', 'g'), count(*), sum(id) FROM odd_parts
      GROUP BY 1 ORDER BY 1`],
  ])("%s through expressions of PostgreSQL's, by all producers", async (_, text) => {
    for (const scan of await scansOf(client, text)) {
      expect(scan.Path).toBe("heap batches");
      expect(scan["Producers Launched"]).toBe(1 + workers);
    }
    await same(client, text);
  });

  it.each([
    ["above a filter of a join", `SELECT md5(n.e), count(*), sum(s.doubled) FROM odd_nulls n
      JOIN odd_shape s ON s.id = n.id AND s.a = 7 WHERE n.id % 3 = 0 GROUP BY 1 ORDER BY 1`],
    ["that fail", "SELECT (regexp_replace(b, 'b', ''))::int, count(*) FROM odd_shape WHERE id > 30000 GROUP BY 1"],
    ["that ask their condition first", `SELECT (regexp_replace(b, 'b', ''))::int, count(*) FROM odd_shape
      WHERE regexp_count(b, '^b[0-9]+$') = 1 AND id < 5000 GROUP BY 1 ORDER BY 1`],
    ["that cannot be evaluated twice", `SELECT count(*) FROM
      (SELECT random() < 2 AS sure FROM odd_shape OFFSET 0) AS drawn WHERE sure`],
  ])("expressions of PostgreSQL's %s", async (_, text) => {
    await same(client, text);
  });

  it("counts what each partition gave, in all producers", async () => {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON, TIMING off)
      SELECT region, count(*) FROM odd_parts WHERE id % 2 = 0 GROUP BY region`);
    const scans: { name: string; rows: number; removed: number }[] = [];
    const visit = (plan: Record<string, unknown>): void => {
      const loops = Number(plan["Actual Loops"]);
      if (plan["Node Type"] === "Seq Scan")
        scans.push({
          name: String(plan["Relation Name"]),
          rows: Number(plan["Actual Rows"]) * loops,
          removed: Number(plan["Rows Removed by Filter"]) * loops,
        });
      for (const child of (plan["Plans"] ?? []) as Record<string, unknown>[]) visit(child);
    };
    visit(rows[0]["QUERY PLAN"][0].Plan);
    for (const { name, rows: kept, removed } of scans) {
      const { rows: counted } = await observer.query(`SELECT count(*)::int AS n FROM ${name}`);
      // EXPLAIN shows whole rows per loop.
      expect(Math.abs(kept + removed - counted[0].n)).toBeLessThanOrEqual(2 * (1 + workers));
    }
    expect(scans.length).toBe(2);
  });

  it("rows changed in open savepoints, with dead and moved ones around them", async () => {
    await client.query("BEGIN");
    await client.query("UPDATE odd_nulls SET e = 'moved ' || id, c = NULL WHERE id % 11 = 0");
    await client.query("SAVEPOINT one; DELETE FROM odd_nulls WHERE id % 13 = 0");
    await client.query(`SAVEPOINT two;
      INSERT INTO odd_nulls (id, e) SELECT i, 'new' FROM generate_series(50001, 53000) AS i`);
    await sameRows(client, "SELECT * FROM odd_nulls WHERE id % 5 = 0");
    await client.query("ROLLBACK TO two");
    await sameRows(client, "SELECT * FROM odd_nulls WHERE id % 5 = 0");
    await client.query("ROLLBACK TO one; RELEASE one");
    await same(client, "SELECT count(*), sum(c), max(e), sum(f) FROM odd_nulls");
    await client.query("ROLLBACK");
    await same(client, "SELECT count(*), sum(c), max(e), sum(f) FROM odd_nulls");
  });

  it("temporary tables, by the leader", async () => {
    await client.query("CREATE TEMP TABLE odd_temp AS SELECT * FROM odd_types");
    await sameRows(client, "SELECT * FROM odd_temp WHERE id % 7 = 0");
    await client.query("DROP TABLE odd_temp");
  });
});
