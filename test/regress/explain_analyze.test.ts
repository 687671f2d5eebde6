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
    expect(scan["Engine"]).toMatchObject([{ Operator: 0, Name: "Aggregate", Inputs: [{ Operator: 1, Scan: 1 }] }]);
    expect(scan["Engine Plan"]).toEqual(expect.arrayContaining([expect.stringMatching(/^ {2}->  Scan of leaf 0/)]));
    expect(scan).not.toHaveProperty("Session");
  });

  it("tells what each operator did beside what was expected of it", async () => {
    const scan = await explain(
      "SELECT a.g, count(*) FROM explained a JOIN explained b ON a.i = b.i WHERE b.i <= 100 GROUP BY a.g");
    const [aggregate = {}] = scan["Engine"] as readonly PlanNode[];
    expect(aggregate).toMatchObject({
      Name: "Hash Aggregate", "Actual Rows": 10, "Plan Rows": expect.any(Number),
      "Actual Time": expect.any(Number), Inputs: [{ Name: "Hash Join", "Actual Rows": 100 }],
    });
    expect(aggregate["Memory"]).toBeGreaterThan(0);
    const [join = {}] = aggregate["Inputs"] as readonly PlanNode[];
    expect(join["Memory"]).toBeGreaterThan(0);
    const scans = (join["Inputs"] as readonly PlanNode[]).flatMap((input) =>
      (input["Scan"] === undefined ? input["Inputs"] as readonly PlanNode[] : [input]));
    // What the build side's runtime filter rejects is not delivered.
    expect(scans.map((input) => input["Actual Rows"]).sort()).toEqual([100, 100]);
    const leaves = scan["Scans"] as readonly PlanNode[];
    const filters = leaves.flatMap((leaf) => (leaf["Runtime Filters"] ?? []) as readonly PlanNode[]);
    expect(filters).toEqual([
      { "Number": 0, "Columns": "i", "Rows Tested": 5000, "Rows Rejected": 4900, "Rows Untested": 0 },
    ]);
    for (const input of scans) expect(input["Pages"]).toBeGreaterThan(0);
  });

  it("tells of each scan its producers, pages, waits and buffers, parallel producers' too", async () => {
    await client.query("SET pg_fusion.heap_scan = on");
    await client.query("ALTER TABLE explained SET (parallel_workers = 2)");
    const scan = await explain("SELECT g, sum(i) FROM explained GROUP BY g", "ANALYZE, BUFFERS, FORMAT JSON");
    await client.query("ALTER TABLE explained RESET (parallel_workers)");
    const [leaf] = scan["Scans"] as readonly PlanNode[];
    expect(leaf).toMatchObject({
      "Producers Planned": 3, "Rows Produced": 5000, Pages: scan["Scanned Pages"], Bytes: scan["Scanned Bytes"],
      "Fill Time": expect.any(Number), "Page Wait Time": expect.any(Number), "Ring Wait Time": expect.any(Number),
    });
    const { rows } = await client.query<{ pages: number }>(
      "SELECT relpages AS pages FROM pg_class WHERE relname = 'explained'");
    const child = scan.Plans?.[0] ?? {};
    const read = Number(child["Shared Hit Blocks"]) + Number(child["Shared Read Blocks"]);
    expect(read).toBeGreaterThanOrEqual(rows[0]?.pages ?? 0);
  });

  it("splits the time the statement slept by what it waited for", async () => {
    const scan = await explain("SELECT count(*) FROM explained");
    const causes = ["Planner", "Worker", "Page", "Ring"];
    const [planner, ...asleep] = causes.map((cause) => Number(scan[`Waited For ${cause}`]));
    expect(planner).toBeGreaterThan(0);
    expect(asleep.reduce((sum, time) => sum + time, 0)).toBeCloseTo(Number(scan["Backend Wait Time"]), 1);
  });

  it("says what a stopped statement had done, and that the worker's numbers are missing", async () => {
    const scan = await explain("SELECT i FROM explained LIMIT 1");
    expect(scan).toMatchObject({ "Engine Numbers": false, "Actual Rows": 1 });
    expect(scan["Scanned Rows"]).toBeGreaterThan(0);
  });

  it("shows a share of a scan, its conditions, pages and code when verbose", async () => {
    const scan = await explain("SELECT sum(i) FROM explained WHERE g < $1::int AND i::text ~ '1'".replace("$1", "5"),
      "ANALYZE, VERBOSE, FORMAT JSON");
    const [leaf] = scan["Scans"] as readonly PlanNode[];
    expect(leaf?.["Range"]).toMatch(/ctid >= \$1\) AND \(ctid < \$2/);
    expect(leaf).toMatchObject({
      "Batch Quals": ["(explained.g < 5)"], "Row Quals": ["((explained.i)::text ~ '1'::text)"],
      "Page Columns": "c1 int32", "Page Row Bytes": 4, "Page Row Bits": 1,
    });
    expect(scan["Code Modules"]).toBeGreaterThan(0);
    expect(scan["Code Bytes"]).toBeGreaterThan(0);
    expect(scan["Session"]).toMatch(/^\d+\/\d+$/);
  });

  it("names what PostgreSQL evaluates for each row of a heap's batches", async () => {
    const scan = await explain("SELECT md5(i::text), count(*) FROM explained WHERE g < 5 GROUP BY 1", "FORMAT JSON");
    expect(scan["Scans"]).toMatchObject([{
      "Path": "heap batches", "Batch Quals": ["(g < 5)"], "Row Expressions": ["md5((i)::text)"],
    }]);
  });

  it("numbers the placeholders of a range after the statement's own parameters", async () => {
    await client.query("PREPARE ranged(int) AS SELECT count(*) FROM explained WHERE g < $1");
    await client.query("SET plan_cache_mode = force_generic_plan");
    const { rows } = await client.query<{ "QUERY PLAN": string }>("EXPLAIN (VERBOSE) EXECUTE ranged(3)");
    await client.query("RESET plan_cache_mode");
    const text = rows.map((row) => row["QUERY PLAN"]).join("\n");
    if (text.includes("Range:")) expect(text).toMatch(/ctid >= \$2\) AND \(ctid < \$3/);
    await client.query("DEALLOCATE ranged");
  });

  it.each(["TEXT", "YAML", "XML"])("can be written as %s", async (format) => {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN (ANALYZE, FORMAT ${format}) SELECT count(*) FROM explained`);
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("heap batches");
  });
});
