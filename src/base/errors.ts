// The one error class that leaves a module on purpose: an operating error with the SQLSTATE, message,
// DETAIL and HINT the client will read. Programmer errors are not here: they assert (assert.ts).

/**
 * What went wrong, for code that decides on it; texts are for people and are never matched.
 * - `sqlError`: evaluation failed as it would in PostgreSQL (overflow, division by zero, bad cast).
 * - `notSupported`: a statement the project refuses to run (SQLSTATE 0A000).
 * - `malformedMessage`: bytes of a peer that do not say what their schema promises.
 * - `protocolViolation`: a well-formed message or event that has no place in the conversation.
 * - `limitReached`: a named bound (memory, length, depth, count) was hit.
 * - `cancelled`: the peer asked to stop.
 * - `internal`: a bug noticed in time to fail one statement only.
 */
export type ErrorCode =
  | "sqlError"
  | "notSupported"
  | "malformedMessage"
  | "protocolViolation"
  | "limitReached"
  | "cancelled"
  | "internal";

export interface ErrorFields {
  readonly code: ErrorCode;
  /** Five characters, PostgreSQL's. */
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class FusionError extends Error {
  readonly code: ErrorCode;
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;

  constructor(fields: ErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "FusionError";
    this.code = fields.code;
    this.sqlstate = fields.sqlstate;
    this.detail = fields.detail;
    this.hint = fields.hint;
  }
}

/** An error PostgreSQL itself would raise for the same values, with its SQLSTATE and exact texts. */
export function sqlError(sqlstate: string, message: string, detail?: string): FusionError {
  return new FusionError({ code: "sqlError", sqlstate, message, detail });
}

/** Bytes that break their schema: SQLSTATE 08P01 (protocol violation), so that nobody retries them. */
export function malformedMessage(message: string, detail?: string): FusionError {
  return new FusionError({ code: "malformedMessage", sqlstate: "08P01", message, detail });
}

/** A named bound was hit; the caller says which one and its value in `message`. */
export function limitReached(message: string, detail?: string, hint?: string): FusionError {
  return new FusionError({ code: "limitReached", sqlstate: "54000", message, detail, hint });
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Turns anything thrown into a FusionError, so that the client always gets one well-formed error. */
export function asFusionError(thrown: unknown): FusionError {
  if (thrown instanceof FusionError) return thrown;
  return new FusionError({
    code: "internal",
    sqlstate: "XX000",
    message: `pg_fusion: internal error: ${messageOf(thrown)}`,
    cause: thrown,
  });
}
