// CASE and COALESCE: branches brought to one engine type. PostgreSQL passes each branch's value through with its own
// display scale; a decimal has one scale, so where branches differ the scale each value would show is kept beside it.
import { callOf, constantOf, isNullConstant, isPresent } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { BOOL, type EngineType, INT4, NUMERIC, isSameType } from "#types/engine_type.js";
import { engineTypeOf } from "./column_types.js";
import { asNumerics, castDecimal, numericsAlike, widestDecimal } from "./numeric_values.js";
import type { Translated } from "./translated.js";

/** The type all branches can have, undefined when they cannot. */
function commonType(
  facts: RequestFacts, sql: SqlType, branches: readonly Expression[],
): EngineType | undefined {
  const types = branches.filter((branch) => !isNullConstant(branch)).map((branch) => branch.type);
  const [first] = types;
  if (first === undefined) return engineTypeOf(facts, sql);
  if (types.some((type) => type.kind !== first.kind)) return undefined;
  if (first.kind === "decimal")
    return widestDecimal(types.filter((type) => type.kind === "decimal"));
  if (first.kind === "text") return engineTypeOf(facts, sql);
  return types.every((type) => isSameType(type, first)) ? first : undefined;
}

/** A branch as a value of the common type. */
function converted(branch: Expression, type: EngineType): Expression {
  if (branch.kind === "constant" && (branch.value === null || type.kind !== "decimal"))
    return { ...branch, type };
  if (type.kind !== "decimal" || branch.type.kind !== "decimal")
    return { ...branch, type } as Expression;
  if (branch.kind === "constant") {
    const lift = 10n ** BigInt(type.scale - branch.type.scale);
    const value = typeof branch.value === "bigint" ? branch.value * lift : branch.value;
    return constantOf(value, type);
  }
  return castDecimal(branch, type);
}

function int4(value: number | null): Expression {
  return constantOf(value === null ? null : BigInt(value), INT4);
}

/** The display scale of a branch's value, NULL where the value is NULL. */
function scaleShown(branch: Translated): Expression {
  if (branch.displayScale !== undefined) return branch.displayScale;
  const { expression } = branch;
  if (isNullConstant(expression)) return int4(null);
  const scale = int4(expression.type.kind === "decimal" ? expression.type.scale : 0);
  if (expression.kind === "constant") return scale;
  return {
    kind: "case",
    branches: [{ when: isPresent(expression), then: scale }],
    otherwise: int4(null),
    type: INT4,
  };
}

/** Whether every value shows the scale of the common type. */
function showsTypeScale(branches: readonly Translated[], type: EngineType): boolean {
  if (type.kind !== "decimal") return true;
  return branches.every(({ expression, displayScale }) =>
    displayScale === undefined
    && (isNullConstant(expression)
      || (expression.type.kind === "decimal" && expression.type.scale === type.scale)));
}

/** The values with a type they all can have; numerics that no decimal holds are of any precision. */
function alike(
  facts: RequestFacts, sql: SqlType, given: readonly Translated[],
): { readonly values: readonly Translated[]; readonly type: EngineType | undefined } {
  const values = numericsAlike(given);
  const type = commonType(facts, sql, values.map((value) => value.expression));
  if (type !== undefined || !values.every(({ expression }) => expression.type.kind === "decimal"))
    return { values, type };
  return { values: asNumerics(values), type: NUMERIC };
}

/** A CASE over translated branches. */
export function unifyCase(
  facts: RequestFacts, sql: SqlType,
  branches: readonly { readonly when: Expression; readonly then: Translated }[],
  otherwise: Translated,
): Translated | undefined {
  const { values, type } = alike(facts, sql, [...branches.map((branch) => branch.then), otherwise]);
  const last = values.at(-1);
  if (type === undefined || last === undefined) return undefined;
  const chosen = (value: (each: Translated) => Expression): Expression => ({
    kind: "case",
    branches: branches.map(({ when, then }, index) => ({ when, then: value(values[index] ?? then) })),
    otherwise: value(last),
    type: INT4,
  });
  const expression = { ...chosen((each) => converted(each.expression, type)), type } as Expression;
  if (showsTypeScale(values, type)) return { expression };
  const displayScale = chosen(scaleShown);
  return { expression, displayScale };
}

/** A COALESCE over translated arguments. */
export function unifyCoalesce(
  facts: RequestFacts, sql: SqlType, given: readonly Translated[],
): Translated | undefined {
  const { values, type } = alike(facts, sql, given);
  if (type === undefined) return undefined;
  const expression: Expression = {
    kind: "coalesce",
    arguments: values.map((value) => converted(value.expression, type)),
    type,
  };
  if (showsTypeScale(values, type)) return { expression };
  const displayScale: Expression = {
    kind: "coalesce", arguments: values.map(scaleShown), type: INT4,
  };
  return { expression, displayScale };
}

/** The places an arithmetic result shows when its operands' places vary; undefined for other functions. */
export function scaleOfResult(key: string, values: readonly Translated[]): Expression | undefined {
  const [first, second] = values.map(scaleShown);
  if (first === undefined) return undefined;
  switch (key) {
    case "decimal.negate": case "decimal.absolute": return first;
    case "decimal.multiply":
      return second && callOf("int4.add", INT4, first, second);
    case "decimal.add": case "decimal.subtract": {
      if (second === undefined) return undefined;
      const sides = [first, second];
      const isGreater = callOf("integer.greater", BOOL, ...sides);
      return { kind: "case", branches: [{ when: isGreater, then: first }], otherwise: second, type: INT4 };
    }
    default: return undefined;
  }
}
