// Comparisons with an array that a subquery makes, as comparisons with the subquery's rows. What is asked by
// x = ANY (ARRAY(SELECT y ...)), x = ANY (SELECT y ...) asks: an array of a subquery is never NULL, has an element for
// each row, and where it is empty PostgreSQL does not look at x. The node keeps its number: the backend knows it by it.
// Counter-example: x = ANY (t.y) and x = ANY ((SELECT array_agg(y) ...)), whose arrays may be NULL.
import type { AnalysedExpression } from "./analysed_expression.js";
import { readExpression } from "./expression_reader.js";
import type { TextNode, TextValue } from "./node_text.js";
import { booleanField, nodeList, numberField, optionalNode, requiredNode, walk } from "./text_fields.js";

/** SubLinkType values. */
const ALL = "1";
const ANY = "2";
const ARRAY = 6;

/** A field that no node of PostgreSQL's has. */
const OF_ARRAY = "ofArray";

interface OverSubquery {
  readonly scalar: TextNode;
  readonly subLink: TextNode;
  /** What is compared with, the subquery's only column. */
  readonly column: AnalysedExpression;
  /** What an element is renamed by: an array of varchar is one of text in name. */
  readonly renaming: TextNode | undefined;
}

/** How elements are renamed, over a CASETESTEXPR; undefined where they are converted. */
function renamingOf(array: TextNode): TextNode | undefined {
  const element = array.tag === "ARRAYCOERCEEXPR" ? optionalNode(array, "elemexpr") : undefined;
  return element?.tag === "RELABELTYPE" && requiredNode(element, "arg").tag === "CASETESTEXPR" ? element : undefined;
}

function overSubquery(node: TextNode): OverSubquery | undefined {
  if (node.tag !== "SCALARARRAYOPEXPR") return undefined;
  const [scalar, array] = nodeList(node, "args");
  if (scalar === undefined || array === undefined) return undefined;
  const renaming = renamingOf(array);
  const subLink = renaming === undefined ? array : requiredNode(array, "arg");
  if (subLink.tag !== "SUBLINK" || numberField(subLink, "subLinkType") !== ARRAY) return undefined;
  const query = optionalNode(subLink, "subselect");
  const target = query && nodeList(query, "targetList").find((each) => !booleanField(each, "resjunk"));
  return target && { scalar, subLink, column: readExpression(requiredNode(target, "expr")), renaming };
}

class Rewriting {
  #next: number;

  /** `next`: the first number that no node has. */
  constructor(next: number) {
    this.#next = next;
  }

  node(node: TextNode): TextNode {
    const fields = new Map([...node.fields].map(([name, value]) => [name, this.value(value)]));
    const same: TextNode = { ...node, fields };
    const found = overSubquery(same);
    return found === undefined ? same : this.comparison(same, found);
  }

  private value(value: TextValue): TextValue {
    if (value === null || typeof value === "string") return value;
    if (value.kind === "node") return this.node(value);
    return value.kind === "list" ? { ...value, items: value.items.map((item) => this.value(item)) } : value;
  }

  private made(tag: string, fields: Readonly<Record<string, TextValue>>): TextNode {
    return { kind: "node", id: this.#next++, tag, fields: new Map(Object.entries(fields)) };
  }

  private comparison(node: TextNode, { scalar, subLink, column, renaming }: OverSubquery): TextNode {
    const field = (name: string): TextValue => node.fields.get(name) ?? null;
    const parameter = this.made("PARAM", {
      paramkind: "2", paramid: "1", paramtype: String(column.type), paramtypmod: String(column.typmod),
      paramcollid: String(column.collation), location: "-1",
    });
    const element = renaming === undefined
      ? parameter : this.made(renaming.tag, { ...Object.fromEntries(renaming.fields), arg: parameter });
    const test = this.made("OPEXPR", {
      opno: field("opno"), opfuncid: field("opfuncid"), opresulttype: "16", opretset: "false", opcollid: "0",
      inputcollid: field("inputcollid"), args: { kind: "list", items: [scalar, element] },
      location: field("location"),
    });
    return {
      ...node, tag: "SUBLINK", fields: new Map<string, TextValue>([
        ["subLinkType", booleanField(node, "useOr") ? ANY : ALL], ["subLinkId", "0"], ["testexpr", test],
        ["operName", null], ["subselect", requiredNode(subLink, "subselect")], ["location", field("location")],
        [OF_ARRAY, "true"],
      ]),
    };
  }
}

/** Whether a subquery's rows were to make an array: then PostgreSQL asks for all of them, when a row asks for it. */
export function madeArray(subLink: TextNode): boolean {
  return booleanField(subLink, OF_ARRAY, false);
}

/** The statement with subqueries in place of the arrays they make. */
export function withoutSubqueryArrays(statement: TextNode): TextNode {
  let next = 0;
  let isFound = false;
  walk(statement, (node) => {
    next = Math.max(next, node.id + 1);
    isFound ||= overSubquery(node) !== undefined;
    return undefined;
  });
  return isFound ? new Rewriting(next).node(statement) : statement;
}
