// The planning conversation as plain records: what the backend asks and what the planner answers. Not the
// wire form (src/codec/planning_message.ts) and not the engine's plan (physical.ts), which travels inside
// PlanReady as bytes. The wording of every field is in schemas/control/planning.fbs.

import type { ExplainedOperator } from "./explain.js";

export const PLANNING_VERSION = 1;

export interface TypeFact {
  readonly oid: number;
  readonly name: string;
  /** typlen: > 0 fixed, -1 varlena, -2 cstring. */
  readonly length: number;
  readonly byValue: boolean;
  /** pg_type.typtype, one character. */
  readonly kind: string;
  readonly base: number;
  readonly element: number;
  readonly hashable: boolean;
  readonly bitwiseEqual: boolean;
}

export interface CollationFact {
  readonly oid: number;
  readonly deterministic: boolean;
  readonly byteOrder: boolean;
  /** upper() and lower() know the letters of ASCII alone. */
  readonly asciiLetters: boolean;
  /** upper() and lower() go by a locale of the C library. */
  readonly libraryLetters: boolean;
  /** Scans can make keys of its texts whose bytes are in its order. */
  readonly orderKeys: boolean;
}

export interface FunctionFact {
  readonly oid: number;
  readonly name: string;
  /** pg_proc.provolatile, one character. */
  readonly volatility: string;
  readonly parallel: string;
  readonly strict: boolean;
  readonly leakproof: boolean;
}

export interface ColumnFact {
  readonly attribute: number;
  readonly type: number;
  readonly typmod: number;
  readonly collation: number;
  readonly notNull: boolean;
  readonly averageWidth: number;
  /** Estimated distinct values; 0 or absent when unknown. */
  readonly distinct?: number;
  readonly nullFraction?: number;
}

/** A condition over one relation, and the share of its rows PostgreSQL expects to pass. */
export interface ConditionFact {
  readonly node: number;
  readonly selectivity: number;
  /** Two bounds of one column are a range. */
  readonly bound: "none" | "upper" | "lower";
}

export interface RelationFact {
  /** Node id of the range table entry. */
  readonly rteNode: number;
  readonly relation: number;
  readonly name: string;
  /** relkind, one character. */
  readonly kind: string;
  readonly rows: number;
  readonly pages: number;
  readonly columns: readonly ColumnFact[];
  /** Columns no two rows agree in where none is NULL. */
  readonly uniqueKeys?: readonly (readonly number[])[];
}

export interface PlanRequest {
  readonly serverVersion: number;
  /** Text of nodeToString(), UTF-8 or the database's encoding; structure is ASCII. */
  readonly query: Uint8Array;
  readonly types: readonly TypeFact[];
  readonly collations: readonly CollationFact[];
  readonly functions: readonly FunctionFact[];
  readonly relations: readonly RelationFact[];
  readonly explain: boolean;
  readonly timeZone: string;
  readonly workMemoryKb: number;
  readonly conditions?: readonly ConditionFact[];
  /** Joins may filter what their probed leaves deliver. */
  readonly runtimeFilters: boolean;
  /** The database's characters are not UTF-8. */
  readonly otherEncoding?: boolean;
  /** Names of time zones among the constants of the query, where AT TIME ZONE takes them. */
  readonly zones?: readonly string[];
}

/** In the order of their numbers. */
export const tableKinds = ["zone", "enum", "formats", "own", "letters"] as const;

/**
 * A parameter of the plan: a table, of a time zone, of an enum's order, of how the session writes values, of a locale's
 * letters; or the statement's own of that number.
 */
export interface TableParameter {
  readonly id: number;
  readonly kind: (typeof tableKinds)[number];
  /** Empty: the session's. */
  readonly zone: string;
  /** OID of the enum, or of the collation. */
  readonly object: number;
}

export interface LeafColumn {
  readonly node: number;
  /** 0 = none; else the value is wanted only where this expression is true. */
  readonly guardNode: number;
  readonly encoding: number;
  readonly scale: number;
  /** Missing: the values themselves; else keys of these texts in the order of a collation. */
  readonly orderKey?: number;
}

/** How a key's values are compared: as one word, as the two words of a decimal, or byte by byte. */
export const filterKeyKinds = ["word", "pair", "bytes"] as const;
export type FilterKeyKind = (typeof filterKeyKinds)[number];

/** A runtime filter of the plan that the leaf's producers test rows against. */
export interface LeafFilter {
  readonly filter: number;
  readonly keys: readonly { readonly column: number; readonly kind: FilterKeyKind }[];
}

export interface Leaf {
  readonly queryNode: number;
  readonly rangeIndex: number;
  readonly columns: readonly LeafColumn[];
  readonly qualNodes: readonly number[];
  readonly filters: readonly LeafFilter[];
  /** Share of its rows that the filters are expected to let through; absent: all. */
  readonly passed?: number;
}

export interface OutputColumn {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  readonly collation: number;
  readonly encoding: number;
  readonly scale: number;
}

/** What stands at the edge in place of a node of the query. */
export type EdgeExpression =
  | { readonly kind: "column"; readonly index: number }
  | { readonly kind: "call"; readonly function: number; readonly arguments: readonly EdgeExpression[] };

/** Another node of the query with its own replacements: a column of a merged subquery that PostgreSQL computes. */
export interface LiftedNode {
  readonly kind: "node";
  readonly node: number;
}

export interface EdgeReplacement {
  readonly node: number;
  readonly expression: EdgeExpression | LiftedNode;
}

export interface PlanReady {
  /** Bytes of the PhysicalPlan, opaque to the backend. */
  readonly plan: Uint8Array;
  readonly planDigest: bigint;
  readonly leaves: readonly Leaf[];
  readonly outputs: readonly OutputColumn[];
  readonly replacements: readonly EdgeReplacement[];
  readonly didWhere: boolean;
  readonly didAggregate: boolean;
  readonly didDistinct: boolean;
  readonly didSort: boolean;
  readonly didLimit: boolean;
  readonly didWindow: boolean;
  readonly rows: number;
  /** For EXPLAIN, in preorder. */
  readonly operators: readonly ExplainedOperator[];
  /** For EXPLAIN: what is said below the operators. */
  readonly explain: readonly string[];
  readonly planningNs: number;
  /** The result depends on the order of scanned rows: each scan has one producer (src/plan/row_order.ts). */
  readonly orderMatters: boolean;
  /** Estimate of the engine's time above the leaves. */
  readonly engineNs: number;
  /** Conditions on the engine's rows that PostgreSQL evaluates above it; their variables are replaced. */
  readonly edgeQuals: readonly number[];
  /** What the plan computes with as it is when an execution starts. */
  readonly tables: readonly TableParameter[];
}

export interface PlanRefused {
  readonly construct: string;
  readonly detail: string;
  readonly hint: string;
  /** Parse location or -1. */
  readonly location: number;
}
