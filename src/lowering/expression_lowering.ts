// Lowers expressions to code over locals: a value and its null flag as one pair. Expressions that cannot fail are
// evaluated eagerly and without branches, once per row however often they occur; those that can fail run exactly
// where PostgreSQL would run them. Read next: function_context.ts and functions/function.ts.
import { assert, defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { shapeOf } from "#functions/function.js";
import { widenDecimal } from "#functions/library/int128.js";
import { functionByKey } from "#functions/registry.js";
import { type EngineType, INT4 } from "#types/engine_type.js";
import type { Local } from "#wasm/function_builder.js";
import type { ExpressionTable } from "./expression_table.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";

/** What expressions read: the columns of the current source row, and slots loaded before the loop. */
export interface RowSource {
  column(index: number): LoweredValue;
  slot(index: number): LoweredValue;
}

/** Branch-free evaluation of all branches of a CASE pays up to so many. */
const EAGER_BRANCHES_MAX = 4;

export class ExpressionLowering {
  readonly #context: FunctionContext;
  readonly #table: ExpressionTable;
  readonly #source: RowSource;
  /** Values computed so far on every path that reaches here, by expression number; one map per open conditional. */
  readonly #known: Map<number, LoweredValue>[] = [new Map()];

  constructor(context: FunctionContext, table: ExpressionTable, source: RowSource) {
    this.#context = context;
    this.#table = table;
    this.#source = source;
  }

  lower(expression: Expression): LoweredValue {
    const number = this.#table.intern(expression);
    for (const known of this.#known) {
      const value = known.get(number);
      if (value !== undefined) return value;
    }
    const value = this.#emit(expression);
    defined(this.#known.at(-1), "a scope").set(number, value);
    return value;
  }

  mayFail(expression: Expression): boolean {
    return this.#table.mayFail(expression, this.#context.narrow);
  }

  /** Code that may be skipped: what it computes is forgotten afterwards. */
  conditionally(write: () => void): void {
    this.#known.push(new Map());
    write();
    this.#known.pop();
  }

  /** Leaves 1 on the stack when a bool is true, 0 when it is false or NULL. */
  pushIsTrue(value: LoweredValue): void {
    const { code } = this.#context;
    code.get(...value.parts);
    if (value.isNull !== undefined) code.get(value.isNull).op("i32.eqz", "i32.and");
  }

  #emit(expression: Expression): LoweredValue {
    switch (expression.kind) {
      case "column":
        return this.#source.column(expression.index);
      case "constant":
      case "parameter":
        return this.#source.slot(defined(this.#table.slot(expression), "a slot"));
      case "call":
        return this.#call(expression);
      case "and":
      case "or":
        return this.#connective(expression.arguments, expression.kind === "and");
      case "not": {
        const argument = this.lower(expression.argument);
        this.#context.code.get(...argument.parts).op("i32.eqz");
        return this.#bool(argument.isNull);
      }
      case "isNull":
        return this.#isNull(this.lower(expression.argument), expression.negated);
      case "booleanTest":
        return this.#booleanTest(expression);
      case "case":
        return this.#case(expression);
      case "coalesce":
        return this.#coalesce(expression);
      case "attempt":
        return this.#attempt(expression);
    }
  }

  /** Takes an i32 off the stack as a bool. */
  #bool(isNull: Local | undefined): LoweredValue {
    return { type: { kind: "bool" }, shape: "i32", parts: this.#context.take("i32"), isNull };
  }

  #call(expression: Extract<Expression, { kind: "call" }>): LoweredValue {
    const context = this.#context;
    const callee = functionByKey(expression.function);
    const types = { arguments: expression.arguments.map(({ type }) => type), result: expression.type };
    const operands = expression.arguments.map((argument) => this.lower(argument));
    const isNull = context.anyNull(operands);
    const shape = shapeOf(expression.type, context.narrow);
    const emit = (): void => context.call(callee, operands, types);
    if (isNull === undefined || !callee.mayFail(types, context.narrow)) {
      emit();
      return { type: expression.type, shape, parts: context.take(shape), isNull };
    }
    const parts = context.locals(shape);
    context.code.get(isNull).op("i32.eqz");
    context.code.if([], () => {
      emit();
      context.setAll(parts);
    });
    return { type: expression.type, shape, parts, isNull };
  }

  /** AND and OR in three-valued logic; later arguments that can fail run only while the outcome is open. */
  #connective(list: readonly Expression[], isAnd: boolean): LoweredValue {
    const { code } = this.#context;
    const [open, unknown] = [code.local("i32"), code.local("i32")];
    let nullable = false;
    // `open`: no argument has decided yet (false decides AND, true decides OR).
    code.i32(1).set(open).i32(0).set(unknown);
    const step = (argument: Expression): void => {
      const value = this.lower(argument);
      code.get(...value.parts);
      if (!isAnd) code.op("i32.eqz");
      if (value.isNull !== undefined) {
        nullable = true;
        code.get(value.isNull).op("i32.or");
        code.get(unknown, value.isNull).op("i32.or").set(unknown);
      }
      code.get(open).op("i32.and").set(open);
    };
    for (const argument of list) {
      if (this.mayFail(argument)) code.get(open).if([], () => this.conditionally(() => step(argument)));
      else step(argument);
    }
    if (nullable) code.get(unknown, open).op("i32.and").set(unknown);
    code.get(open);
    if (!isAnd) code.op("i32.eqz");
    return this.#bool(nullable ? unknown : undefined);
  }

  #isNull(argument: LoweredValue, negated: boolean): LoweredValue {
    const { code } = this.#context;
    if (argument.isNull === undefined) code.i32(negated ? 1 : 0);
    else code.get(argument.isNull);
    if (negated && argument.isNull !== undefined) code.op("i32.eqz");
    return this.#bool(undefined);
  }

  #booleanTest(expression: Extract<Expression, { kind: "booleanTest" }>): LoweredValue {
    const { code } = this.#context;
    const argument = this.lower(expression.argument);
    if (expression.test === "unknown") return this.#isNull(argument, expression.negated);
    code.get(...argument.parts);
    if (expression.test === "false") code.op("i32.eqz");
    if (argument.isNull !== undefined) code.get(argument.isNull).op("i32.eqz", "i32.and");
    if (expression.negated) code.op("i32.eqz");
    return this.#bool(undefined);
  }

  /** A fresh place for values of several origins. */
  #place(type: EngineType): { shape: LoweredValue["shape"]; parts: Local[]; isNull: Local } {
    const shape = shapeOf(type, this.#context.narrow);
    return { shape, parts: this.#context.locals(shape), isNull: this.#context.code.local("i32") };
  }

  /** Pushes the parts of a value in the shape of another type: decimals of more digits are wider. */
  #pushAs(value: LoweredValue, type: EngineType): void {
    const { code } = this.#context;
    const shape = shapeOf(type, this.#context.narrow);
    code.get(...value.parts);
    if (value.shape === shape) return;
    assert(value.shape === "i64" && shape === "i128", "branches of one shape");
    code.call(this.#context.library(widenDecimal));
  }

  #pushNull(value: LoweredValue): void {
    if (value.isNull === undefined) this.#context.code.i32(0);
    else this.#context.code.get(value.isNull);
  }

  #case(expression: Extract<Expression, { kind: "case" }>): LoweredValue {
    const { code } = this.#context;
    const place = this.#place(expression.type);
    const assign = (then: Expression): boolean => {
      const value = this.lower(then);
      this.#pushAs(value, expression.type);
      this.#context.setAll(place.parts);
      this.#pushNull(value);
      code.set(place.isNull);
      return value.isNull !== undefined;
    };
    const parts = [...expression.branches.flatMap(({ when, then }) => [when, then]), expression.otherwise];
    if (expression.branches.length <= EAGER_BRANCHES_MAX && !parts.some((part) => this.mayFail(part))) {
      return this.#eagerCase(expression, place, assign);
    }
    let nullable = false;
    code.block([], (end) => {
      this.conditionally(() => {
        for (const { when, then } of expression.branches) {
          this.pushIsTrue(this.lower(when));
          code.if([], () => {
            this.conditionally(() => (nullable = assign(then) || nullable));
            code.br(end);
          });
        }
        nullable = assign(expression.otherwise) || nullable;
      });
    });
    return {
      type: expression.type,
      shape: place.shape,
      parts: place.parts,
      isNull: nullable ? place.isNull : undefined,
    };
  }

  /** All branches evaluated, the last one first, each replacing the outcome when its condition holds. */
  #eagerCase(
    expression: Extract<Expression, { kind: "case" }>,
    place: { shape: LoweredValue["shape"]; parts: Local[]; isNull: Local },
    assign: (then: Expression) => boolean,
  ): LoweredValue {
    const { code } = this.#context;
    const conditions = expression.branches.map(({ when }) => {
      this.pushIsTrue(this.lower(when));
      return defined(this.#context.take("i32")[0], "a condition");
    });
    let nullable = assign(expression.otherwise);
    for (let i = expression.branches.length - 1; i >= 0; i--) {
      const value = this.lower(defined(expression.branches[i], "a branch").then);
      const condition = defined(conditions[i], "a condition");
      this.#pushAs(value, expression.type);
      const chosen = this.#context.take(place.shape);
      place.parts.forEach((part, k) => {
        code.get(defined(chosen[k], "a part"), part, condition).select().set(part);
      });
      this.#pushNull(value);
      code.get(place.isNull, condition).select().set(place.isNull);
      nullable ||= value.isNull !== undefined;
    }
    return {
      type: expression.type,
      shape: place.shape,
      parts: place.parts,
      isNull: nullable ? place.isNull : undefined,
    };
  }

  /** Both that an attempt may yield are had at once. */
  #attempt(expression: Extract<Expression, { kind: "attempt" }>): LoweredValue {
    const { code } = this.#context;
    const { argument } = expression;
    const place = this.#place(argument.type);
    code.i32(1).set(place.isNull);
    const failure = this.#context.holding(() => this.conditionally(() => {
      const value = this.lower(argument);
      this.#pushAs(value, argument.type);
      this.#context.setAll(place.parts);
      this.#pushNull(value);
      code.set(place.isNull);
    }));
    const isAbsent = code.local("i32");
    code.get(failure).op("i32.eqz").set(isAbsent);
    const yielded: Readonly<Record<typeof expression.yields, LoweredValue>> = {
      value: { type: argument.type, ...place },
      failure: { type: INT4, shape: "i32", parts: [failure], isNull: isAbsent },
    };
    const known = defined(this.#known.at(-1), "a scope");
    known.set(this.#table.intern({ ...expression, type: argument.type, yields: "value" }), yielded.value);
    known.set(this.#table.intern({ ...expression, type: INT4, yields: "failure" }), yielded.failure);
    return yielded[expression.yields];
  }

  #coalesce(expression: Extract<Expression, { kind: "coalesce" }>): LoweredValue {
    const { code } = this.#context;
    const place = this.#place(expression.type);
    let nullable = true;
    code.i32(1).set(place.isNull);
    code.block([], (end) => {
      this.conditionally(() => {
        for (const argument of expression.arguments) {
          const value = this.lower(argument);
          const assign = (): void => {
            this.#pushAs(value, expression.type);
            this.#context.setAll(place.parts);
            code.i32(0).set(place.isNull);
          };
          if (value.isNull === undefined) {
            assign();
            nullable = false;
            return;
          }
          code.get(value.isNull).op("i32.eqz");
          code.if([], () => {
            assign();
            code.br(end);
          });
        }
      });
    });
    return {
      type: expression.type,
      shape: place.shape,
      parts: place.parts,
      isNull: nullable ? place.isNull : undefined,
    };
  }
}
