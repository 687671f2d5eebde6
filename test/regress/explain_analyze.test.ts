// The numbers of EXPLAIN (ANALYZE): which there are, and that those that can be known are right. Times are only
// checked to be numbers.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

type PlanNode = Readonly<Record<string, unknown>> & { readonly Plans?: readonly PlanNode[] };

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client();
  await client.connect();
  await client.query("DROP TABLE IF EXISTS explained");
  await client.query("CREATE TABLE explained AS SELECT i, i % 10 AS g FROM generate_series(1, 5000) i");
  await client.query("ANALYZE explained");
  await client.query("SET pg_fusion.enable = on");
});

afterAll(async () => {
  await client.query("DROP TABLE explained");
  await client.end();
});

function findScan(node: PlanNode): PlanNode | undefined {
  if (node["Custom Plan Provider"] === "PgFusionScan") return node;
  return (node.Plans ?? []).map(findScan).find((found) => found !== undefined);
}

async function explain(statement: string, options = "ANALYZE, FORMAT JSON"): Promise<PlanNode> {
  const { rows } = await client.query<{ "QUERY PLAN": readonly { Plan: PlanNode }[] }>(
    `EXPLAIN (${options}) ${statement}`);
  const scan = findScan(rows[0]?.["QUERY PLAN"][0]?.Plan ?? {});
  if (scan === undefined) throw new Error("no PgFusionScan in the plan");
  return scan;
}

describe("EXPLAIN ANALYZE of a scan", () => {
  it("counts the rows scanned and returned", async () => {
    const scan = await explain("SELECT g, count(*) FROM explained WHERE i > 1000 GROUP BY g");
    expect(scan).toMatchObject({ "Scanned Rows": 4000, "Result Rows": 10, "Actual Rows": 10, "Actual Loops": 1 });
    expect(scan["Scanned Pages"]).toBeGreaterThan(0);
    expect(scan["Result Bytes"]).toBeGreaterThan(0);
    expect(scan["Scans"]).toMatchObject([{ Path: "heap batches", "Rows Produced": 4000 }]);
  });

  it("shows the leaf as an executed child, however its rows were read", async () => {
    const child = async (): Promise<PlanNode | undefined> =>
      (await explain("SELECT sum(i) FROM explained WHERE g <> 3")).Plans?.[0];
    const expected = { "Node Type": "Seq Scan", "Actual Rows": 4500, "Rows Removed by Filter": 500 };
    expect(await child()).toMatchObject(expected);
    await client.query("SET pg_fusion.heap_scan = off");
    expect(await child()).toMatchObject(expected);
    await client.query("RESET pg_fusion.heap_scan");
  });

  it("times the phases, and only when asked", async () => {
    const names = ["Planning Round Trip", "Worker Planning", "Start", "Scan", "Compile", "Execute", "Worker Wait",
      "Import", "Backend Wait"].map((name) => `${name} Time`);
    const timed = await explain("SELECT max(i) FROM explained");
    for (const name of names) expect(timed[name], name).toEqual(expect.any(Number));
    const untimed = await explain("SELECT max(i) FROM explained", "ANALYZE, TIMING OFF, FORMAT JSON");
    for (const name of names) expect(untimed).not.toHaveProperty(name);
  });

  it("counts nothing when nothing ran", async () => {
    const scan = await explain("SELECT max(i) FROM explained", "FORMAT JSON");
    expect(scan).not.toHaveProperty("Scanned Rows");
    expect(scan["Engine"]).toEqual(expect.arrayContaining([expect.stringContaining("Aggregate")]));
  });

  it.each(["TEXT", "YAML", "XML"])("can be written as %s", async (format) => {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN (ANALYZE, FORMAT ${format}) SELECT count(*) FROM explained`);
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("heap batches");
  });
});
