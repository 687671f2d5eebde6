// Physical plans as indented lines for EXPLAIN: operators, keys, aggregates and expressions in SQL's spelling as far as
// the engine has one. The scan's SQL and its path are the backend's to show.
import type { Expression, Scalar } from "#expr/expression.js";
import { encodingName } from "#types/encoding_of.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import type { AggregateCall, JoinKind, PhysicalOperator, PhysicalPlan } from "./physical.js";

export interface ExplainOptions {
  /** Names of each leaf's columns. */
  readonly leafNames: readonly (readonly string[])[];
  /** Adds the engine type and page encoding of every column. */
  readonly verbose: boolean;
}

/** Function keys shown as operators between two arguments. */
const infix: Readonly<Record<string, string>> = {
  add: "+", addDays: "+", subtract: "-", subtractDays: "-", multiply: "*", divide: "/", modulo: "%",
  equal: "=", notEqual: "<>", less: "<", lessOrEqual: "<=", greater: ">", greaterOrEqual: ">=",
};

const typeNames: Readonly<Record<EngineType["kind"], string>> = {
  bool: "boolean", int2: "smallint", int4: "integer", int8: "bigint", float4: "real",
  float8: "double precision", decimal: "numeric", date: "date", time: "time",
  timestamp: "timestamp", timestamptz: "timestamptz", text: "text", bpchar: "char", opaque: "opaque",
};

/** A type as its SQL name with what the engine knows of its values. */
export function typeText(type: EngineType): string {
  if (type.kind === "decimal") return `numeric(${type.precision},${type.scale})`;
  if (type.kind === "bpchar") return `char(${type.length})`;
  return typeNames[type.kind];
}

function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const MILLISECONDS_PER_DAY = 86_400_000;
const POSTGRES_EPOCH = Date.UTC(2000, 0, 1);
/** Days either side of 2000-01-01 that a JavaScript date can show with a four-digit year. */
const DAYS_SHOWN_MAX = 700_000n;

function dateText(days: bigint): string {
  if (days > DAYS_SHOWN_MAX || days < -DAYS_SHOWN_MAX) return `${days} days`;
  const date = new Date(POSTGRES_EPOCH + Number(days) * MILLISECONDS_PER_DAY);
  return `'${date.toISOString().slice(0, 10)}'`;
}

const TEXT_SHOWN_BYTES_MAX = 64;

function constantText(value: Scalar, type: EngineType): string {
  if (value === null) return "NULL";
  if (typeof value === "symbol") return "'NaN'";
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (value instanceof Uint8Array) {
    const shown = Buffer.from(value.subarray(0, TEXT_SHOWN_BYTES_MAX)).toString("utf8");
    return `'${shown.replaceAll("'", "''")}'${value.length > TEXT_SHOWN_BYTES_MAX ? "..." : ""}`;
  }
  if (type.kind === "decimal") return decimalText(value, type.scale);
  return type.kind === "date" ? dateText(value) : value.toString();
}

function callText(key: string, values: readonly string[], type: EngineType): string {
  const [family = "", operation = "", target = ""] = key.split(".");
  const [first = "", second] = values;
  if (family === "cast") return `${first}::${target === "decimal" ? typeText(type) : target}`;
  const operator = infix[operation];
  if (operator !== undefined && second !== undefined) return `(${first} ${operator} ${second})`;
  if (operation === "negate") return `(- ${first})`;
  return `${operation}(${values.join(", ")})`;
}

/** An expression over columns of the given names. */
export function expressionText(expression: Expression, names: readonly string[]): string {
  const text = (each: Expression): string => expressionText(each, names);
  switch (expression.kind) {
    case "column": return names[expression.index] ?? `column${expression.index}`;
    case "constant": return constantText(expression.value, expression.type);
    case "parameter": return `$${expression.id}`;
    case "call": return callText(expression.function, expression.arguments.map(text), expression.type);
    case "and": return `(${expression.arguments.map(text).join(" AND ")})`;
    case "or": return `(${expression.arguments.map(text).join(" OR ")})`;
    case "not": return `(NOT ${text(expression.argument)})`;
    case "isNull": return `(${text(expression.argument)} IS ${expression.negated ? "NOT " : ""}NULL)`;
    case "booleanTest": {
      const test = `${expression.negated ? "NOT " : ""}${expression.test.toUpperCase()}`;
      return `(${text(expression.argument)} IS ${test})`;
    }
    case "case": {
      const branches = expression.branches.map(({ when, then }) => `WHEN ${text(when)} THEN ${text(then)}`);
      return `CASE ${branches.join(" ")} ELSE ${text(expression.otherwise)} END`;
    }
    case "coalesce": return `COALESCE(${expression.arguments.map(text).join(", ")})`;
  }
}

const aggregateNames: Readonly<Record<AggregateCall["function"], string>> = {
  countRows: "count", count: "count", sum: "sum", min: "min", max: "max", boolAnd: "bool_and",
  boolOr: "bool_or",
};

function aggregateText(call: AggregateCall, names: readonly string[]): string {
  const argument = call.argument === undefined ? "*" : expressionText(call.argument, names);
  const filter = call.filter === undefined ? "" : ` FILTER (WHERE ${expressionText(call.filter, names)})`;
  return `${aggregateNames[call.function]}(${argument})${filter}`;
}

function columnTexts(names: readonly string[], types: readonly ColumnType[]): string {
  return types.map((type, index) =>
    `${names[index] ?? `column${index}`} ${typeText(type.engine)} as ${encodingName(type.encoding)}`).join(", ");
}

interface Explained {
  readonly lines: readonly string[];
  /** Names of the operator's columns, for the operator above. */
  readonly names: readonly string[];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? `  ->  ${line}` : `      ${line}`));
}

function explainOperator(operator: PhysicalOperator, options: ExplainOptions): Explained {
  if (operator.kind === "scan") {
    const names = options.leafNames[operator.leaf] ?? [];
    const lines = [`Scan of leaf ${operator.leaf}`];
    if (options.verbose && operator.columns.length > 0)
      lines.push(`  Columns: ${columnTexts(names, operator.columns)}`);
    return { lines, names };
  }
  if (operator.kind === "hashJoin") return explainJoin(operator, options);
  if (operator.kind === "union") {
    const inputs = operator.inputs.map((each) => explainOperator(each, options));
    return {
      lines: ["Union", ...inputs.flatMap(({ lines }) => indented(lines))],
      names: inputs[0]?.names ?? [],
    };
  }
  const input = explainOperator(operator.input, options);
  const text = (expression: Expression): string => expressionText(expression, input.names);
  switch (operator.kind) {
    case "filter":
      return {
        lines: ["Filter", `  Condition: ${text(operator.predicate)}`, ...indented(input.lines)],
        names: input.names,
      };
    case "project": {
      const names = operator.expressions.map(text);
      return { lines: ["Project", `  Output: ${names.join(", ")}`, ...indented(input.lines)], names };
    }
    case "hashAggregate": {
      const keys = operator.keys.map(text);
      const aggregates = operator.aggregates.map((call) => aggregateText(call, input.names));
      const lines = [keys.length === 0 ? "Aggregate" : "Hash Aggregate"];
      if (keys.length > 0) lines.push(`  Keys: ${keys.join(", ")}`);
      if (aggregates.length > 0) lines.push(`  Aggregates: ${aggregates.join(", ")}`);
      return { lines: [...lines, ...indented(input.lines)], names: [...keys, ...aggregates] };
    }
    case "singleRow":
      return { lines: ["Single Row", ...indented(input.lines)], names: input.names };
    case "sort": {
      const keys = operator.keys.map(({ expression, descending, nullsFirst }) => {
        const nulls = nullsFirst === descending ? "" : ` NULLS ${nullsFirst ? "FIRST" : "LAST"}`;
        return `${text(expression)}${descending ? " DESC" : ""}${nulls}`;
      });
      const lines = ["Sort", `  Keys: ${keys.join(", ")}`];
      if (operator.limit !== undefined) lines.push(`  Limit: ${operator.limit}`);
      return { lines: [...lines, ...indented(input.lines)], names: input.names };
    }
    case "limit": {
      const lines = ["Limit"];
      if (operator.count !== undefined) lines.push(`  Count: ${text(operator.count)}`);
      if (operator.offset !== undefined) lines.push(`  Offset: ${text(operator.offset)}`);
      return { lines: [...lines, ...indented(input.lines)], names: input.names };
    }
  }
}

const joinNames: Readonly<Record<JoinKind, string>> = {
  inner: "", left: "Left ", right: "Right ", full: "Full ", semi: "Semi ", anti: "Anti ",
  nullAwareAnti: "Null-Aware Anti ", rightSemi: "Right Semi ", rightAnti: "Right Anti ",
};

/** The probe side first, as its operators are numbered. */
function explainJoin(
  operator: Extract<PhysicalOperator, { kind: "hashJoin" }>, options: ExplainOptions,
): Explained {
  const [probe, build] = [explainOperator(operator.probe, options), explainOperator(operator.build, options)];
  const both = [...probe.names, ...build.names];
  const { join, probeKeys, buildKeys, residual } = operator;
  const lines = [`${probeKeys.length === 0 ? "Nested Loop" : "Hash"} ${joinNames[join]}Join`];
  const pairs = probeKeys.map((key, index) => {
    const other = buildKeys[index];
    return `${expressionText(key, probe.names)} = ${other === undefined ? "" : expressionText(other, build.names)}`;
  });
  if (pairs.length > 0) lines.push(`  Keys: ${pairs.join(", ")}`);
  if (residual !== undefined) lines.push(`  Condition: ${expressionText(residual, both)}`);
  const names = join === "rightSemi" || join === "rightAnti"
    ? build.names
    : operator.columns.length === probe.names.length ? probe.names : both;
  return { lines: [...lines, ...indented(probe.lines), ...indented(build.lines)], names };
}

/** The plan's lines, outermost operator first. */
export function explainPlan(plan: PhysicalPlan, options: ExplainOptions): readonly string[] {
  const { lines } = explainOperator(plan.root, options);
  if (!options.verbose) return lines;
  const names = plan.outputs.map(({ name }) => name);
  const types = plan.outputs.map(({ type }) => type);
  return types.length === 0 ? lines : [...lines, `Output: ${columnTexts(names, types)}`];
}
