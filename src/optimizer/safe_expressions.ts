// Which expressions PostgreSQL can evaluate for any row without an error. Only those may be computed in a scan below a
// join: the statement asks for their values on joined rows alone. Counter-example: 1 / t.x in the select list, where
// the join drops every row with x = 0.
import type { TextNode } from "#frontend/node_text.js";
import { numberField, walk } from "#frontend/text_fields.js";
import { functionByOid } from "#functions/registry.js";

const safeTags: ReadonlySet<string> = new Set([
  "VAR", "CONST", "RELABELTYPE", "BOOLEXPR", "NULLTEST", "BOOLEANTEST", "CASEEXPR", "CASEWHEN",
  "CASETESTEXPR", "COALESCEEXPR", "FUNCEXPR", "OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR",
  "NULLIFEXPR", "MINMAXEXPR",
]);

/**
 * Built-in functions without errors, beside comparisons: LIKE and its kin, extract, lengths, case, trimming, substring
 * of text, widening casts. An unknown field name of extract or a pattern ending in its escape is an error of the
 * statement as written, whatever the rows.
 */
const safeFunctions: ReadonlySet<number> = new Set([
  850, 851, 858, 859, 1631, 1632, 1633, 1634, 1660, 1661, 1569, 1570, 1571, 1572,
  6199, 6202, 6203, 1384, 1171, 2021,
  1317, 1318, 1381, 870, 871, 884, 885, 875, 881, 882, 876, 401, 406,
  481, 313, 754, 316, 235, 311, 1740, 1781, 1782,
]);

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

const comparison = /\.(?:equal|notEqual|less|lessOrEqual|greater|greaterOrEqual)$/;

function isSafeFunction(oid: number, node: TextNode): boolean {
  if (safeFunctions.has(oid)) return true;
  if (SUBSTRINGS.has(oid)) return isSafeSubstring(node);
  return comparison.test(functionByOid(oid)?.key ?? "");
}

/** Whether no row makes the expression raise an error. */
export function neverFails(source: TextNode): boolean {
  let safe = true;
  walk(source, (node) => {
    if (!safeTags.has(node.tag)) safe = false;
    else if (node.tag === "FUNCEXPR") safe &&= isSafeFunction(numberField(node, "funcid"), node);
    else if (node.fields.has("opfuncid")) safe &&= isSafeFunction(numberField(node, "opfuncid"), node);
    return safe ? undefined : "skip";
  });
  return safe;
}
