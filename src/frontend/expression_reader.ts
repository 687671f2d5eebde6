// Text nodes to analysed expressions: one small reader per node tag, and PostgreSQL's rules for the type, typmod and
// collation of each (nodeFuncs.c: exprType, exprTypmod, exprCollation). Tags without a reader become `other`,
// with their type where a field names it.
import { malformedMessage } from "#base/errors.js";
import type {
  Aggregate, AggregateKey, AnalysedExpression, Call, Case, RowComparison, SqlType, TransactionTime,
} from "./analysed_expression.js";
import type { TextNode } from "./node_text.js";
import { readSortGroup } from "./sort_group.js";
import { booleanField, nodeList, numberField, numberList, optionalNode, requiredNode } from "./text_fields.js";

const BOOL: SqlType = { type: 16, typmod: -1, collation: 0 };
const INT4 = 23;

/** CoercionForm values of the cast syntaxes; only those make a call a length coercion. */
const EXPLICIT_CAST = 1;
const IMPLICIT_CAST = 2;

function typeFields(node: TextNode, type: string, typmod: string | undefined, collation: string): SqlType {
  return {
    type: numberField(node, type),
    typmod: typmod === undefined ? -1 : numberField(node, typmod),
    collation: numberField(node, collation, 0),
  };
}

/** The nodes of a list PostgreSQL never leaves empty. */
function filledList(node: TextNode, field: string): readonly TextNode[] {
  const nodes = nodeList(node, field);
  if (nodes.length === 0) throw malformedMessage(`pg_fusion: ${node.tag} without ${field}`);
  return nodes;
}

function readAll(nodes: readonly TextNode[]): readonly AnalysedExpression[] {
  return nodes.map(readExpression);
}

/** The single argument of a node whose `arg` field holds it. */
function argumentOf(node: TextNode): AnalysedExpression {
  return readExpression(requiredNode(node, "arg"));
}

/** The typmod all alternatives share when all are of the result type, else -1. */
function sharedTypmod(type: number, alternatives: readonly AnalysedExpression[]): number {
  const typmod = alternatives[0]?.typmod ?? -1;
  const agree = alternatives.every((each) => each.type === type && each.typmod === typmod);
  return agree ? typmod : -1;
}

function readConstant(node: TextNode): AnalysedExpression {
  const value = node.fields.get("constvalue");
  const isNull = booleanField(node, "constisnull");
  const isDatum = value !== null && value !== undefined && typeof value !== "string"
    && value.kind === "datum";
  if (!isNull && !isDatum) throw malformedMessage("pg_fusion: constant without a value");
  return {
    kind: "constant",
    source: node,
    ...typeFields(node, "consttype", "consttypmod", "constcollid"),
    isNull,
    byValue: booleanField(node, "constbyval"),
    image: isDatum && !isNull ? value.bytes : new Uint8Array(0),
  };
}

/** The target typmod of a length coercion, as exprIsLengthCoercion() finds it. */
function coercedTypmod(node: TextNode, values: readonly AnalysedExpression[]): number | undefined {
  const format = numberField(node, "funcformat");
  if (format !== EXPLICIT_CAST && format !== IMPLICIT_CAST) return undefined;
  if (values.length !== 2 && values.length !== 3) return undefined;
  const second = values[1];
  if (second?.kind !== "constant" || second.type !== INT4 || second.isNull) return undefined;
  return new DataView(second.image.buffer, second.image.byteOffset).getInt32(0, true);
}

function readFunctionCall(node: TextNode): Call {
  const values = readAll(nodeList(node, "args"));
  const typmod = coercedTypmod(node, values);
  return {
    kind: "call",
    source: node,
    type: numberField(node, "funcresulttype"),
    typmod: typmod ?? -1,
    collation: numberField(node, "funccollid"),
    function: numberField(node, "funcid"),
    operator: 0,
    returnsSet: booleanField(node, "funcretset"),
    inputCollation: numberField(node, "inputcollid"),
    arguments: values,
    coercedTypmod: typmod,
  };
}

function readOperatorCall(node: TextNode): Call {
  return {
    kind: "call",
    source: node,
    ...typeFields(node, "opresulttype", undefined, "opcollid"),
    function: numberField(node, "opfuncid"),
    operator: numberField(node, "opno"),
    returnsSet: booleanField(node, "opretset"),
    inputCollation: numberField(node, "inputcollid"),
    arguments: readAll(nodeList(node, "args")),
    coercedTypmod: undefined,
  };
}

function readArrayComparison(node: TextNode): AnalysedExpression {
  const [scalar, array] = readAll(nodeList(node, "args"));
  if (scalar === undefined || array === undefined)
    throw malformedMessage("pg_fusion: array comparison without two arguments");
  return {
    kind: "arrayComparison",
    source: node,
    ...BOOL,
    function: numberField(node, "opfuncid"),
    any: booleanField(node, "useOr"),
    inputCollation: numberField(node, "inputcollid"),
    scalar,
    array,
  };
}

function readBoolean(node: TextNode): AnalysedExpression {
  const operation = node.fields.get("boolop");
  const values = readAll(filledList(node, "args"));
  if (operation === "and" || operation === "or")
    return { kind: operation, source: node, ...BOOL, arguments: values };
  const [argument] = values;
  if (operation !== "not" || argument === undefined)
    throw malformedMessage("pg_fusion: boolean expression of an unknown kind");
  return { kind: "not", source: node, ...BOOL, argument };
}

function readNullTest(node: TextNode): AnalysedExpression {
  return {
    kind: "nullTest",
    source: node,
    ...BOOL,
    argument: argumentOf(node),
    negated: numberField(node, "nulltesttype") === 1,
    ofRow: booleanField(node, "argisrow"),
  };
}

/** BoolTestType in order of its values: IS TRUE, IS NOT TRUE, IS FALSE, ... */
const booleanTests = ["true", "false", "unknown"] as const;

function readBooleanTest(node: TextNode): AnalysedExpression {
  const code = numberField(node, "booltesttype");
  const test = booleanTests[code >> 1];
  if (test === undefined) throw malformedMessage("pg_fusion: boolean test of an unknown kind");
  return {
    kind: "booleanTest", source: node, ...BOOL, argument: argumentOf(node), test,
    negated: (code & 1) === 1,
  };
}

function readCase(node: TextNode): Case {
  const argument = optionalNode(node, "arg");
  const branches = filledList(node, "args").map((branch) => ({
    when: readExpression(requiredNode(branch, "expr")),
    then: readExpression(requiredNode(branch, "result")),
  }));
  const otherwise = readExpression(requiredNode(node, "defresult"));
  const type = numberField(node, "casetype");
  return {
    kind: "case",
    source: node,
    type,
    typmod: sharedTypmod(type, [otherwise, ...branches.map((branch) => branch.then)]),
    collation: numberField(node, "casecollid"),
    argument: argument === undefined ? undefined : readExpression(argument),
    branches,
    otherwise,
  };
}

function readCoalesce(node: TextNode): AnalysedExpression {
  const values = readAll(filledList(node, "args"));
  const type = numberField(node, "coalescetype");
  return {
    kind: "coalesce",
    source: node,
    type,
    typmod: sharedTypmod(type, values),
    collation: numberField(node, "coalescecollid"),
    arguments: values,
  };
}

/** AGGKIND_* of pg_aggregate. */
const aggregateForms: Readonly<Record<string, Aggregate["form"]>> = { n: "plain", o: "orderedSet", h: "hypothetical" };

function readAggregate(node: TextNode): AnalysedExpression {
  const filter = optionalNode(node, "aggfilter");
  const targets = nodeList(node, "args").map((target) => ({
    expression: readExpression(requiredNode(target, "expr")),
    reference: numberField(target, "ressortgroupref"),
    isJunk: booleanField(target, "resjunk"),
  }));
  const keys = (field: string): readonly AggregateKey[] => nodeList(node, field).map((each) => {
    const item = readSortGroup(each);
    const target = targets.find(({ reference }) => reference === item.sortGroupReference);
    if (target === undefined) throw malformedMessage("pg_fusion: an aggregate's key is not among its arguments");
    return { expression: target.expression, item };
  });
  const kind = node.fields.get("aggkind");
  const form = typeof kind === "string" ? aggregateForms[kind] : undefined;
  if (form === undefined) throw malformedMessage("pg_fusion: an aggregate of an unknown kind");
  return {
    kind: "aggregate",
    source: node,
    ...typeFields(node, "aggtype", undefined, "aggcollid"),
    function: numberField(node, "aggfnoid"),
    arguments: targets.filter(({ isJunk }) => !isJunk).map(({ expression }) => expression),
    directArguments: nodeList(node, "aggdirectargs").map(readExpression),
    filter: filter === undefined ? undefined : readExpression(filter),
    isStar: booleanField(node, "aggstar"),
    distinct: keys("aggdistinct"),
    order: keys("aggorder"),
    form,
    isVariadic: booleanField(node, "aggvariadic"),
    levelsUp: numberField(node, "agglevelsup"),
    inputCollation: numberField(node, "inputcollid"),
  };
}

function readMinMax(node: TextNode): AnalysedExpression {
  const type = numberField(node, "minmaxtype");
  const values = readAll(filledList(node, "args"));
  return {
    kind: numberField(node, "op") === 0 ? "greatest" : "least",
    source: node, type, typmod: sharedTypmod(type, values), collation: numberField(node, "minmaxcollid"),
    inputCollation: numberField(node, "inputcollid"), arguments: values,
  };
}

function bothArguments(node: TextNode): readonly [AnalysedExpression, AnalysedExpression] {
  const [left, right] = readAll(nodeList(node, "args"));
  if (left === undefined || right === undefined) throw malformedMessage(`pg_fusion: ${node.tag} without two arguments`);
  return [left, right];
}

function readDistinct(node: TextNode): AnalysedExpression {
  const [left, right] = bothArguments(node);
  return {
    kind: "isDistinct", source: node, ...BOOL, function: numberField(node, "opfuncid"),
    inputCollation: numberField(node, "inputcollid"), left, right,
  };
}

/** NULLIF shows its first argument or NULL, so it has that argument's typmod. */
function readNullIf(node: TextNode): AnalysedExpression {
  const [left, right] = bothArguments(node);
  return {
    kind: "nullIf", source: node, ...typeFields(node, "opresulttype", undefined, "opcollid"), typmod: left.typmod,
    function: numberField(node, "opfuncid"), inputCollation: numberField(node, "inputcollid"), left, right,
  };
}

/** RowCompareType values, CompareType's from PostgreSQL 18 on; = and <> come as ANDs and ORs. */
const rowComparisons: Readonly<Record<number, RowComparison["comparison"]>> = {
  1: "less", 2: "lessOrEqual", 4: "greaterOrEqual", 5: "greater",
};

function readRowComparison(node: TextNode): AnalysedExpression {
  const [lefts, rights] = [readAll(filledList(node, "largs")), readAll(filledList(node, "rargs"))];
  const [families, collations] = [numberList(node, "opfamilies"), numberList(node, "inputcollids")];
  const comparison = rowComparisons[numberField(node, "rctype", numberField(node, "cmptype", 0))];
  if (comparison === undefined) throw malformedMessage("pg_fusion: row comparison of an unknown kind");
  const columns = lefts.map((left, index) => {
    const right = rights[index];
    if (right === undefined) throw malformedMessage("pg_fusion: row comparison without two rows");
    return { left, right, family: families[index] ?? 0, inputCollation: collations[index] ?? 0 };
  });
  return { kind: "rowComparison", source: node, ...BOOL, comparison, columns };
}

function readParameter(node: TextNode): AnalysedExpression {
  return {
    kind: "parameter",
    source: node,
    ...typeFields(node, "paramtype", "paramtypmod", "paramcollid"),
    parameterKind: numberField(node, "paramkind") === 0 ? "external" : "internal",
    id: numberField(node, "paramid"),
  };
}

/** Where the nodes that only PostgreSQL evaluates keep their type, typmod and collation. */
const otherTypes: Readonly<Record<string, readonly [string, string | undefined, string]>> = {
  WINDOWFUNC: ["wintype", undefined, "wincollid"],
  SUBSCRIPTINGREF: ["refrestype", "reftypmod", "refcollid"],
  FIELDSELECT: ["resulttype", "resulttypmod", "resultcollid"],
  ARRAYCOERCEEXPR: ["resulttype", "resulttypmod", "resultcollid"],
  CONVERTROWTYPEEXPR: ["resulttype", undefined, "no collation"],
  COERCETODOMAIN: ["resulttype", "resulttypmod", "resultcollid"],
  SQLVALUEFUNCTION: ["type", "typmod", "no collation"],
  ARRAYEXPR: ["array_typeid", undefined, "array_collid"],
};

function readOther(node: TextNode): AnalysedExpression {
  const names = otherTypes[node.tag];
  const type = names === undefined
    ? { type: 0, typmod: -1, collation: 0 }
    : typeFields(node, ...names);
  // current_user and its like are of type name, whose collation is "C" always.
  if (type.type === 19 && type.collation === 0) return { kind: "other", source: node, ...type, collation: 950 };
  return { kind: "other", source: node, ...type };
}

/** SubLinkType values. */
const SCALAR_SUBQUERY = 4;
const ARRAY_OF_SUBQUERY = 6;

/** A scalar subquery is of the type of its one visible target; an array's name is in the catalogue alone. */
function readSubLink(node: TextNode): AnalysedExpression {
  const kind = numberField(node, "subLinkType");
  if (kind === ARRAY_OF_SUBQUERY) return { kind: "other", source: node, type: 0, typmod: -1, collation: 0 };
  const targets = kind === SCALAR_SUBQUERY ? nodeList(requiredNode(node, "subselect"), "targetList") : [];
  const target = targets.find((each) => !booleanField(each, "resjunk"));
  if (target === undefined) return { kind: "other", source: node, ...BOOL };
  const { type, typmod, collation } = readExpression(requiredNode(target, "expr"));
  return { kind: "other", source: node, type, typmod, collation };
}

/** SQLValueFunctionOp values without a precision. */
const transactionTimes: Readonly<Record<number, TransactionTime["form"]>> = {
  0: "date", 1: "timetz", 3: "timestamptz", 5: "time", 7: "timestamp",
};

function readSqlValue(node: TextNode): AnalysedExpression {
  const form = transactionTimes[numberField(node, "op")];
  const other = readOther(node);
  return form === undefined ? other : { ...other, kind: "transactionTime", form };
}

type Reader = (node: TextNode) => AnalysedExpression;

const readers: Readonly<Record<string, Reader>> = {
  VAR: (node) => ({
    kind: "variable",
    source: node,
    ...typeFields(node, "vartype", "vartypmod", "varcollid"),
    rangeIndex: numberField(node, "varno"),
    attribute: numberField(node, "varattno"),
    levelsUp: numberField(node, "varlevelsup"),
  }),
  GROUPINGFUNC: (node) => ({ kind: "other", source: node, type: INT4, typmod: -1, collation: 0 }),
  CONST: readConstant,
  PARAM: readParameter,
  FUNCEXPR: readFunctionCall,
  OPEXPR: readOperatorCall,
  SCALARARRAYOPEXPR: readArrayComparison,
  BOOLEXPR: readBoolean,
  NULLTEST: readNullTest,
  BOOLEANTEST: readBooleanTest,
  CASEEXPR: readCase,
  CASETESTEXPR: (node) =>
    ({ kind: "caseValue", source: node, ...typeFields(node, "typeId", "typeMod", "collation") }),
  COALESCEEXPR: readCoalesce,
  RELABELTYPE: (node) => ({
    kind: "relabel",
    source: node,
    ...typeFields(node, "resulttype", "resulttypmod", "resultcollid"),
    argument: argumentOf(node),
  }),
  COERCEVIAIO: (node) => ({
    kind: "textCast", source: node, ...typeFields(node, "resulttype", undefined, "resultcollid"),
    argument: argumentOf(node),
  }),
  AGGREF: readAggregate,
  MINMAXEXPR: readMinMax,
  NULLIFEXPR: readNullIf,
  DISTINCTEXPR: readDistinct,
  ROWCOMPAREEXPR: readRowComparison,
  SUBLINK: readSubLink,
  SQLVALUEFUNCTION: readSqlValue,
};

/** Reads one expression with everything below it. */
export function readExpression(node: TextNode): AnalysedExpression {
  return (readers[node.tag] ?? readOther)(node);
}
