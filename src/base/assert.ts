// Checks for programmer errors; they stay on in production. Operating errors (bad input, limits,
// a peer's mistake) are FusionErrors instead, see errors.ts.

export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}

/** Fails when a condition the code relies on does not hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(`assertion failed: ${message}`);
}

/** Unwraps a value that is present by construction; null is a value. */
export function defined<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new AssertionError(`assertion failed: ${message}`);
  return value;
}

/** The same where null stands for absence too. */
export function present<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new AssertionError(`assertion failed: ${message}`);
  return value;
}

/** The default branch of an exhaustive switch: a new variant without a case is a type error here. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable variant: ${JSON.stringify(value)}`);
}
