// Setting statement_timeout where one is in effect: the old one holds for the SET too, and ends it on a busy machine.
// Not for waiting; that is the part of audit.ts.
import type { Client } from "pg";

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

/**
 * What a statement is told whose timeout ended it. The second wording is PostgreSQL's too: a timeout that strikes
 * between the first and the second start of a statement's clock (exec_simple_query, before and behind the parser) is
 * forgotten by the second, which leaves a cancel without a reason. It takes a busy machine and one millisecond.
 */
export const timedOutMessage = /^canceling statement due to (?:statement timeout|user request)$/;
