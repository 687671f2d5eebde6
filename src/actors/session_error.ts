// Errors as messages: what a session tells its backend when it cannot go on.
import { asFusionError, FusionError } from "#base/errors.js";
import type { ExecutionFailed } from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";

/** The message for anything thrown; unexpected errors become XX000. */
export function failureOf(thrown: unknown): ExecutionFailed {
  const error = asFusionError(thrown);
  return {
    sqlstate: error.sqlstate,
    message: error.message,
    detail: error.detail ?? "",
    hint: error.hint ?? "",
  };
}

export function messageName(type: number): string {
  const entry = Object.entries(MessageType).find(([, code]) => code === type);
  return entry === undefined ? `message ${type}` : entry[0];
}

/** A frame or event that has no place in the conversation. */
export function violation(what: string, state: string): FusionError {
  return new FusionError({
    code: "protocolViolation",
    sqlstate: "08P01",
    message: "pg_fusion: protocol violation between backend and worker",
    detail: `${what} has no place in state ${state}.`,
  });
}
