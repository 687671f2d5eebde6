// Proves, page by page, that narrow code is exact: from the magnitudes of a page's columns it bounds every decimal a
// pipeline computes. Bounds are doubles, so the limit stays clear of 2^62 by more than their rounding.
// Read next: functions/function.ts (narrow code), runtime/page_facts.ts (magnitudes).
import { DECIMAL_NAN, type Expression, type Scalar } from "#expr/expression.js";
import { functionByKey } from "#functions/registry.js";
import type { EngineType } from "#types/engine_type.js";
import type { ExpressionTable } from "./expression_table.js";

/** 2^62 is 4.61e18; sums of bounds and single intermediates stay below. */
export const NARROW_LIMIT = 4.6e18;

/** Magnitude of a column on the current page; Infinity when unknown or when it holds NaN. */
export type ColumnMagnitude = (column: number) => number;
/** Magnitude of a bound parameter. */
export type ParameterMagnitude = (id: number) => number;

type Node = (columns: ColumnMagnitude, parameters: ParameterMagnitude) => number;

/** A node that computes its value once per page, however many bounds build on it. */
function remembered(page: () => number, node: Node): Node {
  let [at, value] = [-1, 0];
  return (columns, parameters) => {
    if (at !== page()) [at, value] = [page(), node(columns, parameters)];
    return value;
  };
}

/** The bound of a type alone. */
function typeMagnitude(type: EngineType): number {
  switch (type.kind) {
    case "int2":
      return 2 ** 15;
    case "int4":
      return 2 ** 31;
    default:
      return 2 ** 63;
  }
}

export class BoundProgram {
  readonly #table: ExpressionTable;
  readonly #nodes = new Map<number, Node>();
  /** Each must stay below the limit. */
  readonly #obligations: Node[] = [];
  /** Columns whose magnitude some bound reads. */
  readonly columns = new Set<number>();
  readonly #sums: Node[] = [];
  #page = 0;

  constructor(table: ExpressionTable) {
    this.#table = table;
  }

  /** Requires narrow code for this expression, and for what it is computed from, to be exact. */
  require(expression: Expression): void {
    this.#node(expression);
  }

  requireSum(expression: Expression): void {
    const magnitude = this.#node(expression);
    this.#obligations.push(magnitude);
    this.#sums.push(magnitude);
  }

  get isTrivial(): boolean {
    return this.#obligations.length === 0;
  }

  /**
   * The largest magnitude that any sum adds on this page, or undefined when narrow code would not be exact.
   * 0 when nothing is summed.
   */
  largestAddend(columns: ColumnMagnitude, parameters: ParameterMagnitude): number | undefined {
    this.#page++;
    if (!this.#obligations.every((node) => node(columns, parameters) < NARROW_LIMIT)) return undefined;
    return this.#sums.reduce((most, node) => Math.max(most, node(columns, parameters)), 0);
  }

  #node(expression: Expression): Node {
    const number = this.#table.intern(expression);
    const known = this.#nodes.get(number);
    if (known !== undefined) return known;
    const node = remembered(() => this.#page, this.#make(expression));
    this.#nodes.set(number, node);
    if (expression.type.kind === "decimal" && expression.kind !== "constant") this.#obligations.push(node);
    return node;
  }

  #make(expression: Expression): Node {
    const fixed = typeMagnitude(expression.type);
    switch (expression.kind) {
      case "column": {
        const { index, type } = expression;
        if (type.kind !== "decimal" && type.kind !== "int8") return () => fixed;
        this.columns.add(index);
        return (columns) => columns(index);
      }
      case "constant":
        return constantMagnitude(expression, (node) => this.#obligations.push(node));
      case "parameter": {
        const { id, type } = expression;
        return type.kind === "decimal" || type.kind === "int8"
          ? (_, parameters) => parameters(id)
          : () => fixed;
      }
      case "call":
        return this.#call(expression, fixed);
      case "case": {
        for (const { when } of expression.branches) this.#node(when);
        return largest([
          ...expression.branches.map(({ then }) => this.#node(then)),
          this.#node(expression.otherwise),
        ]);
      }
      case "coalesce":
        return largest(expression.arguments.map((argument) => this.#node(argument)));
      case "and":
      case "or":
        for (const argument of expression.arguments) this.#node(argument);
        return () => 1;
      case "attempt": {
        const argument = this.#node(expression.argument);
        return expression.yields === "value" ? argument : () => fixed;
      }
      default:
        this.#node(expression.argument);
        return () => 1;
    }
  }

  #call(expression: Extract<Expression, { kind: "call" }>, fixed: number): Node {
    const callee = functionByKey(expression.function);
    const nodes = expression.arguments.map((argument) => this.#node(argument));
    const { bound } = callee;
    if (bound === undefined) return () => fixed;
    const types = { arguments: expression.arguments.map(({ type }) => type), result: expression.type };
    let result = 0;
    const peak = remembered(
      () => this.#page,
      (columns, parameters) => {
        const at = bound(
          nodes.map((node) => node(columns, parameters)),
          types,
        );
        result = at.result;
        return at.peak;
      },
    );
    this.#obligations.push(peak);
    return (columns, parameters) => (peak(columns, parameters), result);
  }
}

function largest(nodes: readonly Node[]): Node {
  return (columns, parameters) => Math.max(...nodes.map((node) => node(columns, parameters)));
}

/** The magnitude of a bound value; NaN is beyond every limit. */
export function scalarMagnitude(value: Scalar): number {
  if (value === DECIMAL_NAN) return Infinity;
  return typeof value === "bigint" ? Math.abs(Number(value)) : 0;
}

function constantMagnitude(
  expression: Extract<Expression, { kind: "constant" }>,
  oblige: (node: Node) => void,
): Node {
  const magnitude = scalarMagnitude(expression.value);
  const node: Node = () => magnitude;
  // Only a constant that does not fit makes narrow code wrong; the others need no look per page.
  if (expression.type.kind === "decimal" && !(magnitude < NARROW_LIMIT)) oblige(node);
  return node;
}
