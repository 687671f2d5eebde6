// Plan expressions in the wire form of schemas/plan/physical.proto. Reading checks them against the columns they run
// over: indexes, argument counts, known functions, and that each function yields the type the plan says.
import type { Expression } from "#expr/expression.js";
import { functionByKey, isFunctionKey } from "#functions/registry.js";
import type { ColumnType } from "#types/column_type.js";
import { BOOL, type EngineType, INT4 } from "#types/engine_type.js";
import {
  malformedPlan, readConstant, readEngineType, writeConstant, writeEngineType,
} from "./engine_type_codec.js";
import type { WireConstant, WireEngineType } from "./engine_type_codec.js";

export interface WireExpression {
  readonly kind: number;
  readonly type?: WireEngineType | null;
  readonly index?: number;
  readonly constant?: WireConstant | null;
  readonly function?: string;
  readonly arguments?: readonly WireExpression[];
  readonly negated?: boolean;
  readonly test?: string;
}

/** Expression.Kind of the schema. */
const kindCodes = {
  column: 1, constant: 2, parameter: 3, call: 4, and: 5, or: 6, not: 7, isNull: 8, booleanTest: 9,
  case: 10, coalesce: 11, attempt: 12,
} as const satisfies Record<Expression["kind"], number>;

const kindByCode: ReadonlyMap<number, Expression["kind"]> = new Map(
  Object.entries(kindCodes).map(([kind, code]) => [code, kind as Expression["kind"]]));

export function writeExpression(expression: Expression): WireExpression {
  const kind = kindCodes[expression.kind];
  const type = writeEngineType(expression.type);
  switch (expression.kind) {
    case "column": return { kind, type, index: expression.index };
    case "constant": {
      const constant = writeConstant(expression.value);
      return constant === undefined ? { kind, type } : { kind, type, constant };
    }
    case "parameter": return { kind, type, index: expression.id };
    case "call":
      return {
        kind, type, function: expression.function, arguments: expression.arguments.map(writeExpression),
      };
    case "and": case "or": case "coalesce":
      return { kind, type, arguments: expression.arguments.map(writeExpression) };
    case "not": return { kind, type, arguments: [writeExpression(expression.argument)] };
    case "isNull":
      return { kind, type, arguments: [writeExpression(expression.argument)], negated: expression.negated };
    case "booleanTest":
      return {
        kind, type, arguments: [writeExpression(expression.argument)], negated: expression.negated,
        test: expression.test,
      };
    case "attempt":
      return { kind, type, arguments: [writeExpression(expression.argument)], test: expression.yields };
    case "case": {
      const branches = expression.branches.flatMap(({ when, then }) => [when, then]);
      return { kind, type, arguments: [...branches, expression.otherwise].map(writeExpression) };
    }
  }
}

/** What an expression may refer to. */
export interface ExpressionScope {
  readonly columns: readonly ColumnType[];
  readonly parameters: ReadonlyMap<number, EngineType>;
}

/** Same representation; the collation a comparison runs under may differ from the column's own. */
function isSameValue(a: EngineType, b: EngineType): boolean {
  if (a.kind === "text" || a.kind === "bpchar") return a.kind === b.kind;
  return JSON.stringify(a) === JSON.stringify(b);
}

function single(read: readonly Expression[]): Expression {
  const [only, ...more] = read;
  if (only === undefined || more.length > 0) malformedPlan(`${read.length} arguments where one belongs`);
  return only;
}

function checkTruth(read: readonly Expression[]): readonly Expression[] {
  if (read.some((each) => each.type.kind !== "bool")) malformedPlan("a condition is no truth value");
  return read;
}

function readCall(wire: WireExpression, read: readonly Expression[], type: EngineType): Expression {
  const key = wire.function ?? "";
  if (!isFunctionKey(key)) malformedPlan(`function "${key}"`);
  const yielded = functionByKey(key).resultType(read.map((each) => each.type), typmodOf(type));
  if (yielded === undefined || !isSameValue(yielded, type))
    malformedPlan(`function ${key} does not yield ${type.kind} here`);
  return { kind: "call", function: key, arguments: read, type };
}

/** The typmod of a length coercion is in its result type; other functions ignore it. */
function typmodOf(type: EngineType): number {
  if (type.kind === "decimal") return ((type.precision << 16) | (type.scale & 0x7ff)) + 4;
  return type.kind === "bpchar" ? type.length + 4 : -1;
}

function readCase(read: readonly Expression[], type: EngineType): Expression {
  const otherwise = read[read.length - 1];
  if (otherwise === undefined || read.length % 2 !== 1 || read.length < 3)
    malformedPlan(`CASE of ${read.length} parts`);
  const branches: { when: Expression; then: Expression }[] = [];
  for (let index = 0; index + 1 < read.length; index += 2) {
    const [when, then] = [read[index], read[index + 1]];
    if (when === undefined || then === undefined) malformedPlan("CASE branch");
    branches.push({ when, then });
  }
  checkTruth(branches.map(({ when }) => when));
  for (const value of [...branches.map(({ then }) => then), otherwise])
    if (!isSameValue(value.type, type)) malformedPlan("branches of different types");
  return { kind: "case", branches, otherwise, type };
}

function readAttempt(argument: Expression, yields: string | null | undefined, type: EngineType): Expression {
  if (yields !== "value" && yields !== "failure") malformedPlan(`attempt for "${yields ?? ""}"`);
  if (!isSameValue(yields === "value" ? argument.type : INT4, type)) malformedPlan("an attempt of another type");
  return { kind: "attempt", argument, yields, type };
}

const tests = ["true", "false", "unknown"] as const;

/** Reads an expression over the columns of its operator's input. */
export function readExpression(
  wire: WireExpression | null | undefined, scope: ExpressionScope,
): Expression {
  if (wire === null || wire === undefined) malformedPlan("an expression is missing");
  const kind = kindByCode.get(wire.kind);
  const type = readEngineType(wire.type);
  const read = (wire.arguments ?? []).map((each) => readExpression(each, scope));
  const index = wire.index ?? 0;
  switch (kind) {
    case undefined: return malformedPlan(`expression kind ${wire.kind}`);
    case "column": {
      const column = scope.columns[index];
      if (column === undefined || !isSameValue(column.engine, type)) malformedPlan(`column ${index}`);
      return { kind, index, type };
    }
    case "constant": return { kind, value: readConstant(wire.constant, type), type };
    case "parameter": {
      const declared = scope.parameters.get(index);
      if (declared === undefined || !isSameValue(declared, type)) malformedPlan(`parameter $${index}`);
      return { kind, id: index, type };
    }
    case "call": return readCall(wire, read, type);
    case "and": case "or":
      if (read.length === 0) malformedPlan(`${kind} of nothing`);
      return { kind, arguments: checkTruth(read), type: BOOL };
    case "not": return { kind, argument: single(checkTruth(read)), type: BOOL };
    case "isNull":
      return { kind, argument: single(read), negated: wire.negated ?? false, type: BOOL };
    case "booleanTest": {
      const test = tests.find((each) => each === wire.test);
      if (test === undefined) malformedPlan(`boolean test "${wire.test ?? ""}"`);
      return { kind, argument: single(checkTruth(read)), test, negated: wire.negated ?? false, type: BOOL };
    }
    case "case": return readCase(read, type);
    case "coalesce":
      if (read.length === 0 || read.some((each) => !isSameValue(each.type, type)))
        malformedPlan("COALESCE of different types");
      return { kind, arguments: read, type };
    case "attempt": return readAttempt(single(read), wire.test, type);
  }
}
