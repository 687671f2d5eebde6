// Window calls and their frames to the wire and back. What a call needs is checked here by its function; the sort keys
// and the partition are the operator's, in physical_codec.ts.
import type { Expression } from "#expr/expression.js";
import type { FrameBound, WindowCall, WindowFrame, WindowFunction } from "#plan/physical.js";
import type { EngineType } from "#types/engine_type.js";
import { malformedPlan, readColumnType, writeColumnType } from "./engine_type_codec.js";
import type { WireColumnType } from "./engine_type_codec.js";
import { readExpression, writeExpression } from "./expression_codec.js";
import type { ExpressionScope, WireExpression } from "./expression_codec.js";

interface WireBound {
  readonly kind?: string;
  readonly offset?: WireExpression | null;
  readonly limit?: WireExpression | null;
}

export interface WireWindowCall {
  readonly function?: string;
  readonly argument?: WireExpression | null;
  readonly offset?: WireExpression | null;
  readonly otherwise?: WireExpression | null;
  readonly unit?: string;
  readonly start?: WireBound | null;
  readonly end?: WireBound | null;
  readonly exclusion?: string;
  readonly measure?: WireExpression | null;
  readonly result?: WireColumnType | null;
}

interface Needs {
  readonly argument: boolean;
  readonly offset: boolean;
}

const [neither, valued, counted, both] = [
  { argument: false, offset: false }, { argument: true, offset: false },
  { argument: false, offset: true }, { argument: true, offset: true },
];

/** What each function is called with. */
const needs = {
  rowNumber: neither, rank: neither, denseRank: neither, percentRank: neither, cumeDist: neither, ntile: counted,
  lag: both, lead: both, firstValue: valued, lastValue: valued, nthValue: both,
  countRows: neither, count: valued, sum: valued, min: valued, max: valued, boolAnd: valued, boolOr: valued,
} as const satisfies Record<WindowFunction, Needs>;

const units: readonly WindowFrame["unit"][] = ["rows", "range", "groups"];
const exclusions: readonly WindowFrame["exclusion"][] = ["none", "currentRow", "group", "ties"];

const optional = <K extends string>(name: K, expression: Expression | undefined): Partial<Record<K, WireExpression>> =>
  (expression === undefined ? {} : { [name]: writeExpression(expression) }) as Partial<Record<K, WireExpression>>;

function writeBound(bound: FrameBound): WireBound {
  return {
    kind: bound.kind,
    ...optional("offset", "offset" in bound ? bound.offset : undefined),
    ...optional("limit", "limit" in bound ? bound.limit : undefined),
  };
}

export function writeWindowCall(call: WindowCall): WireWindowCall {
  const { unit, start, end, exclusion, measure } = call.frame;
  return {
    function: call.function,
    ...optional("argument", call.argument),
    ...optional("offset", call.offset),
    ...optional("otherwise", call.otherwise),
    unit,
    start: writeBound(start),
    end: writeBound(end),
    exclusion,
    ...optional("measure", measure),
    result: writeColumnType(call.result),
  };
}

/** A constant int8 that is not NULL; below zero only where `mayBeNegative`. */
function readOffset(wire: WireExpression | null | undefined, mayBeNegative: boolean): Expression {
  const offset = readExpression(wire, { columns: [], parameters: new Map() });
  const isValue = offset.kind === "constant" && offset.type.kind === "int8" && typeof offset.value === "bigint"
    && (mayBeNegative || offset.value >= 0n);
  if (!isValue) malformedPlan("an offset of a window is no int8 value");
  return offset;
}

const isGiven = (each: WireExpression | null | undefined): boolean => each !== null && each !== undefined;

function readBound(
  wire: WireBound | null | undefined, scope: ExpressionScope, measure: Expression | undefined,
): FrameBound {
  switch (wire?.kind) {
    case "unbounded": case "currentRow": return { kind: wire.kind };
    case "preceding": case "following": {
      if (!isGiven(wire.limit)) return { kind: wire.kind, offset: readOffset(wire.offset, false) };
      const limit = readExpression(wire.limit, scope);
      if (measure === undefined || !comparesAlike(limit.type, measure.type)) malformedPlan("a limit without a measure");
      return { kind: wire.kind, limit };
    }
    default: return malformedPlan(`frame bound "${wire?.kind ?? ""}"`);
  }
}

/** Whether the engine compares values of the two types as they are. */
function comparesAlike(a: EngineType, b: EngineType): boolean {
  return a.kind === b.kind && (a.kind !== "decimal" || b.kind !== "decimal" || a.scale === b.scale);
}

const measured: ReadonlySet<EngineType["kind"]> = new Set([
  "float8", "decimal", "numeric", "timestamp", "timestamptz", "interval",
]);

function readFrame(
  wire: WireWindowCall, unit: WindowFrame["unit"], exclusion: WindowFrame["exclusion"], scope: ExpressionScope,
): WindowFrame {
  const measure = isGiven(wire.measure) ? readExpression(wire.measure, scope) : undefined;
  if (measure !== undefined && (unit !== "range" || !measured.has(measure.type.kind)))
    malformedPlan("the measure of a frame");
  return {
    unit, start: readBound(wire.start, scope, measure), end: readBound(wire.end, scope, measure), exclusion,
    ...(measure === undefined ? {} : { measure }),
  };
}

/** The frame's order relative to one key is the operator's to check. */
export function readWindowCall(wire: WireWindowCall, scope: ExpressionScope): WindowCall {
  const name = (Object.keys(needs) as WindowFunction[]).find((each) => each === wire.function);
  const unit = units.find((each) => each === wire.unit);
  const exclusion = exclusions.find((each) => each === wire.exclusion);
  if (name === undefined) return malformedPlan(`window function "${wire.function ?? ""}"`);
  if (unit === undefined || exclusion === undefined) return malformedPlan("frame of a window");
  const { argument, offset } = needs[name];
  if (argument !== isGiven(wire.argument) || offset !== isGiven(wire.offset)) malformedPlan(`arguments of ${name}`);
  const moves = name === "lag" || name === "lead";
  if (isGiven(wire.otherwise) && !moves) malformedPlan(`default of ${name}`);
  return {
    function: name,
    ...(argument ? { argument: readExpression(wire.argument, scope) } : {}),
    ...(offset ? { offset: readOffset(wire.offset, moves) } : {}),
    ...(isGiven(wire.otherwise) ? { otherwise: readExpression(wire.otherwise, scope) } : {}),
    frame: readFrame(wire, unit, exclusion, scope),
    result: readColumnType(wire.result),
  };
}
