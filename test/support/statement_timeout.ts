// Setting statement_timeout where one is in effect: the old one holds for the SET too, and ends it on a busy machine.
// Not for waiting; that is the part of audit.ts.
import type { Client } from "pg";
import { expect } from "vitest";
import { held, quiet } from "./audit.js";
import { type Outcome, run } from "./fusion_session.js";

/** More than any machine needs that gets through a test at all. */
const ATTEMPTS_MAX = 1000;

/** Sets it however short the present one is; 0: none. */
export async function setStatementTimeout(client: Client, ms: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`SET statement_timeout = ${ms}`);
      return;
    } catch (error) {
      const isCancelled = error instanceof Error && "code" in error && error.code === "57014";
      if (!isCancelled || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/** What is said of a statement that its timeout ended, and of one that a session ended. */
export const timedOut = { code: "57014", message: "canceling statement due to statement timeout" };
export const cancelledByUser = { code: "57014", message: "canceling statement due to user request" };

/** Runs of a statement whose timeout is lost each time. One is rare enough. */
const RUNS_MAX = 3;

/**
 * What came of a statement that no session cancels, run again where PostgreSQL lost its timeout: one that strikes
 * between the first and the second start of a statement's clock (exec_simple_query, before and behind the parser) is
 * forgotten by the second, which leaves a cancel without a reason. It takes a busy machine and one millisecond.
 */
export async function keepingTimeouts<T extends object>(run: () => Promise<T>): Promise<T> {
  for (let runs = 1; ; runs += 1) {
    const ended = await run();
    const isLost = "message" in ended && ended.message === cancelledByUser.message;
    if (!isLost || runs === RUNS_MAX) return ended;
  }
}

/**
 * Runs a statement with a timeout of each number of milliseconds up to `moments`. It ends as PostgreSQL ends it or
 * whole, and nothing is held after it, as the observer sees. How many were cancelled.
 */
export async function cancelledAtAnyMoment(
  client: Client, observer: Client, moments: number, textOf: (ms: number) => string,
): Promise<number> {
  let cancelled = 0;
  for (let ms = 1; ms <= moments; ms += 1) {
    await setStatementTimeout(client, ms);
    const ended: Outcome = await keepingTimeouts(() => run(client, textOf(ms)));
    await setStatementTimeout(client, 0);
    if ("message" in ended) {
      expect(ended).toEqual(timedOut);
      cancelled += 1;
    }
    expect(held(await quiet(observer))).toBe(0);
  }
  return cancelled;
}
