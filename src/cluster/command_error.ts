// An expected failure of a command: what happened, and what to do about it. It never reaches SQL
// clients; errors of statements are FusionErrors (base/errors.ts).

export class CommandError extends Error {
  /** What the reader can do next; printed on its own lines. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "CommandError";
    this.hint = hint;
  }
}
