// Grows expressions of a wanted kind from the columns in scope, the catalogue's templates and constants. It knows
// nothing of queries: subqueries and aggregates are grown by the caller, through `special`. Read next: queries.ts.
import type { Dice } from "../random_plans.js";
import { constants, type Hole, templates, type Template } from "./catalogue.js";
import type { Expression, Kind } from "./tree.js";

export interface ScopeColumn {
  readonly text: string;
  readonly kind: Kind;
  readonly exact: boolean;
}

export interface Scope {
  readonly columns: readonly ScopeColumn[];
  /** Expressions that may raise errors are wanted too. */
  readonly mayFail: boolean;
  /** A subquery, aggregate or the like of the wanted kind, now and then. */
  readonly special?: (kind: Kind, depth: number) => Expression | undefined;
}

const byKind = new Map<Kind, Template[]>();
for (const template of templates) byKind.set(template.kind, [...(byKind.get(template.kind) ?? []), template]);

export function leaf(kind: Kind, text: string, exact = true): Expression {
  return { node: "expression", kind, exact, parts: [text] };
}

export function constant(dice: Dice, kind: Kind): Expression {
  return leaf(kind, dice.pick(constants[kind]));
}

/** A column of the kind, else a constant. */
export function simplest(dice: Dice, scope: Scope, kind: Kind): Expression {
  const fitting = scope.columns.filter((each) => each.kind === kind);
  if (fitting.length === 0 || dice.chance(8)) return constant(dice, kind);
  const { text, exact } = dice.pick(fitting);
  return leaf(kind, text, exact);
}

/** An expression of a kind, nested up to `depth` templates. */
export function grow(dice: Dice, scope: Scope, kind: Kind, depth: number): Expression {
  const special = depth > 0 ? scope.special?.(kind, depth) : undefined;
  if (special !== undefined) return special;
  const isPlain = kind !== "bool" && dice.chance(35);
  if (depth <= 0 || isPlain) return simplest(dice, scope, kind);
  const usable = (byKind.get(kind) ?? []).filter((each) => scope.mayFail || !each.fails);
  if (usable.length === 0) return simplest(dice, scope, kind);
  const template = dice.pick(usable);
  let exact = template.exact;
  const shared = new Map<Kind, Expression>();
  const fill = ({ kind: wanted, filled }: Hole): Expression => {
    if (filled === "constant") return constant(dice, wanted);
    const known = filled === "same" ? shared.get(wanted) : undefined;
    const value = known ?? grow(dice, scope, wanted, depth - 1);
    if (filled === "same") shared.set(wanted, value);
    return value;
  };
  const parts = template.pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    const value = fill(piece);
    // The text of a value that may look different is different too.
    if (!value.exact && kind !== "bool") exact = false;
    return value;
  });
  return { node: "expression", kind, exact, parts };
}

/** An expression whose equal values look the same, for keys of groups and the like. */
export function growExact(dice: Dice, scope: Scope, kinds: readonly Kind[], depth: number): Expression {
  for (let attempt = 0; attempt < 20; attempt++) {
    const grown = grow(dice, scope, dice.pick(kinds), depth);
    if (grown.exact) return grown;
  }
  return leaf("int4", "1");
}
