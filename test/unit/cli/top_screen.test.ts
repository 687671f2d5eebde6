// What top shows of two looks: rates, order, the pool, what is hidden, and screens that fit.
import { expect, test } from "vitest";
import { ordered, rowRate, shortCount, topLines, topScreen, type TopLook, type TopSession } from "#cli/top_screen.js";

const session = (slot: number, more: Partial<TopSession> = {}): TopSession => ({
  pid: 100 + slot, slot, epoch: 1, user: "ann", machine: "execution_backend", state: "running", waitingOn: undefined,
  executor: 0, producers: 1, pagesReserved: 2, pagesHeld: 1, rowsScanned: 0, bytesOnDisk: 0, ageMs: 1500, ...more,
});

const look = (atMs: number, sessions: readonly TopSession[]): TopLook => ({
  atMs, worker: "ready", pagesFree: 12, pagesHeld: 4, sessions, rowsScanned: atMs * 10, rowsReturned: atMs,
  planned: 0, refused: 0,
});

const before = look(1000, [session(0, { rowsScanned: 500 }), session(1, { rowsScanned: 0 })]);
const now = look(3000, [
  session(0, { rowsScanned: 1500 }), session(1, { rowsScanned: 90_000, bytesOnDisk: 2_500_000, waitingOn: "page" }),
  session(2, { epoch: 7, rowsScanned: 400, machine: undefined, state: undefined, user: undefined, pagesHeld: 9 }),
]);

test("rates are of the same session at both looks", () => {
  expect(now.sessions.map((each) => rowRate(each, now, before))).toEqual([500, 45_000, 0]);
  expect(rowRate(session(0, { epoch: 2, rowsScanned: 10 }), now, before)).toBe(0);
  expect(rowRate(session(0), now, undefined)).toBe(0);
});

test("rows are ordered by rate, pages or age", () => {
  expect(ordered(now, before, "rows").map(({ slot }) => slot)).toEqual([1, 0, 2]);
  expect(ordered(now, before, "pages").map(({ slot }) => slot)).toEqual([2, 0, 1]);
  expect(ordered(now, before, "age").map(({ slot }) => slot)).toEqual([0, 1, 2]);
});

test("lines tell worker, pool and each session; what is hidden is a dash", () => {
  const lines = topLines(now, before);
  expect(lines[0]).toContain("worker ready, 3 sessions; scanned 10.0k rows/s, returned 1.0k rows/s");
  expect(lines[1]).toBe("[##########..............................] 4 of 16 pages held");
  expect(lines[4]).toMatch(/^101 +1\/1 +ann +execution_backend +running +page +1 +1\+2 +45\.0k +90\.0k +2\.5M +1\.5s$/);
  expect(lines[6]).toMatch(/^102 +2\/7 +- +- +- +-/);
  expect(topLines(look(5, []), undefined).at(-1)).toBe("(nothing runs in the engine)");
});

test("counts are short", () => {
  const counts = [0, 999, 1000, 123_456, 2_500_000, 7.4e9];
  expect(counts.map(shortCount)).toEqual(["0", "999", "1.0k", "123k", "2.5M", "7.4G"]);
});

test("a screen fills the terminal and no more, and inverts the chosen session", () => {
  const view = { order: "rows", chosen: "0/1", says: "", columns: 60, lines: 8 } as const;
  const lines = topScreen(now, before, view).replace("\u001b[H", "").split("\r\n");
  expect(lines).toHaveLength(8);
  // oxlint-disable-next-line no-control-regex
  const shown = lines.map((line) => line.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, ""));
  for (const line of shown) expect(line.length).toBeLessThanOrEqual(60);
  expect(lines[5]).toContain("\u001b[7m100");
  expect(shown.at(-1)).toContain("q quit");
  expect(topScreen(now, before, { ...view, lines: 3 }).split("\r\n")).toHaveLength(3);
});
