// One statement on two sessions, with pg_fusion and without it: equal, refused by name, or different. Rows compare as a
// multiset unless the statement fixes their order; errors are the same, or PostgreSQL raises both, each for some order
// of the rows. Read next: ways.ts, other_orders.ts.
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "pg";
import { refused, unordered, type Answer } from "../answers.js";
import { otherOrderRaises } from "./other_orders.js";
import { isOrdered, type Query, textOf } from "./tree.js";
import { answerIn, type TypedConstants, type Way } from "./ways.js";

export type Verdict =
  | {
      readonly kind: "equal";
      readonly answer: "rows" | "no rows" | "error" | "error of another row" | "rows of other modifiers";
    }
  | { readonly kind: "refused"; readonly message: string; readonly detail: string }
  /** PostgreSQL itself was too slow to compare with. */
  | { readonly kind: "skipped" }
  | { readonly kind: "different"; readonly expected: Answer; readonly actual: Answer };

const TIMEOUT = "57014";

/** Slices of arrays: equal ones of equal text have room for NULLs or not, which their binary form tells. */
const slices = /\[\d+:\d+\]/;
/** Not-a-numbers with a sign, which their binary form tells: ORDER BY does not. */
const signedNotNumbers = /x(?:fff80{12}|ffc0{5})(?![0-9a-f])/g;

function isTimeout(given: Answer): boolean {
  return given.kind === "error" && given.sqlstate === TIMEOUT;
}

const CANCELS_EVERY_MS = 200;

/** The server's process of a session, which the driver knows and its types do not say. */
function processOf(session: Client): number {
  return (session as Client & { readonly processID: number }).processID;
}

/** Cancels what a session was asked, all of it: some ways of asking are several statements. */
async function cancelled(other: Client, session: Client, asked: Promise<Answer>): Promise<void> {
  let hasEnded = false;
  const ended = asked.finally(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    await other.query("SELECT pg_cancel_backend($1)", [processOf(session)]);
    await Promise.race([ended, pause(CANCELS_EVERY_MS)]);
  }
}

/** Two sessions, and what they are asked with. */
export interface Comparison {
  readonly plain: Client;
  readonly fusion: Client;
  readonly typed: TypedConstants;
}

function hasSameRows(one: Answer, other: Answer): boolean {
  return one.kind === "rows" && other.kind === "rows" && JSON.stringify(one.rows) === JSON.stringify(other.rows);
}

/** The same rows, in an order that ORDER BY allows: of not-a-numbers those with a sign may come sooner or later. */
function differsInSigns(one: Answer, other: Answer): boolean {
  if (one.kind === "error" || other.kind === "error") return false;
  const signless = ({ rows }: typeof one): readonly string[] =>
    rows.map((row) => row.replaceAll(signedNotNumbers, (image) => `x7${image.slice(2)}`));
  return JSON.stringify(unordered(one)) === JSON.stringify(unordered(other))
    && JSON.stringify(signless(one)) === JSON.stringify(signless(other));
}

/** What type modifiers columns show depends on PostgreSQL's plan, and that on settings only one session has. */
async function withoutFusion(session: Client, ask: () => Promise<Answer>): Promise<Answer> {
  await session.query("SET pg_fusion.enable = off");
  try {
    return await ask();
  } finally {
    await session.query("SET pg_fusion.enable = on");
  }
}

/** Compares one statement, asked in one way; `seed` decides what is open about the way. */
export async function compare(
  { plain, fusion, typed }: Comparison, query: Query, way: Way, seed: number,
): Promise<Verdict> {
  const asked = answerIn(way, fusion, query, typed, seed);
  const expected = await answerIn(way, plain, query, typed, seed);
  // What PostgreSQL is too slow for may have more rows than a test can hold.
  if (isTimeout(expected)) await cancelled(plain, fusion, asked);
  const actual = await asked;
  if (actual.kind === "error" && refused(actual))
    return { kind: "refused", message: actual.message, detail: actual.detail };
  if (isTimeout(expected)) return { kind: "skipped" };
  const isFree = !isOrdered(query) || (way === "binary" && slices.test(textOf(query)));
  const shown = (given: Answer): Answer => (isFree ? unordered(given) : given);
  const isEmpty = expected.kind === "rows" && expected.rows.length === 0;
  if (JSON.stringify(shown(actual)) === JSON.stringify(shown(expected)))
    return { kind: "equal", answer: isEmpty ? "no rows" : expected.kind };
  if (way === "binary" && differsInSigns(actual, expected)) return { kind: "equal", answer: "rows" };
  if (actual.kind === "rows" && expected.kind === "rows" && hasSameRows(shown(actual), shown(expected))) {
    const planned = await withoutFusion(fusion, () => answerIn(way, fusion, query, typed, seed));
    if (JSON.stringify(shown(planned)) === JSON.stringify(shown(actual)))
      return { kind: "equal", answer: "rows of other modifiers" };
  }
  if (actual.kind === "error" && expected.kind === "error" && await otherOrderRaises(plain, query, actual))
    return { kind: "equal", answer: "error of another row" };
  return { kind: "different", expected, actual };
}

/** Rows only one side has, a few of each. */
function onlyIn(rows: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows
    .filter((row) => {
      const number = left.get(row) ?? 0;
      left.set(row, number - 1);
      return number <= 0;
    })
    .slice(0, SHOWN_ROWS);
}

const SHOWN_ROWS = 5;

/** What differs, in a few lines. */
export function difference(expected: Answer, actual: Answer): string {
  if (expected.kind === "error" || actual.kind === "error") {
    const shown = (given: Answer): string =>
      given.kind === "error" ? `${given.sqlstate} ${given.message}` : `${given.rows.length} rows`;
    return `PostgreSQL: ${shown(expected)}\npg_fusion:  ${shown(actual)}`;
  }
  const columns =
    expected.columns.join() === actual.columns.join()
      ? []
      : [`columns ${expected.columns.join(" ")} and ${actual.columns.join(" ")}`];
  const missing = onlyIn(expected.rows, actual.rows).map((row) => `PostgreSQL: ${row}`);
  const extra = onlyIn(actual.rows, expected.rows).map((row) => `pg_fusion:  ${row}`);
  const order = missing.length + extra.length === 0 ? ["the same rows in another order"] : [];
  return [
    `${expected.rows.length} and ${actual.rows.length} rows`,
    ...columns,
    ...missing,
    ...extra,
    ...order,
  ].join("\n");
}
