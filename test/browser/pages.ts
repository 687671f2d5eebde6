// Pages of the visualizer for tests: a browser, a page that notes what goes wrong in it and whom it asks, and what it
// says at the moment.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

export const script = fileURLToPath(new URL("../../scripts/pg-fusion.mjs", import.meta.url));

/** Of commands that are to find the tests' server. */
export const commandEnv = (): NodeJS.ProcessEnv =>
  ({ ...process.env, PG_FUSION_HOME: process.env["PG_FUSION_TEST_HOME"] ?? "", PG_FUSION_PORT: "" });

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium" });

/** Runs `pg-fusion visualize` to its end; its output. */
export function visualize(...words: readonly string[]): string {
  const done = spawnSync(process.execPath, [script, "visualize", ...words], { env: commandEnv(), encoding: "utf8" });
  if (done.status !== 0) throw new Error(`visualize ${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

export interface Opened {
  readonly page: Page;
  readonly troubles: string[];
  readonly asked: string[];
}

export async function openPage(
  browser: Browser, address: string, colorScheme: "light" | "dark" = "light",
): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1500, height: 940 }, colorScheme });
  const troubles: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(address);
  await page.waitForSelector("main.ready");
  return { page, troubles, asked };
}

/** The page draws at the frame after an input: whoever has waited for this sees what the input did. */
const drawn = (page: Page): Promise<unknown> =>
  page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");

// What a page shows is asked for by these alone, so that no question can come before the frame that answers it.
export async function text(page: Page, selector: string): Promise<string> {
  await drawn(page);
  return (await page.locator(selector).first().innerText()).replaceAll("\u00a0", " ");
}

export async function count(page: Page, selector: string): Promise<number> {
  await drawn(page);
  return page.locator(selector).count();
}

export async function isSeen(page: Page, selector: string): Promise<boolean> {
  await drawn(page);
  return page.locator(selector).first().isVisible();
}

export const position = async (page: Page): Promise<number> => Number((await text(page, ".place")).split(" ")[0]);
export const told = (page: Page): Promise<string> => text(page, ".facts");

/** With PG_FUSION_PICTURES set, the page as it is becomes a picture of docs/images. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (process.env["PG_FUSION_PICTURES"] !== "1") return;
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url));
  await page.screenshot({ path, scale: "css" });
}
