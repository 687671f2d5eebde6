// Which pairs of join operators may change places: the associativity, left and right asscom tables of Moerkotte,
// Fender, Eich ("On the correct and complete enumeration of the core search space", SIGMOD 2013, tables 2 and 3),
// with a mark join added. Read next: conflict_detection.ts, which turns "never" into conflict rules.
import type { OuterJoinKind } from "./operator_tree.js";

export type OperatorKind = "inner" | OuterJoinKind;

/**
 * When a law holds. `first` and `second` name the operator of the law whose predicate must reject nulls of the
 * expression both predicates share: a padded row must not find a partner the other order would not show it.
 */
export type Validity = "always" | "never" | "first" | "second" | "both";

type Table = Readonly<Record<OperatorKind, Readonly<Record<OperatorKind, Validity>>>>;

const never = {
  inner: "never", left: "never", full: "never", semi: "never", anti: "never", mark: "never",
} as const;

/**
 * (e1 A12 e2) B23 e3 = e1 A12 (e2 B23 e3), shared expression e2. A cross product counts as inner.
 * The second operator's columns of e2 must survive the first, so nothing follows semi, anti or mark; a mark of a
 * padded row is null on one side of the law and false on the other, so left-mark is never.
 */
const assocTable: Table = {
  inner: { inner: "always", left: "always", full: "never", semi: "always", anti: "always", mark: "always" },
  left: { ...never, left: "second" },
  full: { ...never, left: "second", full: "both" },
  semi: never,
  anti: never,
  mark: never,
};

/**
 * (e1 A12 e2) B13 e3 = (e1 B13 e3) A12 e2, shared expression e1. Operators that keep or drop whole rows of e1, or
 * add to them, commute; a full join adds rows without e1, which the other operator must not treat as its own.
 */
const keepsLeft = {
  inner: "always", left: "always", full: "never", semi: "always", anti: "always", mark: "always",
} as const;
const lAsscomTable: Table = {
  inner: keepsLeft,
  left: { ...keepsLeft, full: "first" },
  full: { ...never, left: "second", full: "both" },
  semi: keepsLeft,
  anti: keepsLeft,
  mark: keepsLeft,
};

/** e1 A13 (e2 B23 e3) = e2 B23 (e1 A13 e3), shared expression e3. */
const rAsscomTable: Table = {
  inner: { ...never, inner: "always" },
  left: never,
  full: { ...never, full: "both" },
  semi: never,
  anti: never,
  mark: never,
};

/** An operator and the relations its predicate rejects nulls of, as a mask. */
export interface LawOperator {
  readonly kind: OperatorKind;
  readonly rejectsNulls: bigint;
}

function holds(validity: Validity, first: LawOperator, second: LawOperator, shared: bigint): boolean {
  const firstRejects = (first.rejectsNulls & shared) !== 0n;
  const secondRejects = (second.rejectsNulls & shared) !== 0n;
  switch (validity) {
    case "always": return true;
    case "never": return false;
    case "first": return firstRejects;
    case "second": return secondRejects;
    case "both": return firstRejects && secondRejects;
  }
}

/** (e1 first e2) second e3 = e1 first (e2 second e3); `shared` is e2. */
export function assoc(first: LawOperator, second: LawOperator, shared: bigint): boolean {
  return holds(assocTable[first.kind][second.kind], first, second, shared);
}

/** (e1 first e2) second e3 = (e1 second e3) first e2; `shared` is e1. */
export function lAsscom(first: LawOperator, second: LawOperator, shared: bigint): boolean {
  return holds(lAsscomTable[first.kind][second.kind], first, second, shared);
}

/** e1 first (e2 second e3) = e2 second (e1 first e3); `shared` is e3. */
export function rAsscom(first: LawOperator, second: LawOperator, shared: bigint): boolean {
  return holds(rAsscomTable[first.kind][second.kind], first, second, shared);
}
