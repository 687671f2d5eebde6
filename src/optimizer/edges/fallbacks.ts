// What of one statement PostgreSQL runs in the engine's place, and why: parts of FROM and conditions become leaves,
// subqueries of the select list stay above the engine. Collected from refusals: each names a part, and planning starts
// afresh with that part given away. Nothing here plans. Read next: stand_alone.ts, which says what can be given away.
import { assert } from "#base/assert.js";
import type { TextNode } from "#frontend/node_text.js";
import { StatementRefused } from "#frontend/refusal.js";

/** Thrown to plan the statement again: one more part of it is PostgreSQL's. */
export class Replan extends Error {
  constructor() {
    super("a part of the statement was given to PostgreSQL");
    this.name = "Replan";
  }
}

/** Rounds of planning, each of which gives away one more part; what is refused after so many is refused for good. */
const ROUNDS_MAX = 200;

export class Fallbacks {
  /** Why, by the node id of what was given away. */
  readonly #reasons = new Map<number, string>();
  #wholeFrom: string | undefined;

  /** Why a range table entry, a condition or a subquery is PostgreSQL's; undefined: it is the engine's. */
  reasonFor(node: TextNode): string | undefined {
    return this.#reasons.get(node.id);
  }

  /** Why all of the statement's FROM and WHERE is. */
  get wholeFrom(): string | undefined {
    return this.#wholeFrom;
  }

  /** Gives the node away and starts afresh. */
  give(node: TextNode, reason: string): never {
    assert(!this.#reasons.has(node.id), "a part is given away once");
    this.#reasons.set(node.id, reason);
    throw new Replan();
  }

  /** Gives away all of FROM and WHERE; false when they are already. */
  giveFrom(reason: string): boolean {
    if (this.#wholeFrom !== undefined) return false;
    this.#wholeFrom = reason;
    return true;
  }

  /** Runs `plan`; what it refuses is given away with `node` when that `may` be, else refused further out. */
  orGive<T>(node: TextNode, may: () => boolean, plan: () => T, name?: string): T {
    try {
      return plan();
    } catch (error) {
      const isOver = this.#reasons.size >= ROUNDS_MAX;
      if (error instanceof StatementRefused && !isOver && this.reasonFor(node) === undefined && may())
        this.give(node, name === undefined ? error.refusal.construct : `${error.refusal.construct} in ${name}`);
      throw error;
    }
  }
}
