// Conditions of a region whose evaluation may end in an error. PostgreSQL asks them as soon as their columns are
// joined, in an order of joins of its own, so that another join may have dropped a row they fail for. Asked of the rows
// that all else lets through, they fail for none that PostgreSQL would not have met. Counter-example: FROM a, b, c
// WHERE a.k = b.k AND a.x / b.y > 2 AND b.c = c.id, where no row with b.y = 0 has a partner in c.
// Read next: region.ts.
import type { Expression } from "#expr/expression.js";
import type { Attributes } from "#optimizer/attributes.js";
import { equalityOf } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { originsOf, type LogicalOperator } from "#plan/logical.js";

export interface PlacedConditions {
  /** Asked where the columns they read are joined. */
  readonly joining: readonly Expression[];
  /** Asked of the region's rows. */
  readonly last: readonly Expression[];
}

/** Which group of inputs each origin is in, as conditions connect them. */
class Connections {
  readonly #groups: Set<number>[];

  constructor(inputs: readonly LogicalOperator[]) {
    this.#groups = inputs.map((input) => new Set(originsOf(input)));
  }

  /** Whether the origins are in several groups, which become one. */
  connect(origins: ReadonlySet<number>): boolean {
    const met = this.#groups.filter((group) => [...origins].some((origin) => group.has(origin)));
    const [first, ...others] = met;
    for (const group of others) {
      for (const origin of group) first?.add(origin);
      this.#groups.splice(this.#groups.indexOf(group), 1);
    }
    return others.length > 0;
  }
}

/**
 * `hides`: semi and anti joins drop rows of the region, too. What alone connects inputs stays: without it each of their
 * rows would meet each. So do equalities, by which rows find each other.
 */
export function placeFailing(
  inputs: readonly LogicalOperator[], conditions: readonly Expression[], hides: boolean, attributes: Attributes,
): PlacedConditions {
  const isCandidate = (condition: Expression): boolean => mayFail(condition) && equalityOf(condition) === undefined;
  if (!conditions.some(isCandidate)) return { joining: conditions, last: [] };
  const connections = new Connections(inputs);
  for (const condition of conditions) {
    if (!isCandidate(condition)) connections.connect(attributes.originsRead(condition));
  }
  const last = conditions.filter((condition) => {
    if (!isCandidate(condition)) return false;
    const read = attributes.originsRead(condition);
    if (connections.connect(read)) return false;
    return hides || inputs.some((input) => [...originsOf(input)].every((origin) => !read.has(origin)));
  });
  return { joining: conditions.filter((condition) => !last.includes(condition)), last };
}
