// Physical plans for EXPLAIN: operators with keys, aggregates and expressions in SQL's spelling as far as the engine
// has one. The backend prints them, and adds the scans' SQL and path and what was measured.
import type { Expression, Scalar } from "#expr/expression.js";
import { isTableType } from "#functions/parameter_tables.js";
import { encodingName } from "#types/encoding_of.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { sharedOf } from "./columns_of.js";
import { decimalText, intervalText, numericText } from "./image_text.js";
import type {
  AggregateCall, FrameBound, JoinKind, PhysicalOperator, PhysicalPlan, RuntimeFilter, SortKey, WindowCall, WindowFrame,
  WindowFunction,
} from "./physical.js";

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
  numeric: "numeric", interval: "interval",
};

/** A type as its SQL name with what the engine knows of its values. */
function typeText(type: EngineType): string {
  if (type.kind === "decimal") return `numeric(${type.precision},${type.scale})`;
  if (type.kind === "bpchar") return `char(${type.length})`;
  return typeNames[type.kind];
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
const NAME_SHOWN_MAX = 1000;

function constantText(value: Scalar, type: EngineType): string {
  if (value === null) return "NULL";
  if (typeof value === "symbol") return "'NaN'";
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (value instanceof Uint8Array && type.kind === "interval") return intervalText(value);
  if (value instanceof Uint8Array && type.kind === "numeric") return numericText(value);
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.subarray(0, TEXT_SHOWN_BYTES_MAX));
    const shown = type.kind === "opaque" ? `\\x${bytes.toString("hex")}` : bytes.toString("utf8").replaceAll("'", "''");
    return `'${shown}'${value.length > TEXT_SHOWN_BYTES_MAX ? "..." : ""}`;
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
function expressionText(expression: Expression, names: readonly string[]): string {
  const text = (each: Expression): string => expressionText(each, names);
  switch (expression.kind) {
    case "column": return names[expression.index] ?? `column${expression.index}`;
    case "constant": return constantText(expression.value, expression.type);
    case "parameter": return isTableType(expression.type) ? "time zone" : `$${expression.id}`;
    case "call": {
      const shown = expression.function.startsWith("enum.") ? expression.arguments.slice(0, 1) : expression.arguments;
      return callText(expression.function, shown.map(text), expression.type);
    }
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
    case "attempt": return `${expression.yields === "value" ? "ATTEMPT" : "FAILURE"}(${text(expression.argument)})`;
    case "coalesce": return `COALESCE(${expression.arguments.map(text).join(", ")})`;
  }
}

/** Aggregates by their SQL names. */
export const aggregateNames: Readonly<Record<AggregateCall["function"], string>> = {
  countRows: "count", count: "count", sum: "sum", min: "min", max: "max", boolAnd: "bool_and",
  boolOr: "bool_or", bitAnd: "bit_and", bitOr: "bit_or", bitXor: "bit_xor", mean: "avg", varPop: "var_pop",
  varSamp: "var_samp", stddevPop: "stddev_pop", stddevSamp: "stddev_samp", concatenate: "string_agg",
  collect: "array_agg",
  regrSxx: "regr_sxx", regrSyy: "regr_syy", regrSxy: "regr_sxy", regrAvgX: "regr_avgx", regrAvgY: "regr_avgy",
  regrR2: "regr_r2", regrSlope: "regr_slope", regrIntercept: "regr_intercept", covarPop: "covar_pop",
  covarSamp: "covar_samp", corr: "corr",
};

function aggregateText(call: AggregateCall, names: readonly string[]): string {
  const argument = call.argument === undefined ? "*" : expressionText(call.argument, names);
  const filter = call.filter === undefined ? "" : ` FILTER (WHERE ${expressionText(call.filter, names)})`;
  const second = call.second === undefined ? "" : `, ${expressionText(call.second, names)}`;
  return `${aggregateNames[call.function]}(${argument}${second})${filter}`;
}

function sortKeyText({ expression, descending, nullsFirst }: SortKey, names: readonly string[]): string {
  const nulls = nullsFirst === descending ? "" : ` NULLS ${nullsFirst ? "FIRST" : "LAST"}`;
  return `${expressionText(expression, names)}${descending ? " DESC" : ""}${nulls}`;
}

const windowNames: Readonly<Record<WindowFunction, string>> = {
  ...aggregateNames,
  rowNumber: "row_number", rank: "rank", denseRank: "dense_rank", percentRank: "percent_rank", cumeDist: "cume_dist",
  ntile: "ntile", lag: "lag", lead: "lead", firstValue: "first_value", lastValue: "last_value", nthValue: "nth_value",
};

const exclusionTexts: Readonly<Record<WindowFrame["exclusion"], string>> = {
  none: "", currentRow: " EXCLUDE CURRENT ROW", group: " EXCLUDE GROUP", ties: " EXCLUDE TIES",
};

/** What follows OVER; nothing for the frame that is meant when none is written. */
function frameText({ unit, start, end, exclusion }: WindowFrame, names: readonly string[]): string {
  const bound = (each: FrameBound, side: "PRECEDING" | "FOLLOWING"): string => {
    switch (each.kind) {
      case "unbounded": return `UNBOUNDED ${side}`;
      case "currentRow": return "CURRENT ROW";
      default: {
        const distance = "offset" in each ? expressionText(each.offset, []) : `TO ${expressionText(each.limit, names)}`;
        return `${distance} ${each.kind.toUpperCase()}`;
      }
    }
  };
  const isDefault = unit === "range" && start.kind === "unbounded" && end.kind === "currentRow";
  if (isDefault && exclusion === "none") return "";
  return ` ${unit.toUpperCase()} BETWEEN ${bound(start, "PRECEDING")} AND ${bound(end, "FOLLOWING")}`
    + exclusionTexts[exclusion];
}

function windowText(call: WindowCall, names: readonly string[]): string {
  const values = [call.argument, call.offset, call.otherwise].filter((each) => each !== undefined);
  const shown = call.function === "countRows" ? "*" : values.map((each) => expressionText(each, names)).join(", ");
  return `${windowNames[call.function]}(${shown})${frameText(call.frame, names)}`;
}

function columnTexts(names: readonly string[], types: readonly ColumnType[]): string {
  return types.map((type, index) =>
    `${names[index] ?? `column${index}`} ${typeText(type.engine)} as ${encodingName(type.encoding)}`).join(", ");
}

/** One line below an operator. */
export interface ExplainDetail {
  readonly label: string;
  readonly text: string;
}

/** An operator as EXPLAIN shows it; its place in the list is its number in statistics. */
export interface ExplainedOperator {
  readonly name: string;
  /** 0 for the root. */
  readonly depth: number;
  readonly details: readonly ExplainDetail[];
  /** Of a scan. */
  readonly leaf?: number;
  /** Expected rows, where the planner knew. */
  readonly rows?: number;
}

interface Explained {
  readonly name: string;
  readonly details: readonly ExplainDetail[];
  readonly inputs: readonly Explained[];
  /** Names of the operator's columns, for the operator above. */
  readonly names: readonly string[];
  readonly operator: PhysicalOperator;
}

function detail(label: string, text: string): ExplainDetail {
  return { label, text };
}

/** Names of the columns of what is shared come from where it is made. */
interface ExplainContext extends ExplainOptions {
  readonly shared: ReturnType<typeof sharedOf>;
  /** Each part is explained once, though every reading of what is shared asks for its names. */
  readonly explained: Map<PhysicalOperator, Explained>;
}

function explainOperator(operator: PhysicalOperator, options: ExplainContext): Explained {
  const known = options.explained.get(operator) ?? explainedAfresh(operator, options);
  options.explained.set(operator, known);
  return known;
}

function explainedAfresh(operator: PhysicalOperator, options: ExplainContext): Explained {
  if (operator.kind === "scan") {
    const names = options.leafNames[operator.leaf] ?? [];
    const shown = options.verbose && operator.columns.length > 0;
    const details = shown ? [detail("Columns", columnTexts(names, operator.columns))] : [];
    return { name: `Scan of leaf ${operator.leaf}`, details, inputs: [], names, operator };
  }
  if (operator.kind === "sharedReading") {
    const made = options.shared.get(operator.share)?.operator.input;
    const names = made === undefined ? [] : explainOperator(made, options).names;
    return { name: `Shared Rows ${operator.share + 1}`, details: [], inputs: [], names, operator };
  }
  if (operator.kind === "hashJoin") return explainJoin(operator, options);
  if (operator.kind === "union") {
    const inputs = operator.inputs.map((each) => explainOperator(each, options));
    return { name: "Union", details: [], inputs, names: inputs[0]?.names ?? [], operator };
  }
  const input = explainOperator(operator.input, options);
  return { ...explainStep(operator, input.names.map(shortened)), inputs: [input], operator };
}

/** A column is shown as what it is made of; steps that each show the one below twice would double it each time. */
function shortened(name: string): string {
  return name.length > NAME_SHOWN_MAX ? `${name.slice(0, NAME_SHOWN_MAX)}...` : name;
}

type Step = Exclude<PhysicalOperator, { readonly kind: "scan" | "hashJoin" | "union" | "sharedReading" }>;

/** An operator over one input whose columns have these names. */
function explainStep(operator: Step, input: readonly string[]): Pick<Explained, "name" | "details" | "names"> {
  const text = (expression: Expression): string => expressionText(expression, input);
  switch (operator.kind) {
    case "filter":
      return { name: "Filter", details: [detail("Condition", text(operator.predicate))], names: input };
    case "project": {
      const names = operator.expressions.map(text);
      return { name: "Project", details: [detail("Output", names.join(", "))], names };
    }
    case "hashAggregate": {
      const keys = operator.keys.map(text);
      const aggregates = operator.aggregates.map((call) => aggregateText(call, input));
      return {
        name: keys.length === 0 ? "Aggregate" : "Hash Aggregate",
        details: [
          ...(keys.length > 0 ? [detail("Keys", keys.join(", "))] : []),
          ...(aggregates.length > 0 ? [detail("Aggregates", aggregates.join(", "))] : []),
        ],
        names: [...keys, ...aggregates],
      };
    }
    case "singleRow":
      return { name: "Single Row", details: [], names: input };
    case "window": {
      const calls = operator.calls.map((call) => windowText(call, input));
      return {
        name: "Window",
        details: [
          ...(operator.partition.length > 0 ? [detail("Partition", operator.partition.map(text).join(", "))] : []),
          ...(operator.order.length > 0
            ? [detail("Order", operator.order.map((key) => sortKeyText(key, input)).join(", "))] : []),
          detail("Functions", calls.join(", ")),
        ],
        names: [...input, ...calls],
      };
    }
    case "shared":
      return { name: `Shared Rows ${operator.share + 1}, made once`, details: [], names: input };
    case "sort": {
      const keys = operator.keys.map((key) => sortKeyText(key, input));
      const limit = operator.limit === undefined ? [] : [detail("Limit", String(operator.limit))];
      return { name: "Sort", details: [detail("Keys", keys.join(", ")), ...limit], names: input };
    }
    case "limit": {
      const { count, offset } = operator;
      return {
        name: "Limit",
        details: [
          ...(count === undefined ? [] : [detail("Count", text(count))]),
          ...(offset === undefined ? [] : [detail("Offset", text(offset))]),
        ],
        names: input,
      };
    }
  }
}

const joinNames: Readonly<Record<JoinKind, string>> = {
  inner: "", left: "Left ", right: "Right ", full: "Full ", semi: "Semi ", anti: "Anti ",
  nullAwareAnti: "Null-Aware Anti ", rightSemi: "Right Semi ", rightAnti: "Right Anti ",
};

function filterDetail({ number, leaf, keys }: RuntimeFilter, { leafNames }: ExplainOptions): ExplainDetail {
  const columns = keys.map(({ column }) => leafNames[leaf]?.[column] ?? `column${column}`);
  return detail(`Runtime Filter ${number}`, `scan ${leaf + 1} by ${columns.join(", ")}`);
}

/** The probe side first, as its operators are numbered. */
function explainJoin(
  operator: Extract<PhysicalOperator, { kind: "hashJoin" }>, options: ExplainContext,
): Explained {
  const [probe, build] = [explainOperator(operator.probe, options), explainOperator(operator.build, options)];
  const both = [...probe.names, ...build.names];
  const { join, probeKeys, buildKeys, residual } = operator;
  const pairs = probeKeys.map((key, index) => {
    const other = buildKeys[index];
    return `${expressionText(key, probe.names)} = ${other === undefined ? "" : expressionText(other, build.names)}`;
  });
  const names = join === "rightSemi" || join === "rightAnti"
    ? build.names
    : operator.columns.length === probe.names.length ? probe.names : both;
  return {
    name: `${probeKeys.length === 0 ? "Nested Loop" : "Hash"} ${joinNames[join]}Join`,
    details: [
      ...(pairs.length > 0 ? [detail("Keys", pairs.join(", "))] : []),
      ...(residual === undefined ? [] : [detail("Condition", expressionText(residual, both))]),
      ...(operator.filters ?? []).map((filter) => filterDetail(filter, options)),
    ],
    inputs: [probe, build],
    names,
    operator,
  };
}

function listed({ name, details, inputs, operator }: Explained, depth: number): readonly ExplainedOperator[] {
  const { rowsEstimate: rows } = operator;
  const own: ExplainedOperator = {
    name, depth, details,
    ...(operator.kind === "scan" ? { leaf: operator.leaf } : {}), ...(rows === undefined ? {} : { rows }),
  };
  return [own, ...inputs.flatMap((input) => listed(input, depth + 1))];
}

/** The plan's operators in preorder. */
export function explainOperators(plan: PhysicalPlan, options: ExplainOptions): readonly ExplainedOperator[] {
  const context = { ...options, shared: sharedOf(plan.root), explained: new Map<PhysicalOperator, Explained>() };
  return listed(explainOperator(plan.root, context), 0);
}

/** What is to be said below the operators. */
export function explainNotes(plan: PhysicalPlan, { verbose }: ExplainOptions): readonly string[] {
  if (!verbose || plan.outputs.length === 0) return [];
  const names = plan.outputs.map(({ name }) => name);
  return [`Output: ${columnTexts(names, plan.outputs.map(({ type }) => type))}`];
}

/** Operators as the TEXT format shows them, without numbers. */
export function operatorLines(operators: readonly ExplainedOperator[]): readonly string[] {
  return operators.flatMap(({ name, depth, details }) => {
    const inset = "      ".repeat(depth);
    const head = depth === 0 ? name : `${inset.slice(4)}->  ${name}`;
    return [head, ...details.map(({ label, text }) => `${inset}  ${label}: ${text}`)];
  });
}

/** The plan's lines, outermost operator first. */
export function explainPlan(plan: PhysicalPlan, options: ExplainOptions): readonly string[] {
  return [...operatorLines(explainOperators(plan, options)), ...explainNotes(plan, options)];
}
