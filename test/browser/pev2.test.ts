// pev2, the plan viewer people paste EXPLAIN's JSON into, takes ours: it draws the scan node and its leaves, shows the
// engine's numbers on request, and meets no error. scripts/pev2_packages.mjs brings it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import pg from "pg";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "./pages.js";

const packages = fileURLToPath(new URL("../../build/pev2/node_modules", import.meta.url));
/** By what is to be found in the node's "Misc": joins on disk, runtime filters, windows. */
const plans = [
  {
    statement: "SELECT a.region, count(*) FROM viewed a JOIN viewed b ON a.id = b.id WHERE b.id > 10 " +
      "GROUP BY a.region ORDER BY a.region",
    shows: [/Hash Aggregate/, /disk=\d+kB/],
  },
  {
    statement: "SELECT count(*) FROM viewed a JOIN (SELECT id FROM viewed WHERE id < 40) b USING (id)",
    shows: [/Hash Join/, /Runtime Filter \d+: scan \d by id/],
  },
  {
    statement: "SELECT id, sum(id) OVER (PARTITION BY region ORDER BY id) AS so_far FROM viewed WHERE id % 3 = 0 " +
      "ORDER BY so_far",
    shows: [/Window/, /Sort/],
  },
];

const folder = mkdtempSync(join(tmpdir(), "fusion_pev2_"));
let browser: Browser;
let client: pg.Client;

beforeAll(async () => {
  browser = await openBrowser();
  client = new pg.Client();
  await client.connect();
  await client.query("DROP TABLE IF EXISTS viewed");
  await client.query("CREATE TABLE viewed AS SELECT i AS id, i % 5 AS region FROM generate_series(1, 60000) AS i");
  await client.query("ANALYZE viewed");
  await client.query("SET pg_fusion.enable = on; SET pg_fusion.query_memory = '1MB'");
});

afterAll(async () => {
  await browser?.close();
  await client?.end();
  rmSync(folder, { recursive: true, force: true });
});

it.each(plans)("draws the plan of $statement", async ({ statement, shows }) => {
  const { rows } = await client.query<{ "QUERY PLAN": unknown }>(
    `EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT JSON) ${statement}`);
  const plan = JSON.stringify(rows[0]?.["QUERY PLAN"]);
  const page = await browser.newPage({ viewport: { width: 1500, height: 940 } });
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  // A document of its own: pev2 keeps its settings in local storage, which a blank page has not.
  const file = join(folder, "pev2.html");
  writeFileSync(file, '<!doctype html><div id="app" class="d-flex flex-column vh-100 overflow-hidden"></div>');
  await page.goto(pathToFileURL(file).href);
  await page.addStyleTag({ path: join(packages, "bootstrap/dist/css/bootstrap.min.css") });
  await page.addStyleTag({ path: join(packages, "pev2/dist/pev2.css") });
  await page.addScriptTag({ path: join(packages, "vue/dist/vue.global.prod.js") });
  await page.addScriptTag({ path: join(packages, "pev2/dist/pev2.umd.js") });
  await page.evaluate(`Vue.createApp({
    components: { pev2: pev2.Plan },
    data: () => ({ source: ${JSON.stringify(plan)}, query: ${JSON.stringify(statement)} }),
    template: '<pev2 :plan-source="source" :plan-query="query"></pev2>',
  }).mount("#app")`);
  await expect.poll(() => page.locator(".plan-node").count()).toBeGreaterThanOrEqual(2);
  const nodes = (await page.locator(".plan-node").allInnerTexts()).join("\n");
  expect(nodes).toContain("Custom Scan");
  expect(nodes).toContain("viewed");
  await page.locator(".plan-node", { hasText: "Custom Scan" }).first().click();
  await page.getByText("Misc", { exact: true }).first().click();
  const drawn = async (): Promise<string> => (await page.locator(".plan-node").allInnerTexts()).join("\n");
  for (const shown of shows) await expect.poll(drawn).toMatch(shown);
  expect(troubles).toEqual([]);
  await page.close();
});
