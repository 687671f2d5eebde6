// How much of a statement's expressions the planner translates before it gives up: merging a subquery writes its
// columns out wherever they are read, and where each level reads the one below twice that doubles from level to level,
// in time, plan and memory. PostgreSQL then runs the statement. Read next: expression_translator.ts.
import { limitReached } from "#base/errors.js";
import type { RequestFacts } from "#frontend/request_facts.js";

/** Some half a second, of all rounds of planning together; large statements take thousands. */
const TRANSLATIONS_MAX = 500_000;

/** By request. */
const spent = new WeakMap<RequestFacts, number>();

/** Counts one expression; throws when there were too many. */
export function spendTranslation(facts: RequestFacts): void {
  const count = (spent.get(facts) ?? 0) + 1;
  if (count > TRANSLATIONS_MAX)
    throw limitReached(`pg_fusion: more than ${TRANSLATIONS_MAX} expressions, subqueries written out`);
  spent.set(facts, count);
}
