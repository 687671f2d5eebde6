// Logical plans: what a statement's FROM, WHERE and GROUP BY mean, before anybody decided how to run it. Columns are
// attributes, numbered through the whole statement (src/optimizer/attributes.ts), so an expression means the same
// wherever it is moved: the column indexes in a logical plan's expressions are attribute numbers. Read next:
// physical.ts, and src/optimizer/physical/physical_builder.ts which makes one from the other.
import type { Expression } from "#expr/expression.js";
import type { ColumnType } from "#types/column_type.js";
import type { AggregateCall, SortKey, WindowCall } from "./physical.js";

/** Joins keep the rows of `left` unless the kind says otherwise; the build side is decided with the order. */
export type LogicalJoinKind = "inner" | "left" | "full" | "semi" | "anti" | "nullAwareAnti";

export interface ComputedAttribute {
  readonly attribute: number;
  readonly expression: Expression;
}

interface Estimated {
  /** Expected rows. */
  readonly rows: number;
}

/** Rows that are made once for several readers; readers know the exports by their place. */
export interface CommonBody {
  readonly input: LogicalOperator;
  readonly exports: readonly { readonly expression: Expression; readonly column: ColumnType }[];
}

/** `origin` numbers the operator that makes attributes; an attribute knows its origin. */
export type LogicalOperator = Estimated & (
  | { readonly kind: "scan"; readonly origin: number; readonly tableRows: number }
  | { readonly kind: "filter"; readonly input: LogicalOperator; readonly predicate: Expression }
  | {
      /** The input's columns and more. */
      readonly kind: "compute";
      readonly origin: number;
      readonly input: LogicalOperator;
      readonly columns: readonly ComputedAttribute[];
    }
  | {
      readonly kind: "join";
      readonly join: LogicalJoinKind;
      readonly left: LogicalOperator;
      readonly right: LogicalOperator;
      /** ANDed; no conditions is a cross join. A null-aware anti join has exactly one, an equality. */
      readonly conditions: readonly Expression[];
      readonly build: "left" | "right";
    }
  | {
      readonly kind: "aggregate";
      readonly origin: number;
      readonly input: LogicalOperator;
      readonly keys: readonly {
        readonly attribute: number;
        readonly expression: Expression;
        readonly column: ColumnType;
      }[];
      readonly aggregates: readonly { readonly attribute: number; readonly call: AggregateCall }[];
    }
  /** All rows of the inputs, each as its own expressions in the union's columns. */
  | {
      readonly kind: "union";
      readonly origin: number;
      readonly inputs: readonly {
        readonly operator: LogicalOperator;
        readonly expressions: readonly Expression[];
      }[];
      readonly columns: readonly number[];
    }
  /** The input's columns and the calls' (physical.ts). */
  | {
      readonly kind: "window";
      readonly origin: number;
      readonly input: LogicalOperator;
      readonly partition: readonly Expression[];
      readonly order: readonly SortKey[];
      readonly calls: readonly { readonly attribute: number; readonly call: WindowCall }[];
    }
  /** A reading of common rows, under attributes of its own for what it reads of the exports. */
  | {
      readonly kind: "commonTable";
      readonly origin: number;
      readonly body: CommonBody;
      readonly attributes: ReadonlyMap<number, number>;
    }
  /** The first rows in an order, or any; constants of type int8. */
  | {
      readonly kind: "limit";
      readonly input: LogicalOperator;
      readonly order: readonly SortKey[];
      readonly count?: Expression;
      readonly offset?: Expression;
    }
  /** At most one row in, else an error; exactly one out, of NULLs when there was none. */
  | { readonly kind: "singleRow"; readonly input: LogicalOperator });

/** The origins whose attributes an operator yields. */
export function originsOf(operator: LogicalOperator): ReadonlySet<number> {
  switch (operator.kind) {
    case "scan": case "commonTable": return new Set([operator.origin]);
    case "filter": case "singleRow": case "limit": return originsOf(operator.input);
    case "compute": case "window": return new Set([...originsOf(operator.input), operator.origin]);
    case "aggregate": case "union": return new Set([operator.origin]);
    case "join": {
      const hidesRight = operator.join === "semi" || operator.join === "anti"
        || operator.join === "nullAwareAnti";
      return hidesRight
        ? originsOf(operator.left)
        : new Set([...originsOf(operator.left), ...originsOf(operator.right)]);
    }
  }
}

/** Direct inputs; common rows are nobody's alone. */
export function inputsOf(operator: LogicalOperator): readonly LogicalOperator[] {
  switch (operator.kind) {
    case "scan": case "commonTable": return [];
    case "join": return [operator.left, operator.right];
    case "union": return operator.inputs.map((input) => input.operator);
    default: return [operator.input];
  }
}
