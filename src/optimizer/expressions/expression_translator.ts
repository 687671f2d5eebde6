// Analysed expressions to engine expressions over the columns of a source. What the engine computes exactly it gets;
// the smallest enclosing expression of anything else becomes a leaf column, evaluated by PostgreSQL in the scan.
// Nothing that may fail is moved out of the CASE, AND, OR or COALESCE that guards it: then the whole guard becomes
// the column.
import { callOf, constantOf, onlyWhere } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import type {
  AnalysedExpression, ArrayComparison, Call, Constant, EqualityCall, Extreme, Parameter, Relabel, RowComparison,
  SqlType, TextCast,
} from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { decimalTwin } from "#functions/decimal_twin.js";
import { fieldCall, takesField } from "#functions/field_calls.js";
import type { ScalarFunction } from "#functions/function.js";
import { tableParameter } from "#functions/parameter_tables.js";
import { functionByKey, functionsByOid, isExactIn, needsUtf8 } from "#functions/registry.js";
import { typedCall } from "#functions/typed_call.js";
import { buildZonedCall, isZoneFor, transactionTime, zonedCall } from "#functions/zone_calls.js";
import { BOOL, type EngineType, NUMERIC, TEXT, isSameType } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import { scaleOfResult, unifyCase, unifyCoalesce } from "./alternatives.js";
import type { ColumnSource } from "./column_source.js";
import { composedCall, isComposed, oidOfBits } from "./composed_calls.js";
import { decimalType, engineTypeOf } from "./column_types.js";
import type { Compare } from "./conditional_values.js";
import { extreme, isDistinct, nullIf } from "./conditional_values.js";
import { decodeArray, decodeConstant, decodeNumeric, varlenaPayload } from "./constant_values.js";
import type { ElementLayout } from "./constant_values.js";
import { isTooLarge } from "./expression_size.js";
import { asNumerics } from "./numeric_values.js";
import { compareByKeys, compareTexts, comparesKeys, orderKeysOf } from "./order_keys.js";
import { rowComparison } from "./row_comparison.js";
import { readText, writtenText } from "./text_casts.js";
import type { Translated } from "./translated.js";
import { spendTranslation } from "./translation_budget.js";

/** Where an expression stands. */
interface Scope {
  /** Behind a guard: only plain columns may be taken from the scan. */
  readonly guarded: boolean;
  /** FILTER of the aggregate: computed leaf columns are wanted only where it is true. */
  readonly filter: TextNode | undefined;
  readonly caseValue: Translated | undefined;
  readonly depth: number;
}

/** Elements of an IN list the engine compares one by one, at most; longer lists are evaluated in the scan. */
const COMPARED_ELEMENTS_MAX = 64;
/** The same when the left side is not a plain column and would be computed for each element. */
const COMPUTED_ELEMENTS_MAX = 8;

/** Deeper expressions are evaluated in the scan: every walk over them takes some stack. */
const EXPRESSION_DEPTH_MAX = 64;

const elementLayouts: ReadonlyMap<number, ElementLayout> = new Map([
  [sqlTypes.int2, { length: 2, byValue: true, alignment: 2 }],
  [sqlTypes.int4, { length: 4, byValue: true, alignment: 4 }],
  [sqlTypes.int8, { length: 8, byValue: true, alignment: 8 }],
  [sqlTypes.date, { length: 4, byValue: true, alignment: 4 }],
  [sqlTypes.timestamp, { length: 8, byValue: true, alignment: 8 }],
  [sqlTypes.timestamptz, { length: 8, byValue: true, alignment: 8 }],
  [sqlTypes.float8, { length: 8, byValue: true, alignment: 8 }],
  [sqlTypes.interval, { length: 16, byValue: false, alignment: 8 }],
  [sqlTypes.numeric, { length: -1, byValue: false, alignment: 4 }],
  [sqlTypes.text, { length: -1, byValue: false, alignment: 4 }],
  [sqlTypes.varchar, { length: -1, byValue: false, alignment: 4 }],
  [sqlTypes.bpchar, { length: -1, byValue: false, alignment: 4 }],
]);

/** numeric(numeric, typmod). */
const COERCE_NUMERIC = 1703;

/** What makes values of varying scale out of fixed ones, which a scan may know the scale of. */
const TO_NUMERIC = "cast.decimal.numeric";

/** Whether the host evaluates some part of the expression for the engine, or a scan would make better values of it. */
export function isHosted(expression: Expression): boolean {
  if (expression.kind === "call") {
    if (expression.function === TO_NUMERIC || functionByKey(expression.function).emit === undefined) return true;
    const twin = decimalTwin(expression);
    if (twin !== undefined) return isHosted(twin);
  }
  return childrenOf(expression).some(isHosted);
}

/** The text of a constant. */
function textOf(argument: AnalysedExpression | undefined): string | undefined {
  if (argument?.kind !== "constant" || argument.isNull) return undefined;
  const bytes = varlenaPayload(argument.image);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1");
}

export class ExpressionTranslator {
  private readonly facts: RequestFacts;
  readonly source: ColumnSource;

  constructor(facts: RequestFacts, source: ColumnSource) {
    this.facts = facts;
    this.source = source;
  }

  /** Translates a whole expression; undefined when neither the engine nor the scan can produce it. */
  translate(expression: AnalysedExpression, filter?: TextNode): Translated | undefined {
    return this.attempt(expression, { guarded: false, filter, caseValue: undefined, depth: 0 });
  }

  /** A comparison of values under a collation, where the engine has it for them. */
  compared(functionOid: number, values: readonly Translated[], collation: number): Translated | undefined {
    return this.callOf(functionOid, values, collation);
  }

  /** Whether counting the expression counts rows: a constant, or a column nobody may store NULL in. */
  isNeverNull(expression: Expression): boolean {
    if (expression.kind === "constant") return expression.value !== null;
    return expression.kind === "column" && this.source.typeOf(expression.index)?.nullable === false;
  }

  private attempt(expression: AnalysedExpression, outer: Scope): Translated | undefined {
    spendTranslation(this.facts);
    const scope = { ...outer, depth: outer.depth + 1 };
    const substitute = this.source.substitute(expression);
    if (substitute !== undefined) return substitute;
    const isLeaf = expression.kind === "variable" || expression.kind === "constant";
    const isTooDeep = scope.depth > EXPRESSION_DEPTH_MAX && !isLeaf;
    const made = isTooDeep ? undefined : this.compute(expression, scope);
    const computed = made === undefined || isTooLarge(made) ? undefined : made;
    if (scope.guarded || (computed !== undefined && !isHosted(computed.expression))) return computed;
    // A scan evaluates faster what the engine would have to ask its host for.
    return this.source.computed(expression, scope.filter) ?? computed;
  }

  /** All of them, or undefined where one is missing. */
  private attemptAll(
    expressions: readonly (AnalysedExpression | undefined)[], scope: Scope,
  ): readonly Translated[] | undefined {
    const values: Translated[] = [];
    for (const expression of expressions) {
      const value = expression === undefined ? undefined : this.attempt(expression, scope);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  private compute(expression: AnalysedExpression, scope: Scope): Translated | undefined {
    switch (expression.kind) {
      case "variable": return this.source.variable(expression);
      case "constant": return this.constant(expression);
      case "call": return this.call(expression, scope);
      case "relabel": return this.relabel(expression, scope);
      case "textCast": return this.textCast(expression, scope);
      case "arrayComparison": return this.arrayComparison(expression, scope);
      case "and": case "or": {
        const values = this.guardedList(expression.arguments, scope);
        if (values === undefined) return undefined;
        const each = values.map((value) => value.expression);
        return { expression: { kind: expression.kind, arguments: each, type: BOOL } };
      }
      case "not": {
        const argument = this.attempt(expression.argument, scope);
        if (argument === undefined) return undefined;
        return { expression: { kind: "not", argument: argument.expression, type: BOOL } };
      }
      case "nullTest": {
        const argument = expression.ofRow ? undefined : this.attempt(expression.argument, scope);
        if (argument === undefined) return undefined;
        const { negated } = expression;
        return { expression: { kind: "isNull", argument: argument.expression, negated, type: BOOL } };
      }
      case "booleanTest": {
        const argument = this.attempt(expression.argument, scope);
        if (argument === undefined) return undefined;
        const { test, negated } = expression;
        return {
          expression: { kind: "booleanTest", argument: argument.expression, test, negated, type: BOOL },
        };
      }
      case "case": return this.caseExpression(expression, scope);
      case "coalesce": {
        const values = this.guardedList(expression.arguments, scope);
        return values === undefined ? undefined : unifyCoalesce(this.facts, expression, values);
      }
      case "nullIf": case "isDistinct": case "greatest": case "least": return this.conditional(expression, scope);
      case "rowComparison": return this.rowComparison(expression, scope);
      case "caseValue": return scope.caseValue;
      case "transactionTime": {
        const made = transactionTime(expression.form, this.sessionZone());
        return made && { expression: made };
      }
      case "parameter": return this.parameter(expression);
      case "aggregate": case "other": return undefined;
    }
  }

  /** A parameter of the statement, of whose value nothing is known but its type: no length of a char(n), no scale. */
  private parameter(parameter: Parameter): Translated | undefined {
    const type = parameter.parameterKind === "external" ? engineTypeOf(this.facts, parameter) : undefined;
    if (type === undefined || type.kind === "opaque" || type.kind === "bpchar") return undefined;
    return { expression: { kind: "parameter", id: parameter.id, type } };
  }

  /** The first of a guarding list is always evaluated; the others only if it says so. */
  private guardedList(
    expressions: readonly AnalysedExpression[], scope: Scope,
  ): readonly Translated[] | undefined {
    const translated: Translated[] = [];
    for (const expression of expressions) {
      const guarded = scope.guarded || translated.length > 0;
      const value = this.attempt(expression, { ...scope, guarded });
      if (value === undefined) return undefined;
      translated.push(value);
    }
    return translated;
  }

  private constant(constant: Constant): Translated | undefined {
    // Its image ends in a zero.
    if (constant.type === sqlTypes.unknown)
      return { expression: constantOf(constant.isNull ? null : constant.image.slice(0, -1), TEXT) };
    const type = engineTypeOf(this.facts, constant);
    if (type === undefined) return undefined;
    if (constant.isNull) return { expression: constantOf(null, type) };
    return this.constantOf(constant, constant.image);
  }

  private constantOf(sql: SqlType, image: Uint8Array): Translated | undefined {
    const type = this.constantType(sql, image);
    const value = type === undefined ? undefined : decodeConstant(type, image);
    if (type === undefined || value === undefined) return undefined;
    return { expression: constantOf(value, type) };
  }

  /** Constants of types without a fixed shape have the shape of their value. */
  private constantType(sql: SqlType, image: Uint8Array): EngineType | undefined {
    const base = this.facts.baseType(sql.type);
    if (base === sqlTypes.numeric) return decimalType(decodeNumeric(image)) ?? NUMERIC;
    if (base === sqlTypes.bpchar) {
      if (!this.facts.isDeterministic(sql.collation)) return undefined;
      const byteOrder = this.facts.isByteOrder(sql.collation);
      return { kind: "bpchar", length: varlenaPayload(image)?.length ?? 0, byteOrder };
    }
    return engineTypeOf(this.facts, sql);
  }

  private call(call: Call, scope: Scope): Translated | undefined {
    if (call.returnsSet || this.facts.isVolatile(call.function)) return undefined;
    const field = this.field(call, scope);
    if (field !== undefined) return field;
    const zoned = this.zoned(call, scope);
    if (zoned !== undefined) return zoned;
    if (comparesKeys(call.function)) return this.keyed(call, scope);
    if (isComposed(call.function)) return this.composed(call, scope);
    if (functionsByOid(call.function).length === 0) return undefined;
    // The typmod of a numeric stands in the result's type.
    const values = call.function === COERCE_NUMERIC ? call.arguments.slice(0, 1) : call.arguments;
    const translated = this.attemptAll(values, scope);
    if (translated === undefined) return undefined;
    const result = this.callOf(call.function, translated, call.inputCollation, call.coercedTypmod, call);
    return result === undefined ? undefined : this.truth(call, scope, translated, result);
  }

  /** A truth value over something PostgreSQL computes anyway is one byte a row instead of that thing's bytes. */
  private truth(
    call: Call, scope: Scope, values: readonly Translated[], result: Translated,
  ): Translated | undefined {
    if (result.expression.type.kind !== "bool" || !values.some((each) => this.isFromScan(each))) return result;
    return scope.guarded ? undefined : this.source.computed(call, scope.filter) ?? result;
  }

  /** extract() of a field that the engine computes, named by a constant. */
  private field(call: Call, scope: Scope): Translated | undefined {
    const [name, source] = call.arguments;
    if (name?.kind !== "constant" || name.isNull || source === undefined || !takesField(call.function))
      return undefined;
    const found = fieldCall(call.function, textOf(name) ?? "");
    if (found === undefined || !this.isExact(found.function)) return undefined;
    const given = this.attempt(source, scope)?.expression;
    if (given === undefined) return undefined;
    const { function: key, type, guard, cast } = found;
    const argument = cast === undefined ? given : typedCall(cast, given);
    if (argument === undefined) return undefined;
    const part = callOf(key, type, argument);
    if (guard === undefined) return { expression: part };
    // A value that is not finite has no such part.
    return { expression: onlyWhere(callOf(guard, BOOL, argument), part) };
  }

  /** A call that depends on a time zone, of the session or named by a constant. */
  private zoned(call: Call, scope: Scope): Translated | undefined {
    const known = zonedCall(call.function);
    if (known === undefined) return undefined;
    const textAt = (index?: number): string | undefined => (index === undefined ? "" : textOf(call.arguments[index]));
    const [field, name] = [textAt(known.field), textAt(known.zone)];
    const id = name === undefined ? undefined : this.facts.zoneParameter(known.zone === undefined ? undefined : name);
    if (field === undefined || id === undefined || !isZoneFor(known, name ?? "")) return undefined;
    const values = this.attemptAll(known.values.map((index) => call.arguments[index]), scope);
    if (values === undefined) return undefined;
    const zone = tableParameter(id);
    const made = zone && buildZonedCall(call.function, values.map(({ expression }) => expression), zone, field);
    if (made === undefined || !this.isExactCall(made)) return undefined;
    return this.truth(call, scope, values, { expression: made });
  }

  /** The session's time zone, as functions take it. */
  sessionZone(): Expression | undefined {
    return tableParameter(this.facts.zoneParameter());
  }

  /** A comparison of values that are ordered by keys. */
  private keyed(call: Call, scope: Scope): Translated | undefined {
    const values = this.attemptAll(call.arguments, scope);
    if (values === undefined) return undefined;
    const [sql] = call.arguments;
    const keys = sql === undefined ? undefined : orderKeysOf(this.facts, sql, this.source, call.inputCollation);
    const made = keys && compareByKeys(call.function, keys, values.map(({ expression }) => expression));
    return made === undefined ? undefined : this.truth(call, scope, values, { expression: made });
  }

  /** Comparisons of values of a type, by their keys where they are ordered by those. */
  private compareOf(sql: SqlType, collation: number): Compare {
    return (oid, both) => {
      if (!comparesKeys(oid)) return this.callOf(oid, both, collation);
      const keys = orderKeysOf(this.facts, sql, this.source, collation);
      const made = keys && compareByKeys(oid, keys, both.map(({ expression }) => expression));
      return made && { expression: made };
    };
  }

  /** A call that is several of the engine's. */
  private composed(call: Call, scope: Scope): Translated | undefined {
    const values = this.attemptAll(call.arguments, scope);
    const compare = this.compareOf(call.arguments[0] ?? call, call.inputCollation);
    const made = values && composedCall(this.facts, call, values, compare);
    return made && this.isExactCall(made.expression) ? this.truth(call, scope, values, made) : undefined;
  }

  private textCast(cast: TextCast, scope: Scope): Translated | undefined {
    const argument = this.attempt(cast.argument, scope);
    const made = argument
      && (writtenText(this.facts, cast.argument, argument, cast) ?? readText(this.facts, argument, cast));
    return made && this.isExactCall(made) ? { expression: made } : undefined;
  }

  private isExactCall(expression: Expression): boolean {
    return (expression.kind !== "call" || this.isExact(expression.function))
      && childrenOf(expression).every((each) => this.isExactCall(each));
  }

  private conditional(expression: EqualityCall | Extreme, scope: Scope): Translated | undefined {
    const given = "left" in expression ? [expression.left, expression.right] : expression.arguments;
    const values = this.attemptAll(given, scope);
    if (values === undefined) return undefined;
    const compare = this.compareOf(given[0] ?? expression, expression.inputCollation);
    if (!("left" in expression)) return extreme(this.facts, expression, compare, expression.kind, values);
    const [left, right] = values;
    if (left === undefined || right === undefined) return undefined;
    return expression.kind === "nullIf"
      ? nullIf(this.facts, expression, compare, expression.function, left, right)
      : isDistinct(compare, expression.function, left, right);
  }

  private rowComparison(comparison: RowComparison, scope: Scope): Translated | undefined {
    const values: (readonly [Translated, Translated])[] = [];
    for (const { left, right } of comparison.columns) {
      const inner = { ...scope, guarded: scope.guarded || values.length > 0 };
      const [first, second] = [this.attempt(left, inner), this.attempt(right, inner)];
      if (first === undefined || second === undefined) return undefined;
      values.push([first, second]);
    }
    const compareUnder = (collation: number): Compare => (oid, both) => this.callOf(oid, both, collation);
    return rowComparison(this.facts, comparison, values, compareUnder);
  }

  private isFromScan({ expression }: Translated): boolean {
    return expression.kind === "column" && this.source.isComputed(expression.index);
  }

  /** Whether the engine's function of that key answers as this statement's server does. */
  isExact(key: string): boolean {
    return isExactIn(functionByKey(key), this.facts.serverMajor);
  }

  /** A call of a registered function, where it is exact for these arguments. */
  private callOf(
    functionOid: number, values: readonly Translated[], inputCollation: number, typmod?: number, sql?: SqlType,
  ): Translated | undefined {
    const hasDecimals = values.some(({ expression }) => expression.type.kind === "decimal");
    for (const each of functionsByOid(functionOid)) {
      const made = this.callWith(each, values, inputCollation, typmod, sql);
      if (made !== undefined) return made;
    }
    if (!hasDecimals) {
      const texts = values.map(({ expression }) => expression);
      const made = compareTexts(functionOid, this.facts, this.source, inputCollation, texts);
      return made === undefined ? undefined : { expression: made };
    }
    // What decimals of fixed scale cannot hold, numerics of any can.
    for (const each of functionsByOid(functionOid)) {
      const made = this.callWith(each, asNumerics(values), inputCollation, typmod, sql);
      if (made !== undefined) return made;
    }
    return undefined;
  }

  private callWith(
    scalarFunction: ScalarFunction, values: readonly Translated[], inputCollation: number, typmod?: number,
    sql?: SqlType,
  ): Translated | undefined {
    if (needsUtf8(scalarFunction) && !this.facts.isUtf8) return undefined;
    if (!isExactIn(scalarFunction, this.facts.serverMajor)) return undefined;
    const expressions: Expression[] = [];
    for (const { expression } of values) {
      const collated = this.underCollation(expression, inputCollation);
      if (collated === undefined) return undefined;
      expressions.push(collated);
    }
    const yielded = scalarFunction.resultType(expressions.map((each) => each.type), typmod);
    // Characters are of the collation PostgreSQL gave the call.
    const type = yielded?.kind === "text" && sql !== undefined ? engineTypeOf(this.facts, sql) : yielded;
    if (type === undefined || type.kind !== yielded?.kind) return undefined;
    const expression = callOf(scalarFunction.key, type, ...expressions);
    if (type.kind !== "decimal" || values.every((value) => value.displayScale === undefined)) return { expression };
    // A length coercion rounds to its own scale.
    if (typmod !== undefined) return { expression };
    const displayScale = scaleOfResult(scalarFunction.key, values);
    return displayScale === undefined ? undefined : { expression, displayScale };
  }

  /** Characters compare under the call's collation, not their own. */
  private underCollation(expression: Expression, collation: number): Expression | undefined {
    const { type } = expression;
    if (type.kind !== "text" && type.kind !== "bpchar") return expression;
    if (!this.facts.isDeterministic(collation)) return undefined;
    return { ...expression, type: { ...type, byteOrder: this.facts.isByteOrder(collation) } } as Expression;
  }

  /** A cast in name only, where both names mean the same engine type. */
  private relabel(relabel: Relabel, scope: Scope): Translated | undefined {
    const argument = this.attempt(relabel.argument, scope);
    if (argument === undefined) return undefined;
    const { expression } = argument;
    if (expression.type.kind === "decimal" || expression.type.kind === "numeric")
      return this.facts.baseType(relabel.type) === sqlTypes.numeric ? argument : undefined;
    const target = engineTypeOf(this.facts, relabel);
    if (target === undefined) return undefined;
    if (target.kind !== expression.type.kind) {
      const oid = oidOfBits(this.facts.baseType(relabel.argument.type), this.facts.baseType(relabel.type), expression);
      return oid && { expression: oid };
    }
    if (target.kind === "text") return this.retyped(expression, target);
    const mustBeSame = target.kind === "bpchar" || target.kind === "opaque";
    return mustBeSame && !isSameType(target, expression.type) ? undefined : argument;
  }

  private retyped(expression: Expression, type: EngineType): Translated {
    return { expression: { ...expression, type } as Expression };
  }

  /** `x = ANY (constants)` as an OR of comparisons, `x <> ALL (constants)` as an AND. */
  private arrayComparison(comparison: ArrayComparison, scope: Scope): Translated | undefined {
    const { array } = comparison;
    if (array.kind !== "constant" || array.isNull || this.facts.isVolatile(comparison.function))
      return undefined;
    const elementType = this.facts.type(array.type)?.element ?? 0;
    const layout = elementLayouts.get(elementType);
    const elements = layout === undefined ? undefined : decodeArray(array.image, layout);
    const scalar = this.attempt(comparison.scalar, scope);
    if (elements === undefined || scalar === undefined || elements.elementType !== elementType)
      return undefined;
    const limit = scalar.expression.kind === "column" ? COMPARED_ELEMENTS_MAX : COMPUTED_ELEMENTS_MAX;
    if (elements.elements.length === 0 || elements.elements.length > limit) return undefined;
    const sql = { type: elementType, typmod: -1, collation: comparison.inputCollation };
    const comparisons: Expression[] = [];
    for (const image of elements.elements) {
      const compared = image === null
        ? { expression: constantOf(null, BOOL) }
        : this.compareWith(comparison, scalar, this.constantOf(sql, image));
      if (compared === undefined) return undefined;
      comparisons.push(compared.expression);
    }
    const kind = comparison.any ? "or" : "and";
    return { expression: { kind, arguments: comparisons, type: BOOL } };
  }

  private compareWith(
    comparison: ArrayComparison, scalar: Translated, element: Translated | undefined,
  ): Translated | undefined {
    if (element === undefined) return undefined;
    return this.callOf(comparison.function, [scalar, element], comparison.inputCollation);
  }

  private caseExpression(
    expression: Extract<AnalysedExpression, { kind: "case" }>, scope: Scope,
  ): Translated | undefined {
    const caseValue = expression.argument === undefined
      ? undefined
      : this.attempt(expression.argument, scope);
    if (expression.argument !== undefined && caseValue === undefined) return undefined;
    const branches: { when: Expression; then: Translated }[] = [];
    for (const branch of expression.branches) {
      // Conditions over the CASE's argument mean nothing in the scan, so they count as guarded from the first.
      const first = branches.length === 0 && caseValue === undefined && !scope.guarded;
      const when = this.attempt(branch.when, { ...scope, guarded: !first, caseValue });
      const then = this.attempt(branch.then, { ...scope, guarded: true });
      if (when === undefined || then === undefined || when.expression.type.kind !== "bool") return undefined;
      branches.push({ when: when.expression, then });
    }
    const otherwise = this.attempt(expression.otherwise, { ...scope, guarded: true });
    if (otherwise === undefined) return undefined;
    return unifyCase(this.facts, expression, branches, otherwise);
  }
}
