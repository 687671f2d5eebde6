// PostgreSQL's buffers in huge pages: scans ask for them, the supervisor moves them, and answers are the same before,
// meanwhile and after, whatever is written to them. Only where the kernel can: elsewhere nothing is moved.
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const client = new pg.Client();
const question = "SELECT count(*) AS n, sum(id) AS ids, min(body) AS least, max(body) AS most FROM moved";

/** What MADV_COLLAPSE needs. */
function kernelMoves(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return (major > 6 || (major === 6 && minor >= 1)) && existsSync("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
}

async function answers(): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (const enable of ["off", "on"]) {
    await client.query(`SET pg_fusion.enable = ${enable}`);
    rows.push((await client.query(question)).rows[0]);
  }
  return rows;
}

const movedBytes = async (): Promise<number> =>
  Number((await client.query("SELECT value FROM pg_fusion_metrics() WHERE metric = 'huge_buffers'")).rows[0].value);

/** Of the backend: what it has mapped by whole huge pages. */
async function hugeKilobytes(): Promise<number> {
  const pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;
  const maps = readFileSync(`/proc/${pid}/smaps`, "utf8").matchAll(/^ShmemPmdMapped: +(\d+) kB$/gm);
  return [...maps].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0);
}

beforeAll(async () => {
  await client.connect();
  await client.query("DROP TABLE IF EXISTS moved");
  await client.query("CREATE TABLE moved AS SELECT id, md5(id::text) AS body FROM generate_series(1, 200000) AS id");
  await client.query("VACUUM ANALYZE moved");
});

afterAll(async () => {
  await client.query("DROP TABLE IF EXISTS moved");
  await client.end();
});

describe.skipIf(!kernelMoves())("buffers that scans read", () => {
  it("move into huge pages, and scans read them there", async () => {
    const [expected, first] = await answers();
    expect(first).toEqual(expected);
    await expect.poll(movedBytes, { timeout: 20_000 }).toBeGreaterThan(0);
    // The supervisor may still be at work on the rest; each scan maps what is there by now.
    await expect.poll(async () => {
      expect((await answers())[1]).toEqual(expected);
      return hugeKilobytes();
    }, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it("hold what is written to them", async () => {
    for (const change of [
      "UPDATE moved SET body = reverse(body) WHERE id % 3 = 0",
      "DELETE FROM moved WHERE id % 5 = 0",
      "INSERT INTO moved SELECT id, repeat('x', 40) FROM generate_series(300001, 320000) AS id",
      "VACUUM moved",
      "TRUNCATE moved",
    ]) {
      await client.query(change);
      const [expected, got] = await answers();
      expect(got, change).toEqual(expected);
    }
  });
});
