// UNION, INTERSECT and EXCEPT in the engine: all rows of both sides, and where duplicates go, one group for each row
// with how often each side has it. Columns must look alike on all sides, or the statement's PostgreSQL part grows by
// the whole operation; numerics of different places, which show the same value with other digits, become ones of any.
import { defined } from "#base/assert.js";
import { allOf, callOf, constantOf, isNullConstant, not, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import { setOperations } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { refuse } from "#frontend/refusal.js";
import { booleanField, nodeList, numberField, numberList, requiredNode } from "#frontend/text_fields.js";
import { INTERNAL, columnOf, groupsByEngineEquality, isAlikeWhenEqual } from "#optimizer/expressions/column_types.js";
import { asNumeric, castDecimal } from "#optimizer/expressions/numeric_values.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { AggregateOperator } from "#optimizer/grouping/grouped_rows.js";
import { numberedRows } from "#optimizer/windows/row_numbers.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { ColumnType } from "#types/column_type.js";
import { BOOL, type EngineType, INT8, NUMERIC } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import type { QueryScope } from "./query_scope.js";

/** One side of an operation, or its result: rows and an expression for each column. */
export interface Side {
  readonly operator: LogicalOperator;
  readonly columns: readonly Expression[];
}

/** SetOperation values. */
const UNION = 1;
const INTERSECT = 2;

/** How the queries are planned. */
interface Arms {
  /** The query at a range table index. */
  readonly plan: (rangeIndex: number) => LogicalOperator;
  /** Columns that every query has beside its own, which tell rows apart too (domain.ts). */
  readonly passed: readonly Expression[];
}

/** Plans a query's set operation: its columns, then those that are passed through. */
export function planSetOperation(
  scope: QueryScope, planArm: (rangeIndex: number) => LogicalOperator, passed: readonly Expression[],
): Side {
  const operation = defined(scope.query.setOperation, "a set operation");
  return planSide(scope, operation, { plan: planArm, passed }, sqlTypesOf(operation));
}

function sqlTypesOf(operation: TextNode): readonly SqlType[] {
  const typmods = numberList(operation, "colTypmods");
  const collations = numberList(operation, "colCollations");
  return numberList(operation, "colTypes").map((type, index) => (
    { type, typmod: typmods[index] ?? -1, collation: collations[index] ?? 0 }));
}

function planSide(
  scope: QueryScope, node: TextNode, arms: Arms, types: readonly SqlType[],
): Side {
  if (node.tag !== "SETOPERATIONSTMT") return arm(scope, numberField(node, "rtindex"), arms, types);
  const named = sqlTypesOf(node);
  const left = planSide(scope, requiredNode(node, "larg"), arms, named);
  const right = planSide(scope, requiredNode(node, "rarg"), arms, named);
  const own = [...named, ...arms.passed.map(() => INTERNAL)];
  const kind = numberField(node, "op");
  const isAll = booleanField(node, "all");
  if (kind === UNION && isAll) return united(scope.statement, [left, right], own);
  return grouped(scope.statement, node, [left, right], own, { kind, isAll });
}

function arm(
  scope: QueryScope, rangeIndex: number, { plan, passed }: Arms, types: readonly SqlType[],
): Side {
  const operator = plan(rangeIndex);
  const own = ownTypes(scope, rangeIndex);
  const columns = types.map(({ type }, index): Expression => {
    if (!isSameType(scope, own.get(index + 1) ?? 0, type, rangeIndex)) refuseForm();
    const value = columnOfArm(scope, rangeIndex, index + 1, own.get(index + 1));
    if (value === undefined)
      return refuse("set operation over a column of this form",
        "A column is computed by a function or of a type that the engine does not compute.");
    return value.displayScale === undefined ? value.expression : asNumeric(value);
  });
  return { operator, columns: [...columns, ...passed] };
}

/** The types of a query's columns by number: its expressions are as written, and PostgreSQL converts them later. */
function ownTypes(scope: QueryScope, rangeIndex: number): ReadonlyMap<number, number> {
  const entry = scope.query.rangeTable[rangeIndex - 1];
  const targets = entry?.kind === "subquery" ? readQuery(entry.query).targets : [];
  return new Map(targets.filter((each) => !each.isJunk).map(({ number, expression }) => [number, expression.type]));
}

const plainTexts: ReadonlySet<number> = new Set([sqlTypes.text, sqlTypes.varchar]);

/** Whether a column needs no conversion to the operation's type; text and varchar differ in name only. */
function isSameType(scope: QueryScope, own: number, common: number, rangeIndex: number): boolean {
  if (own === common) return true;
  if (scope.sources.get(rangeIndex)?.kind !== "derived") return false;
  const { facts } = scope.statement;
  const [ownBase, commonBase] = [facts.baseType(own), facts.baseType(common)];
  return ownBase === commonBase || (plainTexts.has(ownBase) && plainTexts.has(commonBase));
}

function refuseForm(): never {
  return refuse("set operation over columns of different form", "Their values are stored or shown differently.");
}

/**
 * A query that PostgreSQL runs is a leaf, whose columns are named by nodes of the statement: only the leftmost query's
 * are, in the operation's own targets, and the backend reads them as those of whichever query the leaf is, if their
 * type is its own. Counter-example: integers EXCEPT (a domain over integer INTERSECT the same), whose targets are
 * integers.
 */
function columnOfArm(
  scope: QueryScope, rangeIndex: number, number: number, own: number | undefined,
): Translated | undefined {
  const source = scope.sources.get(rangeIndex);
  if (source?.kind === "derived") return source.column(number);
  const named = scope.query.targets.find((target) => target.number === number)?.expression;
  if (source === undefined || named?.kind !== "variable" || named.type !== own) return undefined;
  return source.table.variable({ ...named, rangeIndex });
}

/** The type all of the values can be shown as, when there is one. */
function commonType(values: readonly Expression[]): EngineType | undefined {
  const types = values.filter((each) => !isNullConstant(each)).map((each) => each.type);
  const [first, ...others] = types;
  if (first === undefined) return values[0]?.type;
  return others.reduce<EngineType | undefined>((common, type) => (
    common === undefined ? undefined : joinedType(common, type)), first);
}

const isNumeric = ({ kind }: EngineType): boolean => kind === "decimal" || kind === "numeric";

function joinedType(a: EngineType, b: EngineType): EngineType | undefined {
  if (isNumeric(a) && isNumeric(b)) {
    if (a.kind !== "decimal" || b.kind !== "decimal" || a.scale !== b.scale) return NUMERIC;
    return a.precision >= b.precision ? a : b;
  }
  if (a.kind !== b.kind) return undefined;
  switch (a.kind) {
    case "text": return b.kind === "text" ? { kind: "text", byteOrder: a.byteOrder && b.byteOrder } : undefined;
    case "bpchar":
      if (b.kind !== "bpchar" || a.length !== b.length) return undefined;
      return { ...a, byteOrder: a.byteOrder && b.byteOrder };
    case "opaque":
      if (b.kind !== "opaque" || a.width !== b.width || a.byValue !== b.byValue) return undefined;
      return { ...a, bitwiseEqual: a.bitwiseEqual && b.bitwiseEqual };
    default: return a;
  }
}

/** The value as one of the common type; only decimals differ in how they are stored. */
function asType(value: Expression, type: EngineType): Expression {
  if (isNullConstant(value)) return constantOf(null, type);
  if (type.kind === "numeric") return asNumeric({ expression: value });
  if (type.kind === "decimal") return castDecimal(value, type);
  return { ...value, type } as Expression;
}

interface United {
  readonly operator: LogicalOperator;
  readonly attributes: readonly number[];
  readonly types: readonly ColumnType[];
}

/** All rows of the sides; `extra` is one more column with a value for each side. */
function allRows(
  statement: StatementFacts, sides: readonly Side[], sqlTypes: readonly SqlType[], extra?: readonly Expression[],
): United {
  const { attributes } = statement;
  const origin = attributes.newOrigin();
  const types = sqlTypes.map((sql, index): ColumnType => {
    const values = sides.map((side) => defined(side.columns[index], "a column of a set operation"));
    const type = commonType(values);
    if (type === undefined) return refuseForm();
    return columnOf(sql, type, true);
  });
  const all = extra === undefined ? types : [...types, columnOf(INTERNAL, BOOL, false)];
  const made = all.map((type, index) => attributes.add(origin, `column${index + 1}`, type));
  const inputs = sides.map((side, at) => {
    const values = [...side.columns, ...(extra === undefined ? [] : [defined(extra[at], "a side's mark")])];
    const expressions = values.map((value, index) => asType(value, defined(all[index], "a column type").engine));
    return { operator: side.operator, expressions };
  });
  const rows = sides.reduce((sum, side) => sum + side.operator.rows, 0);
  return { operator: { kind: "union", origin, inputs, columns: made, rows }, attributes: made, types };
}

function united(statement: StatementFacts, sides: readonly Side[], types: readonly SqlType[]): Side {
  const all = allRows(statement, sides, types);
  return {
    operator: all.operator,
    columns: all.types.map((type, index) => readColumn(defined(all.attributes[index], "a column"), type.engine)),
  };
}

/** UNION keeps one row a group; INTERSECT and EXCEPT look at how often each side has it. */
function grouped(
  statement: StatementFacts, node: TextNode, sides: readonly Side[], sqlTypes: readonly SqlType[],
  { kind, isAll }: { readonly kind: number; readonly isAll: boolean },
): Side {
  const { attributes, facts } = statement;
  const marks = [true, false].map((value): Expression => constantOf(value, BOOL));
  const all = allRows(statement, sides, sqlTypes, kind === UNION ? undefined : marks);
  const equalities = nodeList(node, "groupClauses").map((clause) => numberField(clause, "eqop"));
  const origin = attributes.newOrigin();
  const keys = all.types.map((type, index) => {
    const sql = defined(sqlTypes[index], "a column's SQL type");
    const isPassed = index >= equalities.length;
    if (!isPassed && !groupsByEngineEquality(facts, sql, type.engine, equalities[index] ?? 0))
      refuse(setOperations[kind] ?? "set operation", "Equality of a column's type is not the engine's.");
    // INTERSECT and EXCEPT begin with the smaller side in PostgreSQL, and repeat the first of equal rows they met.
    if (kind !== UNION && !isPassed && !isAlikeWhenEqual(type.engine))
      refuse(setOperations[kind] ?? "set operation", "Values of a column that are equal may be shown differently.");
    const expression = readColumn(defined(all.attributes[index], "a column"), type.engine);
    return { attribute: attributes.add(origin, `column${index + 1}`, type), expression, column: type };
  });
  const mark = kind === UNION ? undefined : all.attributes.at(-1);
  // Rows of a side that are equal in every column are told apart by numbers: INTERSECT ALL and EXCEPT ALL keep those
  // that both sides have, or the left one alone.
  const partition = all.attributes.map((attribute) => readColumn(attribute, attributes.typeOf(attribute).engine));
  const again = isAll ? numberedRows(statement, all.operator, partition, []) : undefined;
  const numberKeys = again === undefined ? [] : [{
    attribute: attributes.add(origin, "number", attributes.typeOf(again.number)),
    expression: readColumn(again.number, INT8), column: attributes.typeOf(again.number),
  }];
  const aggregates = mark === undefined ? [] : [false, true].map((isRight, index) => countOf(
    statement, origin, `side${index + 1}`, isRight ? not(readColumn(mark, BOOL)) : readColumn(mark, BOOL)));
  const rows = Math.max(1, all.operator.rows / 2);
  const operator: LogicalOperator = {
    kind: "aggregate", origin, input: again?.operator ?? all.operator, keys: [...keys, ...numberKeys], aggregates, rows,
  };
  const columns = keys.map(({ attribute, column: type }) => readColumn(attribute, type.engine));
  const [left, right] = aggregates;
  if (left === undefined || right === undefined) return { operator, columns };
  const predicate = allOf([
    compared(left.attribute, "greater"), compared(right.attribute, kind === INTERSECT ? "greater" : "equal")]);
  return { operator: { kind: "filter", input: operator, predicate, rows }, columns };
}

/** A count compared with zero. */
function compared(attribute: number, comparison: "greater" | "equal"): Expression {
  const zero = constantOf(0n, INT8);
  return callOf(`integer.${comparison}`, BOOL, readColumn(attribute, INT8), zero);
}

function countOf(
  { attributes }: StatementFacts, origin: number, name: string, filter: Expression,
): AggregateOperator["aggregates"][number] {
  const result = columnOf(INTERNAL, INT8, false);
  return { attribute: attributes.add(origin, name, result), call: { function: "countRows", filter, result } };
}
