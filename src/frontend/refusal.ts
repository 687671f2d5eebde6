// Refusing a statement: the construct in PostgreSQL's spelling, why, what to do, and where it stands.
// The backend turns it into SQLSTATE 0A000 "pg_fusion: <construct> is not supported".
import type { PlanRefused } from "#plan/planning.js";

export const RUN_IN_POSTGRESQL_HINT =
  "Set pg_fusion.enable to off or auto to run this statement in PostgreSQL.";

/** Thrown by the frontend and the planner, caught once where the answer is made. */
export class StatementRefused extends Error {
  readonly refusal: PlanRefused;

  constructor(refusal: PlanRefused) {
    super(`${refusal.construct} is not supported`);
    this.name = "StatementRefused";
    this.refusal = refusal;
  }
}

/** Refuses a construct; `detail` is a sentence, `location` a byte offset in the statement or -1. */
export function refuse(construct: string, detail: string, location = -1): never {
  throw new StatementRefused({ construct, detail, hint: RUN_IN_POSTGRESQL_HINT, location });
}
