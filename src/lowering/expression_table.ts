// Interns the expressions of a pipeline: equal expressions get one number, so that code is emitted once per row, and
// constants and parameters become slots of the control block, so that plans that differ in values share code.
import { DECIMAL_NAN, type Expression, type Scalar } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import { shapeOf } from "#functions/function.js";
import { functionByKey } from "#functions/registry.js";
import type { EngineType } from "#types/engine_type.js";

export interface Slot {
  readonly type: EngineType;
  /** The constant, or the parameter whose value the execution supplies. */
  readonly source:
    | { readonly kind: "constant"; readonly value: Scalar }
    | { readonly kind: "parameter"; readonly id: number };
}

function scalarKey(value: Scalar): string {
  if (value === DECIMAL_NAN) return "NaN";
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (Object.is(value, -0)) return "-0";
  return `${typeof value}${String(value)}`;
}

export class ExpressionTable {
  readonly slots: Slot[] = [];
  /** Whether some expression makes values that need room of the row's own. */
  usesScratch = false;
  readonly #numbers = new Map<string, number>();
  readonly #interned = new WeakMap<Expression, number>();
  readonly #slotOf = new Map<number, number>();
  readonly #mayFail = new Map<string, boolean>();

  /** With slots of another table, equal constants and parameters have the same ones here. */
  constructor(slots: readonly Slot[] = []) {
    for (const { type, source } of slots)
      this.intern(source.kind === "constant"
        ? { kind: "constant", type, value: source.value }
        : { kind: "parameter", type, id: source.id });
  }

  /** The number of the expression's equivalence class. */
  intern(expression: Expression): number {
    const known = this.#interned.get(expression);
    if (known !== undefined) return known;
    const key = this.#key(expression);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(key, number);
      this.#addSlot(expression, number);
      this.usesScratch ||= makesView(expression) || hasOwnKey(expression.type);
    }
    this.#interned.set(expression, number);
    return number;
  }

  /** The control block slot of a constant or parameter. */
  slot(expression: Expression): number | undefined {
    return this.#slotOf.get(this.intern(expression));
  }

  /** Whether evaluating may raise an error or follow an address, so that it must not run unless PostgreSQL runs it. */
  mayFail(expression: Expression, narrow: boolean): boolean {
    const key = `${this.intern(expression)}${narrow}`;
    const known = this.#mayFail.get(key);
    if (known !== undefined) return known;
    const result = expression.kind !== "attempt" && (
      childrenOf(expression).some((child) => this.mayFail(child, narrow)) || callMayFail(expression, narrow));
    this.#mayFail.set(key, result);
    return result;
  }

  #addSlot(expression: Expression, number: number): void {
    const { type } = expression;
    if (expression.kind === "constant") {
      this.slots.push({ type, source: { kind: "constant", value: expression.value } });
    } else if (expression.kind === "parameter") {
      this.slots.push({ type, source: { kind: "parameter", id: expression.id } });
    } else {
      return;
    }
    this.#slotOf.set(number, this.slots.length - 1);
  }

  #key(expression: Expression): string {
    const type = JSON.stringify(expression.type);
    const children = childrenOf(expression).map((child) => this.intern(child));
    switch (expression.kind) {
      case "column":
        return `column ${expression.index}`;
      case "constant":
        return `constant ${type} ${scalarKey(expression.value)}`;
      case "parameter":
        return `parameter ${type} ${expression.id}`;
      case "call":
        return `call ${expression.function} ${type} ${children.join()}`;
      case "isNull":
        return `isNull ${expression.negated} ${children.join()}`;
      case "booleanTest":
        return `booleanTest ${expression.test} ${expression.negated} ${children.join()}`;
      case "attempt":
        return `attempt ${expression.yields} ${children.join()}`;
      default:
        return `${expression.kind} ${type} ${children.join()}`;
    }
  }
}

/** Types whose keys are computed from their values: see group_keys.ts. */
function hasOwnKey(type: EngineType): boolean {
  return type.kind === "numeric" || type.kind === "interval";
}

/** Results of calls that are views stand in room of the row's own. */
function makesView(expression: Expression): boolean {
  return expression.kind === "call" && shapeOf(expression.type, false) === "view";
}

function callMayFail(expression: Expression, narrow: boolean): boolean {
  if (expression.kind !== "call") return false;
  const types = { arguments: expression.arguments.map(({ type }) => type), result: expression.type };
  const callee = functionByKey(expression.function);
  return callee.emit === undefined || callee.mayFail(types, narrow);
}
