// Wire form of the planner's answers, PlanReady and PlanRefused (schemas/control/planning.fbs). The request
// is in planning_message.ts. Edge expressions travel in prefix form, two parallel vectors.
import { defined } from "#base/assert.js";
import { malformedMessage } from "#base/errors.js";
import { ExplainDetail as DetailTable } from "#generated/control/explain-detail.js";
import { ExplainOperator as OperatorTable } from "#generated/control/explain-operator.js";
import { EdgeReplacement as ReplacementTable } from "#generated/control/edge-replacement.js";
import { LeafColumn as LeafColumnTable } from "#generated/control/leaf-column.js";
import { FilterKey as FilterKeyTable } from "#generated/control/filter-key.js";
import { LeafFilter as LeafFilterTable } from "#generated/control/leaf-filter.js";
import { Leaf as LeafTable } from "#generated/control/leaf.js";
import { OutputColumn as OutputTable } from "#generated/control/output-column.js";
import { PlanReady as ReadyTable } from "#generated/control/plan-ready.js";
import { PlanRefused as RefusedTable } from "#generated/control/plan-refused.js";
import { TableParameter as ParameterTable } from "#generated/control/table-parameter.js";
import type { ExplainedOperator } from "#plan/explain.js";
import { PLANNING_VERSION, filterKeyKinds, tableKinds } from "#plan/planning.js";
import type {
  EdgeExpression, EdgeReplacement, Leaf, LeafColumn, LeafFilter, OutputColumn, PlanReady, PlanRefused,
} from "#plan/planning.js";
import { Builder } from "flatbuffers";
import { checkVersion, decodeMessage, readVector } from "./flatbuffer_vector.js";

const OP_COLUMN = 0;
const OP_CALL = 1;
const OP_NODE = 2;

/** Argument counts are fixed by the called function, so the prefix form needs none; tests read it back. */
export type ArgumentCount = (functionOid: number) => number | undefined;

function flattenEdge(expression: EdgeReplacement["expression"], op: number[], operand: number[]): void {
  if (expression.kind === "column") {
    op.push(OP_COLUMN);
    operand.push(expression.index);
    return;
  }
  if (expression.kind === "node") {
    op.push(OP_NODE);
    operand.push(expression.node);
    return;
  }
  op.push(OP_CALL);
  operand.push(expression.function);
  for (const argument of expression.arguments) flattenEdge(argument, op, operand);
}

function writeReplacement(builder: Builder, replacement: EdgeReplacement): number {
  const op: number[] = [];
  const operand: number[] = [];
  flattenEdge(replacement.expression, op, operand);
  return ReplacementTable.createEdgeReplacement(
    builder, replacement.node, ReplacementTable.createOpVector(builder, op),
    ReplacementTable.createOperandVector(builder, operand));
}

function writeLeafColumn(builder: Builder, column: LeafColumn): number {
  return LeafColumnTable.createLeafColumn(
    builder, column.node, column.guardNode, column.encoding, column.scale, column.orderKey ?? 0);
}

function writeLeafFilter(builder: Builder, { filter, keys }: LeafFilter): number {
  const vector = LeafFilterTable.createKeysVector(builder, keys.map(({ column, kind }) =>
    FilterKeyTable.createFilterKey(builder, column, filterKeyKinds.indexOf(kind))));
  return LeafFilterTable.createLeafFilter(builder, filter, vector);
}

function writeLeaf(builder: Builder, leaf: Leaf): number {
  const columns = LeafTable.createColumnsVector(
    builder, leaf.columns.map((column) => writeLeafColumn(builder, column)));
  const quals = LeafTable.createQualNodesVector(builder, [...leaf.qualNodes]);
  const filters = LeafTable.createFiltersVector(
    builder, leaf.filters.map((filter) => writeLeafFilter(builder, filter)));
  return LeafTable.createLeaf(
    builder, leaf.queryNode, leaf.rangeIndex, columns, quals, filters, leaf.passed ?? 1);
}

function writeOutput(builder: Builder, output: OutputColumn): number {
  return OutputTable.createOutputColumn(
    builder, builder.createString(output.name), output.type, output.typmod, output.collation,
    output.encoding, output.scale);
}

const UNKNOWN = -1;

function writeOperator(builder: Builder, { name, depth, leaf, rows, details }: ExplainedOperator): number {
  const lines = OperatorTable.createDetailsVector(builder, details.map(({ label, text }) =>
    DetailTable.createExplainDetail(builder, builder.createString(label), builder.createString(text))));
  return OperatorTable.createExplainOperator(
    builder, builder.createString(name), depth, leaf ?? UNKNOWN, rows ?? UNKNOWN, lines);
}

function readOperator(table: OperatorTable): ExplainedOperator {
  const [leaf, rows] = [table.leaf(), table.rows()];
  return {
    name: table.name() ?? "",
    depth: table.depth(),
    details: readVector("details", table.detailsLength(), (i) => table.details(i), (detail) => (
      { label: detail.label() ?? "", text: detail.text() ?? "" })),
    ...(leaf === UNKNOWN ? {} : { leaf }),
    ...(rows === UNKNOWN ? {} : { rows }),
  };
}

/** Writes a PlanReady. */
export function encodePlanReady(ready: PlanReady): Uint8Array {
  const builder = new Builder(1024 + ready.plan.length);
  const plan = builder.createByteVector(ready.plan);
  const leaves = ReadyTable.createLeavesVector(
    builder, ready.leaves.map((leaf) => writeLeaf(builder, leaf)));
  const outputs = ReadyTable.createOutputsVector(
    builder, ready.outputs.map((output) => writeOutput(builder, output)));
  const replacements = ReadyTable.createReplacementsVector(
    builder, ready.replacements.map((replacement) => writeReplacement(builder, replacement)));
  const explain = ReadyTable.createExplainVector(
    builder, ready.explain.map((line) => builder.createString(line)));
  const operators = ReadyTable.createOperatorsVector(
    builder, ready.operators.map((operator) => writeOperator(builder, operator)));
  const edgeQuals = ReadyTable.createEdgeQualsVector(builder, [...ready.edgeQuals]);
  const tables = ReadyTable.createTablesVector(builder, ready.tables.map(({ id, kind, zone, object }) =>
    ParameterTable.createTableParameter(
      builder, id, tableKinds.indexOf(kind), builder.createString(zone), object)));
  builder.finish(ReadyTable.createPlanReady(
    builder, PLANNING_VERSION, plan, ready.planDigest, leaves, outputs, replacements,
    ready.didWhere, ready.didAggregate, ready.didDistinct, ready.didSort, ready.didLimit,
    ready.rows, explain, BigInt(Math.max(0, Math.round(ready.planningNs))),
    ready.orderMatters, operators, ready.engineNs, edgeQuals, ready.didWindow, tables));
  return builder.asUint8Array();
}

function readLeafColumn(table: LeafColumnTable): LeafColumn {
  return {
    node: table.node(),
    guardNode: table.guardNode(),
    encoding: table.encoding(),
    scale: table.scale(),
  };
}

function readFilterKey(table: FilterKeyTable): LeafFilter["keys"][number] {
  const kind = filterKeyKinds[table.kind()];
  if (kind === undefined) throw malformedMessage(`pg_fusion: FilterKey kind ${table.kind()}`);
  return { column: table.column(), kind };
}

function readLeafFilter(table: LeafFilterTable): LeafFilter {
  const keys = readVector("filter keys", table.keysLength(), (i) => table.keys(i), readFilterKey);
  return { filter: table.filter(), keys };
}

function readLeaf(table: LeafTable): Leaf {
  return {
    queryNode: table.queryNode(),
    rangeIndex: table.rangeIndex(),
    columns: readVector(
      "leaf columns", table.columnsLength(), (i) => table.columns(i), readLeafColumn),
    qualNodes: readVector(
      "leaf quals", table.qualNodesLength(), (i) => table.qualNodes(i), (node) => node),
    filters: readVector("leaf filters", table.filtersLength(), (i) => table.filters(i), readLeafFilter),
    ...(table.passed() === 1 ? {} : { passed: table.passed() }),
  };
}

function readOutput(table: OutputTable): OutputColumn {
  return {
    name: table.name() ?? "",
    type: table.type(),
    typmod: table.typmod(),
    collation: table.collation(),
    encoding: table.encoding(),
    scale: table.scale(),
  };
}

function readReplacement(table: ReplacementTable, argumentCount: ArgumentCount): EdgeReplacement {
  const length = table.opLength();
  if (length !== table.operandLength())
    throw malformedMessage("pg_fusion: EdgeReplacement vectors differ in length");
  let next = 0;
  const read = (): EdgeExpression => {
    if (next >= length) throw malformedMessage("pg_fusion: EdgeReplacement ends early");
    const op = table.op(next);
    const operand = table.operand(next) ?? 0;
    next += 1;
    if (op === OP_COLUMN) return { kind: "column", index: operand };
    const count = op === OP_CALL ? argumentCount(operand) : undefined;
    if (count === undefined)
      throw malformedMessage(`pg_fusion: EdgeReplacement op ${op} operand ${operand}`);
    return { kind: "call", function: operand, arguments: Array.from({ length: count }, read) };
  };
  if (length === 1 && table.op(0) === OP_NODE)
    return { node: table.node(), expression: { kind: "node", node: table.operand(0) ?? 0 } };
  const expression = read();
  if (next !== length) throw malformedMessage("pg_fusion: EdgeReplacement has a rest");
  return { node: table.node(), expression };
}

/** Reads a PlanReady; `argumentCount` knows the functions edge expressions may call. */
export function decodePlanReady(payload: Uint8Array, argumentCount: ArgumentCount): PlanReady {
  return decodeMessage("PlanReady", payload, (buffer) => {
    const table = ReadyTable.getRootAsPlanReady(buffer);
    checkVersion("PlanReady", table.version(), PLANNING_VERSION);
    return {
      plan: table.planArray() ?? new Uint8Array(0),
      planDigest: table.planDigest(),
      leaves: readVector("leaves", table.leavesLength(), (i) => table.leaves(i), readLeaf),
      outputs: readVector("outputs", table.outputsLength(), (i) => table.outputs(i), readOutput),
      replacements: readVector(
        "replacements", table.replacementsLength(), (i) => table.replacements(i),
        (replacement) => readReplacement(replacement, argumentCount)),
      didWhere: table.didWhere(),
      didAggregate: table.didAggregate(),
      didDistinct: table.didDistinct(),
      didSort: table.didSort(),
      didLimit: table.didLimit(),
      didWindow: table.didWindow(),
      rows: table.rows(),
      operators: readVector("operators", table.operatorsLength(), (i) => table.operators(i), readOperator),
      explain: readVector("explain", table.explainLength(), (i) => table.explain(i), (line) => line),
      planningNs: Number(table.planningNs()),
      orderMatters: table.orderMatters(),
      engineNs: table.engineNs(),
      edgeQuals: readVector(
        "edge quals", table.edgeQualsLength(), (i) => table.edgeQuals(i), (node) => node),
      tables: readVector("tables", table.tablesLength(), (i) => table.tables(i), (each) => (
        {
          id: each.id(), kind: defined(tableKinds[each.kind()], "a kind of table"), zone: each.zone() ?? "",
          object: each.object(),
        })),
    };
  });
}

/** Writes a PlanRefused. */
export function encodePlanRefused(refused: PlanRefused): Uint8Array {
  const builder = new Builder(512);
  builder.finish(RefusedTable.createPlanRefused(
    builder, builder.createString(refused.construct), builder.createString(refused.detail),
    builder.createString(refused.hint), refused.location));
  return builder.asUint8Array();
}

/** Reads a PlanRefused. */
export function decodePlanRefused(payload: Uint8Array): PlanRefused {
  return decodeMessage("PlanRefused", payload, (buffer) => {
    const table = RefusedTable.getRootAsPlanRefused(buffer);
    return {
      construct: table.construct() ?? "",
      detail: table.detail() ?? "",
      hint: table.hint() ?? "",
      location: table.location(),
    };
  });
}
