// What the visualizer shows beside the records: the plan linked with its actors, comparisons, coverage, rare waits, and
// trace files; each is clicked, and reached by keyboard alone.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FLIGHT_NOTE_STALE_FRAME } from "#generated/layout.js";
import { generatedMachines, scanProducer } from "#generated/machines.js";
import type { Flight } from "#trace/flight_reader.js";
import { traceOfFlight } from "#trace/format/trace_flight.js";
import { ringOf } from "#trace/writer.js";
import { count, isSeen, keepPicture, openBrowser, openPage, text, told, visualize } from "./pages.js";

const statement = "SELECT a.region, count(*), sum(b.amount) FROM joined a JOIN joined b ON a.id = b.id " +
  "WHERE b.amount > 10 GROUP BY a.region";
const folder = mkdtempSync(join(tmpdir(), "fusion_features_"));
const explained = join(folder, "explained.json");

type Explained = readonly [{ readonly Plan: { readonly Session: string } }];

let browser: Browser;
let client: pg.Client;

async function explain(): Promise<string> {
  const { rows } = await client.query<{ "QUERY PLAN": unknown }>(
    `EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) ${statement}`);
  return JSON.stringify(rows[0]?.["QUERY PLAN"]);
}

beforeAll(async () => {
  browser = await openBrowser();
  client = new pg.Client();
  await client.connect();
  await client.query("DROP TABLE IF EXISTS joined");
  await client.query("CREATE TABLE joined AS SELECT i AS id, i % 5 AS region, i::bigint AS amount " +
    "FROM generate_series(1, 60000) AS i");
  await client.query("VACUUM ANALYZE joined");
  await client.query("SET pg_fusion.enable = on");
  await client.query(statement);
  writeFileSync(explained, await explain());
});

afterAll(async () => {
  await browser?.close();
  await client?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Waits that a healthy server on a test's few rows never has. */
function rareFlight(): Flight {
  const steps: readonly (readonly [machine: string, event: string, from: string, to: string])[] = [
    ["scan_producer", "opened", "opening", "producing"],
    ["scan_producer", "poolExhausted", "producing", "waitingForPage"],
    ["scan_producer", "pageAcquired", "waitingForPage", "filling"],
    ["scan_producer", "ringFilled", "filling", "waitingForRing"],
  ];
  const shared = {
    writer: { kind: "producer", scanSlot: 1 } as const, writerIndex: ringOf({ kind: "producer", number: 1 }, 4),
    slot: 2, session: 9, actor: 0, argument: 0, cause: 0,
  };
  const entries = steps.map(([name, event, from, to], at) => {
    const machine = generatedMachines.find((each) => each.name === name) ?? scanProducer;
    const [events, states] = [machine.events as readonly string[], machine.states as readonly string[]];
    return {
      ...shared, sequence: at + 1, timeNs: BigInt(1000 * (at + 1)), machine: machine.code,
      event: events.indexOf(event), from: states.indexOf(from), to: states.indexOf(to),
    };
  });
  const stale = {
    ...shared, sequence: 5, timeNs: 9000n, machine: 0, event: FLIGHT_NOTE_STALE_FRAME, from: 0, to: 0,
  };
  return {
    incarnation: 1n, wallNs: 1_700_000_000_000_000_000n, monotonicNs: 0n, sameMachines: true,
    entries: [...entries, stale], torn: 0, overwritten: 0, lostBefore: new Map(),
  };
}

async function withPage(words: readonly string[], name: string): Promise<Page> {
  const file = join(folder, name);
  visualize(...words, "--output", file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { page, troubles } = await openPage(browser, pathToFileURL(file).href);
  page.on("close", () => expect(troubles).toEqual([]));
  return page;
}

describe("the plan", () => {
  let page: Page;
  beforeAll(async () => {
    page = await withPage(["--explain", explained], "plan.html");
  });
  afterAll(() => page.close());

  it("stands beside the session it names, and lights the actors of the operator that is chosen", async () => {
    await page.keyboard.press("/");
    const [{ Plan: { Session: session } }] = JSON.parse(readFileSync(explained, "utf8")) as Explained;
    await page.keyboard.type(session);
    await page.locator(".session", { has: page.getByText(`execution ${session}`, { exact: true }) }).click();
    await page.locator('[data-view="plan"]').click();
    await expect.poll(() => count(page, ".operator")).toBeGreaterThan(3);
    expect(await text(page, ".operators")).toContain("Hash Join");
    await page.locator('button[data-operator]', { hasText: "Scan of leaf" }).first().click();
    await expect.poll(() => text(page, ".actors")).toMatch(/scan_producer/);
    expect(await count(page, ".operator.lit")).toBe(1);
    expect(await text(page, ".operator.lit")).toContain("Rows Produced");
    await keepPicture(page, "visualizer_plan");
  });

  it("lights the operators of the actor that is chosen", async () => {
    await page.locator(".actors button", { hasText: "scan_producer" }).first().click();
    await expect.poll(() => text(page, ".operator.lit button")).toContain("Scan of leaf");
    for (let tries = 0; tries < 12 && !(await count(page, ".operator.lit") > 1); tries++)
      await page.keyboard.press("a");
    await expect.poll(() => text(page, ".operator.lit button")).toContain("Hash Aggregate");
  });

  it("is reached by keyboard alone", async () => {
    await page.keyboard.press("1");
    await expect.poll(() => isSeen(page, ".plan")).toBe(false);
    await page.keyboard.press("p");
    await expect.poll(() => isSeen(page, ".plan")).toBe(true);
    await page.locator("button[data-operator]").first().focus();
    await page.keyboard.press("ArrowDown");
    const second = page.locator("button[data-operator]").nth(1);
    await expect.poll(() => second.getAttribute("aria-pressed")).toBe("true");
  });

  it("can be pasted as psql prints it", async () => {
    const fresh = await withPage([], "paste.html");
    const pasted = await explain();
    await fresh.keyboard.press("2");
    await fresh.locator(".openers textarea").fill(pasted);
    // Its session is younger than the file.
    await expect.poll(() => text(fresh, ".said")).toContain("not in the recording");
    await fresh.locator(".openers textarea").fill(pasted.replace(/"Session":"[^"]*"/, '"Session":""'));
    await expect.poll(() => count(fresh, ".operator")).toBeGreaterThan(3);
    await fresh.close();
  });
});

describe("a comparison", () => {
  it("shows what two sessions of one recording do differently", async () => {
    await client.query("SELECT region FROM joined LIMIT 1");
    const page = await withPage([], "compare.html");
    await page.locator('[data-view="compare"]').click();
    expect(await text(page, ".against")).toContain("Mark a session");
    await page.keyboard.press("G");
    await page.keyboard.press("m");
    // The marked one was stopped by its LIMIT; the oldest execution ran to its end.
    await page.locator(".session", { hasText: "execution" }).last().click();
    await expect.poll(() => text(page, ".summary")).toMatch(/actors behave alike/);
    await expect.poll(() => count(page, ".divergence button")).toBeGreaterThan(0);
    expect(await count(page, ".states tr")).toBeGreaterThan(2);
    await keepPicture(page, "visualizer_compare");
    const says = await text(page, ".divergence button");
    await page.locator(".divergence button").first().click();
    await expect.poll(() => told(page)).toContain(says.split(":")[0]);
    await page.locator(".compare select").selectOption({ index: 0 });
    await expect.poll(() => text(page, ".summary")).toMatch(/differ/);
    await page.close();
  });

  it("shows a second recording beside the first", async () => {
    const data = join(process.env["PG_FUSION_TEST_HOME"] ?? "", "data", "pg_fusion");
    const ring = readdirSync(data).find((name) => name.endsWith(".ring")) ?? "";
    const page = await withPage(["--compare", join(data, ring)], "both.html");
    await page.keyboard.press("3");
    await expect.poll(() => text(page, ".against")).toContain(ring);
    await expect.poll(() => text(page, ".summary")).toContain("0 differ");
    expect(await text(page, ".result")).toContain("Nothing differs but times");
    await page.close();
  });
});

describe("coverage and rare waits", () => {
  it("draws over the machines what was ever tried, and tells it in words", async () => {
    const page = await withPage([], "coverage.html");
    await page.keyboard.press("G");
    await page.locator("button.coverage").click();
    await expect.poll(() => count(page, ".edge.cover.here")).toBeGreaterThan(5);
    expect(await isSeen(page, ".legend")).toBe(true);
    await keepPicture(page, "visualizer_coverage");
    expect(await text(page, '[data-machine="execution_backend"] .note')).toMatch(/here \d+/);
    for (const { name } of generatedMachines)
      expect(await text(page, `[data-machine="${name}"] .note`), name).toMatch(/here \d|on servers \d/);
    await page.keyboard.press("o");
    await expect.poll(() => count(page, ".edge.cover")).toBe(0);
    await page.close();
  });

  it("jumps to full rings, empty pools and dropped stale frames, and says when there is none", async () => {
    const file = join(folder, "rare.fxtrace");
    writeFileSync(file, traceOfFlight(rareFlight(), 4));
    const page = await withPage([file], "rare.html");
    await page.keyboard.press("g");
    await page.keyboard.press("v");
    await expect.poll(() => text(page, ".said")).toBe("no further violation");
    for (const [key, event] of [["r", "ringFilled"], ["e", "poolExhausted"], ["t", "stale frame dropped"]] as const) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await expect.poll(() => told(page)).toContain(event);
    }
    await page.keyboard.press("g");
    await page.locator("footer button", { hasText: "full ring" }).click();
    await expect.poll(() => told(page)).toContain("ringFilled");
    expect(await text(page, ".numbers")).toContain("1 \u00d7 stale drop");
    await page.close();
  });
});

describe("a trace file", () => {
  it("opens with its plan when it is a full one", async () => {
    await client.query("SET pg_fusion.capture = full");
    await client.query(statement);
    await client.query("SET pg_fusion.capture = off");
    const traces = join(process.env["PG_FUSION_TEST_HOME"] ?? "", "data", "pg_fusion", "traces");
    const captured = (): string[] => readdirSync(traces).filter((name) => name.endsWith(".fxtrace")).sort()
      .map((name) => join(traces, name));
    await expect.poll(() => captured().length).toBeGreaterThan(0);
    let found: Page | undefined;
    for (const file of captured()) {
      const page = await withPage([file], "captured.html");
      await page.keyboard.press("p");
      if (await count(page, ".operator") > 0) found = page;
      else await page.close();
    }
    if (found === undefined) throw new Error("no captured trace brought a plan");
    expect(await text(found, ".operators")).toContain("Hash Join");
    expect(await text(found, ".operators")).toMatch(/had \d+ rows/);
    expect(await text(found, "header .source")).toContain("full");
    await found.close();
  });
});

describe("looks", () => {
  it("follows light and dark, and tells kinds apart by signs as well", async () => {
    const file = join(folder, "looks.html");
    visualize("--output", file);
    const surfaces: string[] = [];
    for (const scheme of ["light", "dark"] as const) {
      const { page, troubles } = await openPage(browser, pathToFileURL(file).href, scheme);
      surfaces.push(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
      const signs = await page.locator(".session .sign").allInnerTexts();
      expect(signs.every((sign) => sign.length === 1)).toBe(true);
      expect(troubles).toEqual([]);
      await page.close();
    }
    expect(surfaces[0]).not.toBe(surfaces[1]);
  });
});
