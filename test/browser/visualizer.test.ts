// The visualizer in real chromium: a live page follows a statement and a cancel, a written file is walked by keyboard,
// and neither asks anybody else for anything.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import pg from "pg";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { defined } from "#base/assert.js";
import {
  commandEnv, count, isSeen, keepPicture, openBrowser, openPage, position, script, text, told, visualize,
} from "./pages.js";

const rows = 1_500_000;
const statement = "SELECT region, sum(amount), count(*) FROM seen GROUP BY region ORDER BY region";
/** Fills a page three times a second, for a minute: it is cancelled in between. */
const slow = "SELECT region, count(*) FROM seen WHERE amount % 500 > 0 OR pg_sleep(0.02) IS NOT NULL GROUP BY region";

let browser: Browser;
let client: pg.Client;
let observer: pg.Client;

/** Cancels the statement once it has brought rows. */
async function cancelled(): Promise<void> {
  const ended = expect(client.query(slow)).rejects.toMatchObject({ code: "57014" });
  const pid = await vi.waitFor(async () => {
    const { rows: [session] } = await observer.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_fusion_activity WHERE rows_scanned > 0 AND state = 'running'");
    return defined(session, "a session that has brought rows").pid;
  }, { timeout: 20_000 });
  await observer.query("SELECT pg_cancel_backend($1)", [pid]);
  await ended;
}

beforeAll(async () => {
  browser = await openBrowser();
  client = new pg.Client();
  await client.connect();
  observer = new pg.Client();
  await observer.connect();
  await client.query("DROP TABLE IF EXISTS seen");
  await client.query(
    `CREATE TABLE seen AS SELECT i % 7 AS region, i::bigint AS amount FROM generate_series(1, ${rows}) AS i`);
  await client.query("VACUUM ANALYZE seen");
  await client.query("SET pg_fusion.enable = on");
});

afterAll(async () => {
  await browser?.close();
  await client?.end();
  await observer?.end();
});

describe("a live page", () => {
  let served: ChildProcess;
  let address: string;
  beforeAll(async () => {
    await client.query(statement);
    served = spawn(process.execPath, [script, "visualize", "--live"],
      { env: commandEnv(), stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: served.stdout as NonNullable<typeof served.stdout> });
    const [line] = (await once(lines, "line")) as [string];
    address = line.replace(/^open /, "");
  });
  afterAll(async () => {
    served.kill("SIGTERM");
    await once(served, "close");
    expect(served.exitCode).toBe(0);
  });

  it("follows a statement and a cancel, and asks only its own server", async () => {
    const { page, troubles, asked } = await openPage(browser, address);
    await expect.poll(() => text(page, ".status")).toBe("live");
    const before = await position(page);
    await client.query(statement);
    await expect.poll(() => position(page)).toBeGreaterThan(before);
    await cancelled();
    await expect.poll(() => text(page, ".numbers")).toMatch(/[1-9]\d* cancels/);
    await expect.poll(() => count(page, ".session.stopped")).toBeGreaterThan(0);
    await keepPicture(page, "visualizer_live");
    // Who steps, stays; who follows, is at the end again.
    await page.keyboard.press("k");
    await expect.poll(() => text(page, ".status")).toContain("paused");
    await page.keyboard.press("l");
    await expect.poll(() => text(page, ".status")).toBe("live");
    expect(troubles).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(address) && !url.startsWith("data:"))).toEqual([]);
    await page.close();
  });

  it("is not to be had without the secret", async () => {
    const { origin } = new URL(address);
    expect((await fetch(`${origin}/`)).status).toBe(404);
    expect((await fetch(`${origin}/trace`)).status).toBe(404);
  });
});

describe("a written file", () => {
  const folder = mkdtempSync(join(tmpdir(), "fusion_seen_"));
  const file = join(folder, "trace.html");
  let page: Page;
  let troubles: string[];
  let asked: string[];

  beforeAll(async () => {
    await client.query(statement);
    await cancelled();
    await client.query(statement);
    expect(visualize("--output", file)).toContain(file);
    ({ page, troubles, asked } = await openPage(browser, pathToFileURL(file).href));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("opens at the cancel", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await keepPicture(page, "visualizer_cancel");
    await page.emulateMedia({ colorScheme: "light" });
    expect(await count(page, ".session.stopped:first-child")).toBe(1);
    expect(await told(page)).toContain("cancelled");
  });

  it("steps forwards and back to the same picture", async () => {
    const [start, record] = [await position(page), await told(page)];
    for (const key of ["k", "k", "j", "ArrowRight"]) await page.keyboard.press(key);
    await expect.poll(() => position(page)).toBe(start);
    expect(await told(page)).toBe(record);
    await page.keyboard.press("g");
    await expect.poll(() => position(page)).toBe(0);
    expect(await count(page, ".state.lit")).toBe(0);
    await page.keyboard.press("c");
    // The executor may have seen it before the backend.
    for (let tries = 0; tries < 10 && !(await told(page)).includes("cancelled"); tries++)
      await page.keyboard.press("c");
    expect(await told(page)).toContain("cancelled");
    expect(await count(page, '[data-machine="execution_backend"] .state.now.stopped')).toBe(1);
  });

  it("counts everything or one session, and warms the arrows that were used", async () => {
    await page.keyboard.press("G");
    const ended = page.locator('[data-machine="execution_backend"] .state.done .count');
    await expect.poll(() => ended.innerHTML()).not.toBe("");
    const everything = Number(await ended.innerHTML());
    await page.locator("button.scope").click();
    await expect.poll(async () => Number(await ended.innerHTML())).toBeLessThan(everything);
    expect(await count(page, ".edge.warm1, .edge.warm2, .edge.warm3")).toBeGreaterThan(3);
    await page.keyboard.press("s");
  });

  it("answers why an actor waits, and leads to a record's cause", async () => {
    await page.locator(".session.stopped").first().click();
    expect(await count(page, ".why li")).toBeGreaterThan(0);
    await page.keyboard.press("G");
    for (let tries = 0; tries < 40 && !(await told(page)).includes("caused by"); tries++)
      await page.keyboard.press("k");
    const from = await position(page);
    await page.keyboard.press("b");
    await expect.poll(() => position(page)).toBeLessThan(from);
  });

  it("tells a page's history", async () => {
    await page.locator("canvas.pool").focus();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
    await expect.poll(() => text(page, ".pages h3")).toBe("Page 2");
    await page.locator("canvas.pool").click({ position: { x: 4, y: 4 } });
    await expect.poll(() => text(page, ".pages h3")).toBe("Page 0");
  });

  it("moves by the lanes, plays, filters and shows its keys", async () => {
    await page.keyboard.press("0");
    const box = await page.locator("canvas.lanes").boundingBox();
    await page.mouse.click((box?.x ?? 0) + 175, (box?.y ?? 0) + (box?.height ?? 0) - 10);
    await page.locator("canvas.lanes").focus();
    await page.keyboard.press("g");
    await expect.poll(() => position(page)).toBe(0);
    await page.keyboard.press("Space");
    await expect.poll(() => position(page)).toBeGreaterThan(0);
    await page.keyboard.press("Space");
    await page.keyboard.press("/");
    await page.keyboard.type("cancelled");
    await expect.poll(() => count(page, ".session:not(.stopped)")).toBe(0);
    expect(await count(page, ".session.stopped")).toBeGreaterThan(0);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    expect(await isSeen(page, "dialog")).toBe(true);
    await page.keyboard.press("Escape");
    expect(await isSeen(page, "dialog")).toBe(false);
  });

  it("needed nobody, and met no error", () => {
    expect(troubles).toEqual([]);
    expect(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
  });
});
