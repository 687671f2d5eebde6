// x = ANY (ARRAY(SELECT ...)) as a comparison with the subquery's rows.
import { describe, expect, it } from "vitest";
import { withoutSubqueryArrays } from "#frontend/array_comparisons.js";
import { readNodeText, type TextNode } from "#frontend/node_text.js";
import { nodeList, numberField, requiredNode, walk } from "#frontend/text_fields.js";

const variable = "{VAR :varno 1 :varattno 2 :vartype 1043 :vartypmod 9 :varcollid 100 :varlevelsup 0 :location 7}";
const query = `{QUERY :targetList ({TARGETENTRY :expr ${variable} :resno 1 :resjunk false})}`;
const array = `{SUBLINK :subLinkType 6 :subLinkId 0 :testexpr <> :operName <> :subselect ${query} :location 9}`;

function comparison(operand: string, useOr = true): TextNode {
  const text = `{SCALARARRAYOPEXPR :opno 98 :opfuncid 67 :useOr ${useOr} :inputcollid 100 `
    + `:args (${variable} ${operand}) :location 5}`;
  return readNodeText(new TextEncoder().encode(text));
}

describe("a comparison with the array of a subquery", () => {
  it.each([[true, 2], [false, 1]])("asks its rows (ANY: %s)", (useOr, type) => {
    const before = comparison(array, useOr);
    const after = withoutSubqueryArrays(before);
    expect([after.tag, after.id, numberField(after, "subLinkType")]).toEqual(["SUBLINK", before.id, type]);
    const test = requiredNode(after, "testexpr");
    expect([numberField(test, "opfuncid"), numberField(test, "inputcollid")]).toEqual([67, 100]);
    expect(nodeList(test, "args").map(({ tag }) => tag)).toEqual(["VAR", "PARAM"]);
    expect(nodeList(test, "args").map((each) => numberField(each, "paramtype", 0))).toEqual([0, 1043]);
    expect(requiredNode(after, "subselect").tag).toBe("QUERY");
  });

  it("gives no number to two nodes", () => {
    const numbers: number[] = [];
    walk(withoutSubqueryArrays(comparison(array)), ({ id }) => void numbers.push(id));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  const coerced = (element: string): string =>
    `{ARRAYCOERCEEXPR :arg ${array} :elemexpr ${element} :resulttype 1009 :location -1}`;

  it("renames the rows' values as it did the elements", () => {
    const renaming = "{RELABELTYPE :arg {CASETESTEXPR :typeId 1043} :resulttype 25 :resulttypmod -1}";
    const test = requiredNode(withoutSubqueryArrays(comparison(coerced(renaming))), "testexpr");
    const [, element] = nodeList(test, "args");
    expect(element && [element.tag, requiredNode(element, "arg").tag]).toEqual(["RELABELTYPE", "PARAM"]);
  });

  it.each([
    ["elements that are converted", coerced("{FUNCEXPR :funcid 481 :args ({CASETESTEXPR :typeId 23})}")],
    ["an array that may be NULL", array.replace("subLinkType 6", "subLinkType 4")],
    ["a column", variable],
  ])("leaves %s", (_name, operand) => {
    const before = comparison(operand);
    expect(withoutSubqueryArrays(before)).toBe(before);
  });
});
