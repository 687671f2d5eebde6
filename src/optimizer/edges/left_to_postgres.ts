// A step left to PostgreSQL with the reason, for EXPLAIN: thrown while grouping, DISTINCT or windows are planned,
// caught where PostgreSQL can take the step over. What cannot be left is refused (frontend/refusal.ts).

export class LeftToPostgres extends Error {
  /** The engine might take the step over rows that are ordered (ordered_rows.ts). */
  readonly needsRows: boolean;

  constructor(reason: string, needsRows = false) {
    super(reason);
    this.needsRows = needsRows;
  }
}

export function leave(reason: string): never {
  throw new LeftToPostgres(reason);
}
