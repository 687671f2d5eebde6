// Physical plans to bytes and back (schemas/plan/physical.proto). A plan read here is whole: every index, kind,
// function and type was checked, so execution asserts instead of checking. Expressions are in expression_codec.ts.
import { FusionError } from "#base/errors.js";
import { planSchema } from "#generated/plan_schema.js";
import { columnsOf, inputsOf } from "#plan/columns_of.js";
import { pairFunctions, takesTwo } from "#plan/pair_functions.js";
import type {
  AggregateCall, AggregateFunction, JoinKind, PhysicalOperator, PhysicalPlan, RuntimeFilter, SortKey,
} from "#plan/physical.js";
import type { Expression } from "#expr/expression.js";
import { type ArrayElement, elementLength } from "#types/array_element.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import protobuf from "protobufjs/light.js";
import {
  malformedPlan, readColumnType, readEngineType, writeColumnType, writeEngineType,
} from "./engine_type_codec.js";
import type { WireColumnType, WireEngineType } from "./engine_type_codec.js";
import { readExpression, writeExpression } from "./expression_codec.js";
import type { ExpressionScope, WireExpression } from "./expression_codec.js";
import { readWindowCall, writeWindowCall } from "./window_codec.js";
import type { WireWindowCall } from "./window_codec.js";

interface WireElement {
  readonly type: number;
  readonly length: number;
  readonly alignment: number;
}

interface WireAggregate {
  readonly function: string;
  readonly argument?: WireExpression | null;
  readonly second?: WireExpression | null;
  readonly filter?: WireExpression | null;
  readonly element?: WireElement | null;
  readonly result?: WireColumnType | null;
}

interface WireOperator {
  readonly kind: number;
  readonly input?: WireOperator | null;
  readonly leaf?: number;
  readonly columns?: readonly WireColumnType[];
  readonly expressions?: readonly WireExpression[];
  readonly aggregates?: readonly WireAggregate[];
  readonly groupsEstimate?: number;
  readonly inputs?: readonly WireOperator[];
  readonly join?: string;
  readonly buildKeys?: readonly WireExpression[];
  readonly residual?: WireExpression | null;
  readonly buildRowsEstimate?: number;
  readonly count?: WireExpression | null;
  readonly offset?: WireExpression | null;
  readonly sortKeys?: readonly WireSortKey[];
  readonly sortLimit?: number;
  readonly filters?: readonly WireFilter[];
  readonly windowCalls?: readonly WireWindowCall[];
  readonly share?: number;
}

interface WireFilter {
  readonly number?: number;
  readonly leaf?: number;
  readonly keys?: readonly number[];
  readonly columns?: readonly number[];
  readonly rowsEstimate?: number;
}

interface WireSortKey {
  readonly expression?: WireExpression | null;
  readonly descending?: boolean;
  readonly nullsFirst?: boolean;
}

interface WirePlan {
  readonly version: number;
  readonly root?: WireOperator | null;
  readonly leafCount: number;
  readonly outputs: readonly { readonly name: string; readonly type?: WireColumnType | null }[];
  readonly parameters: readonly { readonly id: number; readonly type?: WireEngineType | null }[];
}

const PLAN_VERSION = 1;

/** Leaves of one plan, at most: scan slots of the whole cluster are fewer. */
const LEAVES_MAX = 1024;

/** Each needs two readings at least. */
const SHARES_MAX = LEAVES_MAX;

/** Numbers travel as 16 bits. */
const FILTERS_MAX = 65_536;

/** Operator.Kind of the schema. */
const operatorCodes = {
  scan: 1, filter: 2, project: 3, hashAggregate: 4, hashJoin: 5, singleRow: 6, union: 7, limit: 8, sort: 9,
  window: 10, shared: 11, sharedReading: 12,
} as const satisfies Record<PhysicalOperator["kind"], number>;

const aggregateFunctions: readonly AggregateFunction[] = [
  "countRows", "count", "sum", "min", "max", "boolAnd", "boolOr", "bitAnd", "bitOr", "bitXor",
  "mean", "varPop", "varSamp", "stddevPop", "stddevSamp", ...pairFunctions, "concatenate", "collect",
];

const joinKinds: readonly JoinKind[] = [
  "inner", "left", "right", "full", "semi", "anti", "nullAwareAnti", "rightSemi", "rightAnti",
];

/**
 * Messages inside each other: an operator is one, a level of an expression two at most. Deeper plans would come near
 * the end of the stack of whoever walks them, and of the engine's compiler.
 */
const NESTED_MESSAGES_MAX = 1000;
protobuf.util.recursionLimit = NESTED_MESSAGES_MAX;
protobuf.Reader.recursionLimit = NESTED_MESSAGES_MAX;

const planMessage = protobuf.Root.fromJSON(planSchema).lookupType("pgfusion.plan.PhysicalPlan");

function writeAggregate(call: AggregateCall): WireAggregate {
  return {
    function: call.function,
    ...(call.argument === undefined ? {} : { argument: writeExpression(call.argument) }),
    ...(call.second === undefined ? {} : { second: writeExpression(call.second) }),
    ...(call.filter === undefined ? {} : { filter: writeExpression(call.filter) }),
    ...(call.element === undefined ? {} : { element: { ...call.element } }),
    result: writeColumnType(call.result),
  };
}

function writeFilter({ number, leaf, keys, rowsEstimate }: RuntimeFilter): WireFilter {
  return { number, leaf, keys: keys.map(({ key }) => key), columns: keys.map(({ column }) => column), rowsEstimate };
}

function writeSortKey({ expression, descending, nullsFirst }: SortKey): WireSortKey {
  return { expression: writeExpression(expression), descending, nullsFirst };
}

function writeHashJoin(operator: Extract<PhysicalOperator, { readonly kind: "hashJoin" }>): WireOperator {
  return {
    kind: operatorCodes.hashJoin,
    inputs: [writeOperator(operator.probe), writeOperator(operator.build)],
    columns: operator.columns.map(writeColumnType),
    join: operator.join,
    expressions: operator.probeKeys.map(writeExpression),
    buildKeys: operator.buildKeys.map(writeExpression),
    ...(operator.residual === undefined ? {} : { residual: writeExpression(operator.residual) }),
    buildRowsEstimate: operator.buildRowsEstimate,
    ...(operator.filters === undefined ? {} : { filters: operator.filters.map(writeFilter) }),
  };
}

function writeOperator(operator: PhysicalOperator): WireOperator {
  const kind = operatorCodes[operator.kind];
  switch (operator.kind) {
    case "scan":
      return { kind, leaf: operator.leaf, columns: operator.columns.map(writeColumnType) };
    case "filter":
      return {
        kind, input: writeOperator(operator.input), expressions: [writeExpression(operator.predicate)],
      };
    case "project":
      return {
        kind,
        input: writeOperator(operator.input),
        columns: operator.columns.map(writeColumnType),
        expressions: operator.expressions.map(writeExpression),
      };
    case "hashAggregate":
      return {
        kind,
        input: writeOperator(operator.input),
        columns: operator.columns.map(writeColumnType),
        expressions: operator.keys.map(writeExpression),
        aggregates: operator.aggregates.map(writeAggregate),
        groupsEstimate: operator.groupsEstimate,
      };
    case "hashJoin": return writeHashJoin(operator);
    case "singleRow":
      return { kind, input: writeOperator(operator.input), columns: operator.columns.map(writeColumnType) };
    case "union":
      return {
        kind, inputs: operator.inputs.map(writeOperator), columns: operator.columns.map(writeColumnType),
      };
    case "limit":
      return {
        kind,
        input: writeOperator(operator.input),
        columns: operator.columns.map(writeColumnType),
        ...(operator.count === undefined ? {} : { count: writeExpression(operator.count) }),
        ...(operator.offset === undefined ? {} : { offset: writeExpression(operator.offset) }),
      };
    case "sort":
      return {
        kind,
        input: writeOperator(operator.input),
        columns: operator.columns.map(writeColumnType),
        sortKeys: operator.keys.map(writeSortKey),
        sortLimit: operator.limit ?? 0,
      };
    case "window":
      return {
        kind,
        input: writeOperator(operator.input),
        columns: operator.columns.map(writeColumnType),
        expressions: operator.partition.map(writeExpression),
        sortKeys: operator.order.map(writeSortKey),
        windowCalls: operator.calls.map(writeWindowCall),
      };
    case "shared":
      return {
        kind, input: writeOperator(operator.input), share: operator.share,
        columns: operator.columns.map(writeColumnType),
      };
    case "sharedReading":
      return { kind, share: operator.share, columns: operator.columns.map(writeColumnType) };
  }
}

/** Writes a plan; equal plans have equal bytes. */
export function encodePhysicalPlan(plan: PhysicalPlan): Uint8Array {
  const wire: WirePlan = {
    version: plan.version,
    root: writeOperator(plan.root),
    leafCount: plan.leafCount,
    outputs: plan.outputs.map(({ name, type }) => ({ name, type: writeColumnType(type) })),
    parameters: plan.parameters.map(({ id, type }) => ({ id, type: writeEngineType(type) })),
  };
  const bytes = planMessage.encode({ ...wire }).finish();
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Parameters = ReadonlyMap<number, EngineType>;

function sameColumn(type: EngineType, column: ColumnType): boolean {
  return type.kind === column.engine.kind;
}

function readAggregate(wire: WireAggregate, scope: ExpressionScope): AggregateCall {
  const name = aggregateFunctions.find((each) => each === wire.function);
  if (name === undefined) malformedPlan(`aggregate "${wire.function}"`);
  const hasArgument = wire.argument !== null && wire.argument !== undefined;
  if (hasArgument === (name === "countRows")) malformedPlan(`argument of ${name}`);
  const argument = hasArgument ? readExpression(wire.argument, scope) : undefined;
  const second = wire.second === null || wire.second === undefined ? undefined : readExpression(wire.second, scope);
  if ((second !== undefined) !== takesTwo(name) || (second !== undefined && second.type.kind !== argument?.type.kind))
    malformedPlan(`second argument of ${name}`);
  const filter = wire.filter === null || wire.filter === undefined
    ? undefined
    : readExpression(wire.filter, scope);
  if (filter !== undefined && filter.type.kind !== "bool") malformedPlan("FILTER is no truth value");
  return {
    function: name,
    ...(argument === undefined ? {} : { argument }),
    ...(second === undefined ? {} : { second }),
    ...(filter === undefined ? {} : { filter }),
    ...(name === "collect" ? { element: readElement(wire.element, argument?.type) } : {}),
    result: readColumnType(wire.result),
  };
}

function readElement(wire: WireElement | null | undefined, type: EngineType | undefined): ArrayElement {
  const alignment = ([1, 2, 4, 8] as const).find((each) => each === wire?.alignment);
  if (wire === null || wire === undefined || type === undefined || alignment === undefined
    || wire.length !== elementLength(type)) malformedPlan("elements of an array");
  return { type: wire.type, length: wire.length, alignment };
}

function readInput(wire: WireOperator, leaves: boolean[], parameters: Parameters): PhysicalOperator {
  if (wire.input === null || wire.input === undefined) malformedPlan("an operator has no input");
  return readOperator(wire.input, leaves, parameters);
}

function readHashAggregate(
  wire: WireOperator, input: PhysicalOperator, scope: ExpressionScope,
): PhysicalOperator {
  const columns = (wire.columns ?? []).map(readColumnType);
  const keys = (wire.expressions ?? []).map((each) => readExpression(each, scope));
  const aggregates = (wire.aggregates ?? []).map((each) => readAggregate(each, scope));
  if (columns.length !== keys.length + aggregates.length) malformedPlan("columns of an aggregation");
  keys.forEach((key, index) => {
    const column = columns[index];
    if (column === undefined || !sameColumn(key.type, column)) malformedPlan(`type of key ${index}`);
    if (key.type.kind === "opaque" && !key.type.bitwiseEqual) malformedPlan(`equality of key ${index}`);
  });
  const groupsEstimate = wire.groupsEstimate ?? 0;
  if (!(groupsEstimate >= 0)) malformedPlan("estimate of groups");
  return { kind: "hashAggregate", input, keys, aggregates, columns, groupsEstimate };
}

function readProject(
  wire: WireOperator, input: PhysicalOperator, scope: ExpressionScope,
): PhysicalOperator {
  const columns = (wire.columns ?? []).map(readColumnType);
  const expressions = (wire.expressions ?? []).map((each) => readExpression(each, scope));
  const agree = columns.length === expressions.length
    && columns.every((column, index) => {
      const expression = expressions[index];
      return expression !== undefined && sameColumn(expression.type, column);
    });
  if (!agree) malformedPlan("columns of a projection");
  return { kind: "project", input, expressions, columns };
}

/** Whether two columns' values stand alike in rows: what a join or a union may bring together. */
function isSameColumn(a: ColumnType, b: ColumnType | undefined): boolean {
  return b !== undefined && isSameLayout(a, b) && a.engine.kind === b.engine.kind;
}

function checkColumns(
  columns: readonly ColumnType[], expected: readonly ColumnType[], what: string,
): void {
  const agree = columns.length === expected.length
    && columns.every((column, index) => isSameColumn(column, expected[index]));
  if (!agree) malformedPlan(`columns of ${what}`);
}

/** Keys compare as words: both sides need one kind, and decimals one scale. */
function checkKeys(probe: readonly Expression[], build: readonly Expression[]): void {
  if (probe.length !== build.length) malformedPlan("keys of a join");
  probe.forEach(({ type: a }, index) => {
    const b = build[index]?.type;
    const agree = b !== undefined && a.kind === b.kind
      && (a.kind !== "decimal" || b.kind !== "decimal" || a.scale === b.scale)
      && (a.kind !== "opaque" || b.kind !== "opaque"
        || (a.bitwiseEqual && b.bitwiseEqual && a.width === b.width && a.byValue === b.byValue));
    if (!agree) malformedPlan(`types of key ${index} of a join`);
  });
}

function readHashJoin(wire: WireOperator, leaves: boolean[], parameters: Parameters): PhysicalOperator {
  const [probeWire, buildWire, ...more] = wire.inputs ?? [];
  if (probeWire === undefined || buildWire === undefined || more.length > 0)
    malformedPlan("inputs of a join");
  const join = joinKinds.find((each) => each === wire.join);
  if (join === undefined) malformedPlan(`join "${wire.join ?? ""}"`);
  const probe = readOperator(probeWire, leaves, parameters);
  const build = readOperator(buildWire, leaves, parameters);
  const [left, right] = [columnsOf(probe), columnsOf(build)];
  const probeKeys = (wire.expressions ?? []).map((each) => readExpression(each, { columns: left, parameters }));
  const buildKeys = (wire.buildKeys ?? []).map((each) => readExpression(each, { columns: right, parameters }));
  checkKeys(probeKeys, buildKeys);
  const residual = wire.residual === null || wire.residual === undefined
    ? undefined
    : readExpression(wire.residual, { columns: [...left, ...right], parameters });
  if (residual !== undefined && residual.type.kind !== "bool")
    malformedPlan("a join's condition is no truth value");
  if (join === "nullAwareAnti" && (probeKeys.length !== 1 || residual !== undefined))
    malformedPlan("a null-aware anti join has one key");
  const columns = (wire.columns ?? []).map(readColumnType);
  checkColumns(columns, joinedColumns(join, left, right), "a join");
  const buildRowsEstimate = wire.buildRowsEstimate ?? 0;
  if (!(buildRowsEstimate >= 0)) malformedPlan("estimate of build rows");
  return {
    kind: "hashJoin", join, probe, build, probeKeys, buildKeys, columns, buildRowsEstimate,
    ...(residual === undefined ? {} : { residual }),
    ...readFilters(wire, probe, probeKeys.length),
  };
}

/** Columns of the leaves below an operator. */
function leavesOf(operator: PhysicalOperator): ReadonlyMap<number, number> {
  if (operator.kind === "scan") return new Map([[operator.leaf, operator.columns.length]]);
  return new Map(inputsOf(operator).flatMap((input) => [...leavesOf(input)]));
}

function readFilters(
  wire: WireOperator, probe: PhysicalOperator, keyCount: number,
): { readonly filters?: readonly RuntimeFilter[] } {
  if (wire.filters === undefined || wire.filters.length === 0) return {};
  const leaves = leavesOf(probe);
  return {
    filters: wire.filters.map(({ number = 0, leaf = 0, keys = [], columns = [], rowsEstimate = 0 }) => {
      const width = leaves.get(leaf);
      const agree = width !== undefined && keys.length > 0 && keys.length === columns.length
        && number < FILTERS_MAX && rowsEstimate >= 0
        && keys.every((key) => key < keyCount) && columns.every((column) => column < width);
      if (!agree) malformedPlan(`runtime filter ${number}`);
      return { number, leaf, keys: keys.map((key, at) => ({ key, column: columns[at] ?? 0 })), rowsEstimate };
    }),
  };
}

function joinedColumns(
  join: JoinKind, probe: readonly ColumnType[], build: readonly ColumnType[],
): readonly ColumnType[] {
  switch (join) {
    case "semi": case "anti": case "nullAwareAnti": return probe;
    case "rightSemi": case "rightAnti": return build;
    default: return [...probe, ...build];
  }
}

function readSortKey(wire: WireSortKey, scope: ExpressionScope): SortKey {
  const expression = readExpression(wire.expression, scope);
  const { type } = expression;
  const isOrdered = type.kind !== "opaque" && (!("byteOrder" in type) || type.byteOrder);
  if (!isOrdered) malformedPlan(`a sort by ${type.kind}`);
  return { expression, descending: wire.descending ?? false, nullsFirst: wire.nullsFirst ?? false };
}

const rangeKeys: ReadonlySet<EngineType["kind"]> = new Set(["int2", "int4", "int8"]);

function readWindow(wire: WireOperator, input: PhysicalOperator, scope: ExpressionScope): PhysicalOperator {
  const columns = (wire.columns ?? []).map(readColumnType);
  const partition = (wire.expressions ?? []).map((each) => readExpression(each, scope));
  partition.forEach(({ type }, index) => {
    if (type.kind === "opaque" && !type.bitwiseEqual) malformedPlan(`equality of key ${index} of a partition`);
  });
  const order = (wire.sortKeys ?? []).map((key) => readSortKey(key, scope));
  const calls = (wire.windowCalls ?? []).map((each) => readWindowCall(each, scope));
  if (calls.length === 0) malformedPlan("a window without calls");
  checkColumns(columns, [...scope.columns, ...calls.map(({ result }) => result)], "a window");
  for (const { frame: { unit, start, end, measure } } of calls) {
    const counts = unit === "range" && ("offset" in start || "offset" in end);
    const measures = measure !== undefined || counts;
    if (measures && (order.length !== 1
      || (counts && order.some(({ expression }) => !rangeKeys.has(expression.type.kind)))))
      malformedPlan("a frame by distance has one number to measure");
  }
  return { kind: "window", input, partition, order, calls, columns };
}

function readUnion(wire: WireOperator, leaves: boolean[], parameters: Parameters): PhysicalOperator {
  const inputs = (wire.inputs ?? []).map((each) => readOperator(each, leaves, parameters));
  if (inputs.length === 0) malformedPlan("a union of nothing");
  const columns = (wire.columns ?? []).map(readColumnType);
  for (const input of inputs) checkColumns(columns, columnsOf(input), "a union");
  return { kind: "union", inputs, columns };
}

function readLimit(
  wire: WireOperator, input: PhysicalOperator, columns: readonly ColumnType[], parameters: Parameters,
): PhysicalOperator {
  const read = (each: WireExpression | null | undefined): Expression | undefined => {
    if (each === null || each === undefined) return undefined;
    const expression = readExpression(each, { columns: [], parameters });
    const isValue = expression.kind === "constant" || expression.kind === "parameter";
    if (!isValue || expression.type.kind !== "int8") malformedPlan("a limit is no int8 value");
    return expression;
  };
  const [count, offset] = [read(wire.count), read(wire.offset)];
  return {
    kind: "limit", input, columns,
    ...(count === undefined ? {} : { count }),
    ...(offset === undefined ? {} : { offset }),
  };
}

/** `leaves` marks the leaves met so far: each is scanned once. */
function readOperator(wire: WireOperator, leaves: boolean[], parameters: Parameters): PhysicalOperator {
  if (wire.kind === operatorCodes.scan) {
    const leaf = wire.leaf ?? 0;
    if (leaves[leaf] !== false) malformedPlan(`leaf ${leaf}`);
    leaves[leaf] = true;
    return { kind: "scan", leaf, columns: (wire.columns ?? []).map(readColumnType) };
  }
  if (wire.kind === operatorCodes.sharedReading)
    return { kind: "sharedReading", share: wire.share ?? 0, columns: (wire.columns ?? []).map(readColumnType) };
  if (wire.kind === operatorCodes.hashJoin) return readHashJoin(wire, leaves, parameters);
  if (wire.kind === operatorCodes.union) return readUnion(wire, leaves, parameters);
  const input = readInput(wire, leaves, parameters);
  const scope = { columns: columnsOf(input), parameters };
  switch (wire.kind) {
    case operatorCodes.filter: {
      const predicate = readExpression(wire.expressions?.[0], scope);
      if (predicate.type.kind !== "bool") malformedPlan("a filter's predicate is no truth value");
      return { kind: "filter", input, predicate };
    }
    case operatorCodes.project: return readProject(wire, input, scope);
    case operatorCodes.singleRow: {
      const columns = (wire.columns ?? []).map(readColumnType);
      checkColumns(columns, columnsOf(input), "a single row");
      return { kind: "singleRow", input, columns };
    }
    case operatorCodes.shared: {
      const columns = (wire.columns ?? []).map(readColumnType);
      checkColumns(columns, columnsOf(input), "shared rows");
      return { kind: "shared", share: wire.share ?? 0, input, columns };
    }
    case operatorCodes.sort: {
      const columns = (wire.columns ?? []).map(readColumnType);
      checkColumns(columns, columnsOf(input), "a sort");
      const keys = (wire.sortKeys ?? []).map((key) => readSortKey(key, scope));
      if (keys.length === 0) malformedPlan("a sort by nothing");
      return { kind: "sort", input, keys, columns, ...(wire.sortLimit ? { limit: wire.sortLimit } : {}) };
    }
    case operatorCodes.window: return readWindow(wire, input, scope);
    case operatorCodes.limit: {
      const columns = (wire.columns ?? []).map(readColumnType);
      checkColumns(columns, columnsOf(input), "a limit");
      return readLimit(wire, input, columns, parameters);
    }
    case operatorCodes.hashAggregate: return readHashAggregate(wire, input, scope);
    default: return malformedPlan(`operator kind ${wire.kind}`);
  }
}

/** What is read more than once is made once, with these columns, and out of what has lower numbers: never of itself. */
function checkShares(operator: PhysicalOperator, below: number, made: Map<number, readonly ColumnType[]>): void {
  if (operator.kind !== "shared" && operator.kind !== "sharedReading") {
    for (const input of inputsOf(operator)) checkShares(input, below, made);
    return;
  }
  const { share, columns } = operator;
  if (share >= below) malformedPlan(`shared rows ${share} out of themselves`);
  if (operator.kind === "sharedReading") return;
  if (made.has(share)) malformedPlan(`shared rows ${share} are made twice`);
  made.set(share, columns);
  checkShares(operator.input, share, made);
}

function checkReadings(operator: PhysicalOperator, made: ReadonlyMap<number, readonly ColumnType[]>): void {
  for (const input of inputsOf(operator)) checkReadings(input, made);
  if (operator.kind !== "sharedReading") return;
  const columns = made.get(operator.share);
  if (columns === undefined) malformedPlan(`shared rows ${operator.share} are never made`);
  checkColumns(operator.columns, columns, "shared rows");
}

function isSameLayout(a: ColumnType, b: ColumnType | undefined): boolean {
  return b !== undefined && a.encoding === b.encoding && a.scale === b.scale;
}

function readPlan(wire: WirePlan): PhysicalPlan {
  if (wire.version !== PLAN_VERSION) malformedPlan(`version ${wire.version}`);
  const { leafCount } = wire;
  if (leafCount < 1 || leafCount > LEAVES_MAX) malformedPlan(`${leafCount} leaves`);
  const parameters = wire.parameters.map(({ id, type }) => ({ id, type: readEngineType(type) }));
  const leaves = Array.from({ length: leafCount }, () => false);
  if (wire.root === null || wire.root === undefined) malformedPlan("the root is missing");
  const root = readOperator(wire.root, leaves, new Map(parameters.map(({ id, type }) => [id, type])));
  if (leaves.includes(false)) malformedPlan("a leaf is never scanned");
  const made = new Map<number, readonly ColumnType[]>();
  checkShares(root, SHARES_MAX, made);
  checkReadings(root, made);
  const outputs = wire.outputs.map(({ name, type }) => ({ name, type: readColumnType(type) }));
  const columns = columnsOf(root);
  const agree = outputs.length === columns.length
    && outputs.every(({ type }, index) => isSameLayout(type, columns[index]));
  if (!agree) malformedPlan("outputs are not the root's columns");
  return { version: PLAN_VERSION, root, leafCount, outputs, parameters };
}

/** Reads and verifies a plan. */
export function decodePhysicalPlan(bytes: Uint8Array): PhysicalPlan {
  let wire: WirePlan;
  try {
    const message = planMessage.decode(bytes);
    wire = planMessage.toObject(message, { arrays: true, defaults: true }) as unknown as WirePlan;
  } catch (error) {
    if (error instanceof FusionError) throw error;
    return malformedPlan(error instanceof Error ? error.message : "unreadable bytes");
  }
  return readPlan(wire);
}
