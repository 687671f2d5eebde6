// Several producers at several scans of one statement: build sides that are read one after another, probe sides that
// open late, pages the engine takes in part because their rows fan out or fill many result pages.
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { connect, same, sameRows, scansOf } from "../support/fusion_session.js";

const rowCount = 60_000;
let observer: pg.Client;

beforeAll(async () => {
  observer = await connect(0);
  await observer.query("SET pg_fusion.enable = off");
  await observer.query("DROP TABLE IF EXISTS troop, troop_pay, troop_kind CASCADE");
  await observer.query(`
    CREATE TABLE troop (id int, kind int, rank int, name text) WITH (parallel_workers = 4);
    CREATE TABLE troop_pay (id int, month int, pay numeric(15,2)) WITH (parallel_workers = 4);
    CREATE TABLE troop_kind (kind int, title text) WITH (parallel_workers = 4);
    INSERT INTO troop SELECT i, i % 300, nullif(i % 41, 0), 'soldier ' || i
      FROM generate_series(1, ${rowCount}) AS i;
    INSERT INTO troop_pay SELECT i % (${rowCount} + 5000), i % 12, i % 1013
      FROM generate_series(1, ${rowCount} * 2) AS i;
    INSERT INTO troop_kind SELECT i % 300, 'kind ' || i FROM generate_series(1, 9000) AS i`);
  await observer.query("VACUUM ANALYZE troop, troop_pay, troop_kind");
}, 60_000);

afterAll(async () => {
  expect(held(await quiet(observer))).toBe(0);
  await observer.end();
});

// Thirty rows of troop_kind to each key: a page of troop fans out beyond what one call of the engine looks at.
const fanned = `SELECT count(*), sum(t.id), max(t.rank), min(k.title)
  FROM troop t JOIN troop_kind k USING (kind)`;
const chained = `SELECT k.title, count(*), sum(p.pay), max(t.name) FROM troop_pay p JOIN troop t USING (id)
  JOIN troop_kind k USING (kind) WHERE p.month = 3 GROUP BY k.title ORDER BY k.title`;

it("workers go from leaf to leaf", async () => {
  const client = await connect(2);
  await observer.query(`CREATE OR REPLACE FUNCTION troop_slow(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$ BEGIN IF i % 300 = 0 THEN PERFORM pg_sleep(0.001); END IF; RETURN true; END $$`);
  const text = `SELECT count(*), sum(p.pay) FROM troop t JOIN troop_pay p USING (id)
    WHERE troop_slow(t.id) AND troop_slow(p.id)`;
  for (const scan of await scansOf(client, text)) {
    expect(scan["Producers Launched"]).toBe(3);
    expect(scan["Leader Rows"]).toBeLessThan(scan["Rows Produced"]);
  }
  await same(client, text);
  await client.end();
});

describe.each([0, 1, 4])("with %d workers", (workers) => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect(workers);
  });

  afterAll(async () => {
    await client.end();
  });

  it.each([["that fan out", fanned], ["in a chain", chained]])("joins %s have them", async (_, text) => {
    for (const scan of await scansOf(client, text)) expect(scan["Producers Launched"]).toBe(1 + workers);
    for (let round = 0; round < 3; round += 1) await same(client, text);
  });

  it.each([
    ["outer", `SELECT count(*), count(p.id), sum(p.pay), sum(t.id)
      FROM troop t LEFT JOIN troop_pay p ON p.id = t.id AND p.month < 5`],
    ["full", `SELECT count(*), count(p.id), count(t.id), sum(p.pay)
      FROM troop t FULL JOIN troop_pay p ON p.id = t.id`],
    ["semi", `SELECT count(*), sum(id) FROM troop
      WHERE EXISTS (SELECT FROM troop_pay p WHERE p.id = troop.id AND p.month = 7)`],
    ["anti", `SELECT count(*), sum(id) FROM troop
      WHERE NOT EXISTS (SELECT FROM troop_pay p WHERE p.id = troop.id)`],
    ["not in", "SELECT count(*) FROM troop WHERE rank NOT IN (SELECT kind FROM troop_kind WHERE kind > 20)"],
    ["self", `SELECT a.rank, count(*) FROM troop a JOIN troop b ON a.id = b.id + 1
      GROUP BY a.rank ORDER BY a.rank`],
  ])("%s joins answer as PostgreSQL does", async (_, text) => {
    await same(client, text);
  });

  it("many pages of a result hold every row once", async () => {
    const text = "SELECT id, name, rank FROM troop WHERE kind BETWEEN 20 AND 44";
    const [scan] = await scansOf(client, text);
    expect(scan?.["Producers Launched"]).toBe(1 + workers);
    for (let round = 0; round < 3; round += 1) await sameRows(client, text);
  });

  it("prepared, again and again", async () => {
    const query = { name: "by_month", text: chained.replace("= 3", "= $1"), rowMode: "array" as const };
    for (const month of [1, 2, 3, 4]) {
      const { rows } = await client.query({ ...query, values: [month] });
      await observer.query("SET pg_fusion.enable = off");
      const plain = await observer.query({ text: chained.replace("= 3", `= ${month}`), rowMode: "array" });
      expect(rows).toEqual(plain.rows);
    }
  });
});
