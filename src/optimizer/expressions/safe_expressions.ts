// Which expressions PostgreSQL can evaluate for any row without an error. Only those may be computed in a scan below a
// join: the statement asks for their values on joined rows alone. Counter-example: 1 / t.x in the select list, where
// the join drops every row with x = 0.
import { readExpression } from "#frontend/expression_reader.js";
import { integerConstant } from "#frontend/integer_constant.js";
import type { TextNode } from "#frontend/node_text.js";
import { nodeList, numberField, requiredNode, someNode } from "#frontend/text_fields.js";
import { functionsByOid } from "#functions/registry.js";
import { sqlTypes } from "#types/sql_types.js";
import { isComparison, isIntegerDivision } from "./may_fail.js";
import { isSafeComparison } from "./row_comparison.js";

/** Objects below this OID are built in; of others nothing is known. */
const USER_OBJECTS_START = 16384;

const safeTags: ReadonlySet<string> = new Set([
  "VAR", "CONST", "RELABELTYPE", "BOOLEXPR", "NULLTEST", "BOOLEANTEST", "CASEEXPR", "CASEWHEN",
  "CASETESTEXPR", "COALESCEEXPR", "FUNCEXPR", "OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR",
  "NULLIFEXPR", "MINMAXEXPR", "COERCEVIAIO", "ROWCOMPAREEXPR",
]);

/** Functions of characters whose answer depends on a collation: without one they fail, on a row. */
const collated: ReadonlySet<number> = new Set([
  // LIKE, ILIKE, their negations and bpchar's
  850, 851, 1631, 1632, 1633, 1634, 1660, 1661, 1569, 1570, 1571, 1572,
  // upper, lower, initcap; position, strpos, starts_with, replace
  871, 870, 872, 849, 868, 3696, 2087,
]);

/**
 * Built-in functions without errors, beside comparisons and the ones above. An unknown field name of extract or
 * date_trunc and a pattern ending in its escape are errors of the statement as written, whatever the rows.
 */
const safeFunctions: ReadonlySet<number> = new Set([
  858, 859,
  // extract, date_part, date_trunc; timestamps as dates and times; isfinite
  6199, 6202, 6203, 1384, 1385, 1171, 2021, 2020, 2029, 1316, 1373, 1389, 1390, 2048,
  // lengths, ascii, bits and bytes
  1317, 1318, 1372, 1381, 1367, 1369, 1374, 1375, 720, 1810, 1811, 2010, 1620,
  // trimming, left and right, the rest of a string, reverse, translate, md5, ||
  884, 885, 875, 881, 882, 876, 3060, 3061, 883, 937, 3062, 878, 2311, 1258,
  // char(n), name and bool as text, texts as names
  401, 406, 2971, 407, 1400, 409,
  // widening casts
  481, 313, 754, 316, 235, 236, 311, 318, 482, 652, 1740, 1781, 1782, 1742, 1743, 1288, 2558,
  // abs, sign, ceil, floor, round, trunc of floats and numerics
  1394, 1395, 1705, 1706, 1711, 2167, 2308, 2320, 1712, 2309, 1342, 1343, 1707, 1708, 1709, 1710, 2310,
  // comparisons of intervals, enums
  1162, 1163, 1164, 1165, 1166, 1167, 3508, 3509, 3510, 3511, 3512, 3513,
]);

/** Whether a function is one of those above or the engine's: they are NULL when an argument is. */
export function isKnownStrict(oid: number): boolean {
  return collated.has(oid) || safeFunctions.has(oid) || functionsByOid(oid).length > 0;
}

const SUBSTRINGS: ReadonlySet<number> = new Set([877, 936]);

/** substring(text, start, length) fails for a negative length only. */
function isSafeSubstring(node: TextNode): boolean {
  const list = node.fields.get("args");
  if (list === null || list === undefined || typeof list === "string" || list.kind !== "list") return false;
  const length = list.items[2];
  if (length === null || length === undefined || typeof length === "string" || length.kind !== "node") return false;
  const value = length.fields.get("constvalue");
  if (value === null || value === undefined || typeof value === "string" || value.kind !== "datum") return false;
  return new DataView(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength).getInt32(0, true) >= 0;
}

/** Sums, differences, products and signs of numerics: they fail for results of more than 131072 digits only. */
const numericArithmetic: ReadonlySet<number> = new Set([1724, 1725, 1726, 1771, 1915]);
const integerToNumeric: ReadonlySet<number> = new Set([1740, 1781, 1782]);
/** Each has 1,000 digits at most, so that no product of them gets near. */
const NUMERIC_OPERANDS_MAX = 64;

/** The same of a column without a precision of its own: a subquery's, which is made of others. */
export type OperandsBehind = (variable: TextNode) => number;

const unbounded: OperandsBehind = () => Number.POSITIVE_INFINITY;

/** How many numbers of at most 1,000 digits the arithmetic is made of; infinite when some has no bound. */
export function boundedOperands(node: TextNode, behind: OperandsBehind): number {
  const sumOf = (operands: readonly TextNode[]): number =>
    operands.reduce((sum, operand) => sum + boundedOperands(operand, behind), 0);
  switch (node.tag) {
    case "CONST": return 1;
    case "VAR": return numberField(node, "vartypmod") >= 0 ? 1 : behind(node);
    // A sum of fewer than 10^18 values has 18 digits more, a mean some decimals.
    case "AGGREF":
      if (numberField(node, "aggfnoid") >= USER_OBJECTS_START) return Number.POSITIVE_INFINITY;
      return sumOf(nodeList(node, "args").map((target) => requiredNode(target, "expr"))) + 1;
    case "RELABELTYPE": return boundedOperands(requiredNode(node, "arg"), behind);
    case "FUNCEXPR": case "OPEXPR": {
      const oid = numberField(node, node.tag === "OPEXPR" ? "opfuncid" : "funcid");
      if (integerToNumeric.has(oid)) return 1;
      return numericArithmetic.has(oid) ? sumOf(nodeList(node, "args")) : Number.POSITIVE_INFINITY;
    }
    default: return Number.POSITIVE_INFINITY;
  }
}

/** An integer divided by a constant that is neither 0 nor -1. */
function isSafeDivision(node: TextNode): boolean {
  const [, divisor] = nodeList(node, "args").map(readExpression);
  const value = divisor && integerConstant(divisor);
  return value !== undefined && value !== 0n && value !== -1n;
}

function isSafeFunction(oid: number, node: TextNode, behind: OperandsBehind): boolean {
  if (numericArithmetic.has(oid)) return boundedOperands(node, behind) <= NUMERIC_OPERANDS_MAX;
  const key = functionsByOid(oid)[0]?.key ?? "";
  const isCollated = collated.has(oid) || key.startsWith("text.") || key.startsWith("bpchar.");
  if (isCollated && numberField(node, "inputcollid", 0) === 0) return false;
  if (collated.has(oid) || safeFunctions.has(oid)) return true;
  if (SUBSTRINGS.has(oid)) return isSafeSubstring(node);
  if (isIntegerDivision(key)) return isSafeDivision(node);
  return isComparison(key);
}

/** Comparisons do not fail under a collation. */
function isSafeRowComparison(node: TextNode): boolean {
  const comparison = readExpression(node);
  return comparison.kind === "rowComparison" && isSafeComparison(comparison);
}

/** Output functions of built-in types do not fail; every text is a text. */
function isSafeCoercion(node: TextNode): boolean {
  const result = numberField(node, "resulttype");
  const source = numberField(requiredNode(node, "arg"), "vartype", 0);
  return (result === sqlTypes.text || result === sqlTypes.varchar) && source > 0 && source < USER_OBJECTS_START;
}

/**
 * Whether no row makes the expression raise an error. `isSafeOther` tells for what no expression over a row has:
 * aggregates and subqueries, of which nothing below is looked at here.
 */
export function neverFails(
  source: TextNode, isSafeOther: (node: TextNode) => boolean = () => false, behind: OperandsBehind = unbounded,
): boolean {
  return !someNode(source, (node) => {
    if (!safeTags.has(node.tag)) return isSafeOther(node) ? "skip" : "found";
    return isSafeNode(node, behind) ? undefined : "found";
  });
}

/** Whether a node itself raises no error, whatever its arguments are. */
function isSafeNode(node: TextNode, behind: OperandsBehind): boolean {
  if (node.tag === "COERCEVIAIO") return isSafeCoercion(node);
  if (node.tag === "ROWCOMPAREEXPR") return isSafeRowComparison(node);
  if (node.tag === "FUNCEXPR") return isSafeFunction(numberField(node, "funcid"), node, behind);
  return !node.fields.has("opfuncid") || isSafeFunction(numberField(node, "opfuncid"), node, behind);
}

/**
 * Whether an expression that never fails is NULL for a row of NULLs: such a row stands for a missing partner in an
 * outer join, where PostgreSQL evaluates the expression and a scan does not. All the functions above are strict.
 */
export function isNullForNulls(source: TextNode): boolean {
  switch (source.tag) {
    case "VAR": return true;
    case "RELABELTYPE": case "COERCEVIAIO": return isNullForNulls(requiredNode(source, "arg"));
    case "FUNCEXPR": case "OPEXPR": return nodeList(source, "args").some(isNullForNulls);
    default: return false;
  }
}
