// The addon's status numbers as outcomes and errors. What the peer did wrong becomes a FusionError of code
// protocolViolation, which ends one session and never the worker.
import { FusionError } from "#base/errors.js";
import { addon } from "./addon.js";
import type { PageOutcome } from "./transport.js";

export function statusOk(status: number): boolean {
  return status === addon().status.ok;
}

/** SQLSTATE 08P01, the same for every kind of violation: the detail tells them apart. */
export function protocolViolation(detail: string, cause?: unknown): FusionError {
  return new FusionError({
    code: "protocolViolation",
    sqlstate: "08P01",
    message: "pg_fusion: protocol violation between backend and worker",
    detail,
    cause,
  });
}

/** ok, full or stale; everything else is thrown. */
export function pageOutcome(status: number, what: string): PageOutcome {
  const known = addon().status;
  switch (status) {
    case known.ok:
      return "ok";
    case known.full:
      return "full";
    case known.stale:
      return "stale";
    default:
      throw protocolViolation(`${what}: status ${status}.`);
  }
}
