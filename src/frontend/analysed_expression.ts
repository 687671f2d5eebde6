// Expressions of the analysed query as the planner reads them: a closed union over what the engine may compute,
// and `other` for everything only PostgreSQL evaluates. Built by expression_reader.ts from the node text; the text
// node stays at hand because PostgreSQL is told about expressions by their node ids.
import type { TextNode } from "./node_text.js";
import type { SortGroup } from "./sort_group.js";

/** Result type as exprType(), exprTypmod() and exprCollation() give it; type 0 when not known here. */
export interface SqlType {
  readonly type: number;
  readonly typmod: number;
  readonly collation: number;
}

interface ExpressionBase extends SqlType {
  readonly source: TextNode;
}

export interface Variable extends ExpressionBase {
  readonly kind: "variable";
  /** 1-based index in the range table of the query `levelsUp` levels out. */
  readonly rangeIndex: number;
  /** Column number; 0 is the whole row, negative ones are system columns. */
  readonly attribute: number;
  readonly levelsUp: number;
}

export interface Constant extends ExpressionBase {
  readonly kind: "constant";
  readonly isNull: boolean;
  readonly byValue: boolean;
  /** The eight-byte Datum of by-value types, else the whole image; varlenas with their header. */
  readonly image: Uint8Array;
}

export interface Parameter extends ExpressionBase {
  readonly kind: "parameter";
  /** PARAM_EXTERN is "external"; the planner's own kinds do not occur before planning. */
  readonly parameterKind: "external" | "internal";
  readonly id: number;
}

/** A function or operator call. */
export interface Call extends ExpressionBase {
  readonly kind: "call";
  readonly function: number;
  /** Operator OID, 0 for function syntax. */
  readonly operator: number;
  readonly returnsSet: boolean;
  readonly inputCollation: number;
  readonly arguments: readonly AnalysedExpression[];
  /** The target typmod when the call is a length coercion such as numeric(x, typmod). */
  readonly coercedTypmod: number | undefined;
}

/** `scalar operator ANY | ALL (array)`; IN lists arrive in this form. */
export interface ArrayComparison extends ExpressionBase {
  readonly kind: "arrayComparison";
  readonly function: number;
  readonly any: boolean;
  readonly inputCollation: number;
  readonly scalar: AnalysedExpression;
  readonly array: AnalysedExpression;
}

export interface Connective extends ExpressionBase {
  readonly kind: "and" | "or";
  readonly arguments: readonly AnalysedExpression[];
}

export interface Negation extends ExpressionBase {
  readonly kind: "not";
  readonly argument: AnalysedExpression;
}

export interface NullTest extends ExpressionBase {
  readonly kind: "nullTest";
  readonly argument: AnalysedExpression;
  readonly negated: boolean;
  /** IS NULL of a composite looks into its fields. */
  readonly ofRow: boolean;
}

export interface BooleanTest extends ExpressionBase {
  readonly kind: "booleanTest";
  readonly argument: AnalysedExpression;
  readonly test: "true" | "false" | "unknown";
  readonly negated: boolean;
}

export interface Case extends ExpressionBase {
  readonly kind: "case";
  /** CASE argument WHEN ...: the branches then compare `caseValue` placeholders. */
  readonly argument: AnalysedExpression | undefined;
  readonly branches: readonly {
    readonly when: AnalysedExpression;
    readonly then: AnalysedExpression;
  }[];
  readonly otherwise: AnalysedExpression;
}

/** The value of the enclosing CASE's argument. */
export interface CaseValue extends ExpressionBase {
  readonly kind: "caseValue";
}

export interface Coalesce extends ExpressionBase {
  readonly kind: "coalesce";
  readonly arguments: readonly AnalysedExpression[];
}

/** NULLIF(a, b): a, or NULL where they are equal. IS DISTINCT FROM, whose answer is never NULL. */
export interface EqualityCall extends ExpressionBase {
  readonly kind: "nullIf" | "isDistinct";
  /** The function of the = operator. */
  readonly function: number;
  readonly inputCollation: number;
  readonly left: AnalysedExpression;
  readonly right: AnalysedExpression;
}

/** Rows compared by < <= >= >: the first columns that are not equal decide. */
export interface RowComparison extends ExpressionBase {
  readonly kind: "rowComparison";
  readonly comparison: "less" | "lessOrEqual" | "greaterOrEqual" | "greater";
  readonly columns: readonly {
    readonly left: AnalysedExpression;
    readonly right: AnalysedExpression;
    /** The B-tree operator family that says what order means. */
    readonly family: number;
    readonly inputCollation: number;
  }[];
}

/** GREATEST and LEAST by the type's default order. */
export interface Extreme extends ExpressionBase {
  readonly kind: "greatest" | "least";
  readonly inputCollation: number;
  readonly arguments: readonly AnalysedExpression[];
}

/** A cast that changes the type's name only, or the collation. */
export interface Relabel extends ExpressionBase {
  readonly kind: "relabel";
  readonly argument: AnalysedExpression;
}

/** A cast by the text of the value: what one type's output function writes, read by the other's input function. */
export interface TextCast extends ExpressionBase {
  readonly kind: "textCast";
  readonly argument: AnalysedExpression;
}

/** A value that an aggregate's rows are told apart or ordered by. */
export interface AggregateKey {
  readonly expression: AnalysedExpression;
  readonly item: SortGroup;
}

export interface Aggregate extends ExpressionBase {
  readonly kind: "aggregate";
  /** Values of each row: what an ordered set or the rows around a hypothetical one are made of. */
  readonly arguments: readonly AnalysedExpression[];
  /** Of an ordered set or a hypothetical row, once for the group. */
  readonly directArguments: readonly AnalysedExpression[];
  readonly function: number;
  readonly filter: AnalysedExpression | undefined;
  readonly isStar: boolean;
  /** DISTINCT, the keys of which are the arguments. */
  readonly distinct: readonly AggregateKey[];
  /** ORDER BY, or WITHIN GROUP. */
  readonly order: readonly AggregateKey[];
  readonly form: "plain" | "orderedSet" | "hypothetical";
  readonly isVariadic: boolean;
  readonly levelsUp: number;
  readonly inputCollation: number;
}

/** When the transaction began, by the session's time zone: CURRENT_DATE and its like. */
export interface TransactionTime extends ExpressionBase {
  readonly kind: "transactionTime";
  readonly form: "date" | "timetz" | "timestamptz" | "time" | "timestamp";
}

/** Anything else; what stands below it is found by walking `source`. */
export interface OtherExpression extends ExpressionBase {
  readonly kind: "other";
}

export type AnalysedExpression =
  | Variable | Constant | Parameter | Call | ArrayComparison | Connective | Negation | NullTest
  | BooleanTest | Case | CaseValue | TransactionTime | Coalesce | EqualityCall | RowComparison | Extreme | Relabel
  | TextCast | Aggregate | OtherExpression;
