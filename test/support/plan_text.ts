// A planner's answer as the text of test/plans: engine plan, leaf, outputs, and what stands where above the scan. Node
// ids are shown with their tag, so that a change of numbering is told from a change of plan.
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import { edgeCalls } from "#frontend/edge_calls.js";
import { readNodeText } from "#frontend/node_text.js";
import type { TextNode } from "#frontend/node_text.js";
import { numberField, walk } from "#frontend/text_fields.js";
import { explainPlan, operatorLines } from "#plan/explain.js";
import type { EdgeExpression, PlanReady, PlanRequest } from "#plan/planning.js";
import { encodingName } from "#types/encoding_of.js";
import type { Encoding } from "#generated/encodings.js";
import { planStatement } from "#worker/plan_statement.js";

const callNames: ReadonlyMap<number, string> = new Map(
  Object.values(edgeCalls).map((call) => [call.oid, call.name.replace(/\(.*/, "")]));

function edgeText(expression: EdgeExpression, outputs: readonly { readonly name: string }[]): string {
  if (expression.kind === "column") return outputs[expression.index]?.name ?? `missing ${expression.index}`;
  const values = expression.arguments.map((argument) => edgeText(argument, outputs));
  return `${callNames.get(expression.function) ?? "unknown"}(${values.join(", ")})`;
}

/** A short text of a node: its tag, with the column or function it names. */
function nodeText(node: TextNode | undefined): string {
  if (node === undefined) return "missing";
  const label = `#${node.id} ${node.tag}`;
  for (const field of ["varattno", "funcid", "opfuncid", "aggfnoid"])
    if (node.fields.has(field)) return `${label} ${numberField(node, field)}`;
  return label;
}

function readyText(ready: PlanReady, nodes: ReadonlyMap<number, TextNode>): string[] {
  const plan = decodePhysicalPlan(ready.plan);
  const lines: string[] = [...operatorLines(ready.operators), ...ready.explain];
  for (const leaf of ready.leaves) {
    lines.push(`leaf of query #${leaf.queryNode}, range table entry ${leaf.rangeIndex}`);
    for (const column of leaf.columns) {
      const guard = column.guardNode === 0 ? "" : ` where ${nodeText(nodes.get(column.guardNode))}`;
      const scale = column.scale === 0 ? "" : ` scale ${column.scale}`;
      const encoding = encodingName(column.encoding as Encoding);
      lines.push(`  column ${nodeText(nodes.get(column.node))}${guard}: ${encoding}${scale}`);
    }
    for (const qual of leaf.qualNodes) lines.push(`  qual ${nodeText(nodes.get(qual))}`);
  }
  for (const output of ready.outputs)
    lines.push(`output ${output.name}: type ${output.type} typmod ${output.typmod} collation ${output.collation}`);
  for (const { node, expression } of ready.replacements)
    lines.push(`replace ${nodeText(nodes.get(node))} by ${expression.kind === "node"
      ? nodeText(nodes.get(expression.node)) : edgeText(expression, ready.outputs)}`);
  for (const qual of ready.edgeQuals) lines.push(`filter above by ${nodeText(nodes.get(qual))}`);
  const did = (["didWhere", "didAggregate", "didDistinct", "didSort", "didLimit", "didWindow"] as const)
    .filter((step) => ready[step]).map((step) => step.slice(3).toLowerCase());
  lines.push(`done: ${did.join(", ")}; rows ${Math.round(ready.rows)}`);
  if (explainPlan(plan, { leafNames: [], verbose: false }).length === 0) lines.push("no operators");
  return lines;
}

/** The planner's answer to a request, printed. */
export function planText(request: PlanRequest): string {
  const answer = planStatement(request, () => 0n);
  if (answer.kind === "refused") {
    const { construct, detail, location } = answer.refused;
    return `refused: ${construct} is not supported\ndetail: ${detail}\nlocation: ${location}\n`;
  }
  const nodes = new Map<number, TextNode>();
  walk(readNodeText(request.query), (node) => {
    nodes.set(node.id, node);
    return undefined;
  });
  return `${readyText(answer.ready, nodes).join("\n")}\n`;
}
