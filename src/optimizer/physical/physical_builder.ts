// Logical plans to physical ones: attributes become positions, columns nobody needs are left out from the scans up,
// join conditions become hash keys and residuals. Leaves are numbered in the order their scans are met.
import { defined } from "#base/assert.js";
import { allOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead, mapColumns } from "#expr/traverse.js";
import { refuse } from "#frontend/refusal.js";
import type { Attributes } from "#optimizer/attributes.js";
import type { StatementFacts, TableSource } from "#optimizer/from/table_source.js";
import { callExpressions, mapCall, mapWindowCall, windowCallExpressions } from "#plan/calls.js";
import { columnsOf } from "#plan/columns_of.js";
import type { CommonBody, LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import type { PhysicalOperator } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { INT8 } from "#types/engine_type.js";
import { joinKeys } from "./join_keys.js";
import type { BuiltLeaf } from "./shared_subplans.js";
import { leafIdentity } from "./shared_subplans.js";

export interface Built {
  readonly operator: PhysicalOperator;
  /** The attribute in each column. */
  readonly attributes: readonly number[];
}

type LogicalJoin = Extract<LogicalOperator, { readonly kind: "join" }>;
type HashJoin = Extract<PhysicalOperator, { readonly kind: "hashJoin" }>;

function readsOf(expressions: readonly Expression[]): number[] {
  return expressions.flatMap((each) => [...columnsRead(each)]);
}

/** Rewrites attribute numbers into positions. */
function placed(expression: Expression, attributes: readonly number[]): Expression {
  return mapColumns(expression, (attribute) => {
    const at = attributes.indexOf(attribute);
    if (at < 0)
      refuse("correlated subquery of this form",
        "An expression reads a column of an outer query that is out of reach.");
    return at;
  });
}

function nullable(columns: readonly ColumnType[]): readonly ColumnType[] {
  return columns.map((column) => ({ ...column, nullable: true }));
}

export class PhysicalBuilder {
  readonly leaves: BuiltLeaf[] = [];
  private readonly statement: StatementFacts;
  private readonly attributes: Attributes;
  private readonly tables: readonly TableSource[];
  private readonly shares = new Map<CommonBody, number>();

  constructor(statement: StatementFacts) {
    this.statement = statement;
    this.attributes = statement.attributes;
    this.tables = statement.tables;
  }

  /** The operator with at least the required attributes among its columns. */
  build(operator: LogicalOperator, required: ReadonlySet<number>): Built {
    const built = this.physical(operator, required);
    return { ...built, operator: { ...built.operator, rowsEstimate: operator.rows } };
  }

  private physical(operator: LogicalOperator, required: ReadonlySet<number>): Built {
    switch (operator.kind) {
      case "scan": return this.scan(operator, required);
      case "filter": {
        const input = this.build(operator.input, new Set([...required, ...columnsRead(operator.predicate)]));
        const predicate = placed(operator.predicate, input.attributes);
        return { operator: { kind: "filter", input: input.operator, predicate }, attributes: input.attributes };
      }
      case "compute": return this.compute(operator, required);
      case "join": return this.join(operator, required);
      case "aggregate": return this.aggregate(operator, required);
      case "union": return this.union(operator, required);
      case "window": return this.window(operator, required);
      case "limit": return this.limit(operator, required);
      case "commonTable": return this.commonTable(operator);
      case "singleRow": {
        const input = this.trimmed(this.build(operator.input, required), required);
        const columns = nullable(columnsOf(input.operator));
        return { operator: { kind: "singleRow", input: input.operator, columns }, attributes: input.attributes };
      }
    }
  }

  /** Exactly these expressions as columns. */
  project(input: Built, expressions: readonly Expression[], columns: readonly ColumnType[]): PhysicalOperator {
    const isIdentity = expressions.length === input.attributes.length
      && expressions.every((each, at) => each.kind === "column" && each.index === input.attributes[at]);
    if (isIdentity) return input.operator;
    const placedExpressions = expressions.map((each) => placed(each, input.attributes));
    const { rowsEstimate } = input.operator;
    return {
      kind: "project", input: input.operator, expressions: placedExpressions, columns,
      ...(rowsEstimate === undefined ? {} : { rowsEstimate }),
    };
  }

  private scan(
    { origin, rows }: Extract<LogicalOperator, { readonly kind: "scan" }>, required: ReadonlySet<number>,
  ): Built {
    const table = defined(this.tables.find((each) => each.origin === origin), "a table of the statement");
    const own = [...required].filter((attribute) => this.attributes.originOf(attribute) === origin);
    const byLeafColumn = own.map((attribute) => [table.leafColumnOf(attribute), attribute] as const);
    byLeafColumn.sort(([a], [b]) => a - b);
    const leaf = table.leaf.compact(new Set(byLeafColumn.map(([column]) => column)));
    const number = this.leaves.length;
    this.leaves.push({
      leaf: {
        queryNode: table.query.source.id,
        rangeIndex: table.rangeIndex,
        columns: leaf.columns,
        qualNodes: table.quals.map((qual) => qual.id),
        filters: [],
      },
      names: leaf.names,
      rows,
      reason: table.reason,
      identity: leafIdentity(table, leaf, this.statement),
    });
    return {
      operator: { kind: "scan", leaf: number, columns: leaf.types },
      attributes: byLeafColumn.map(([, attribute]) => attribute),
    };
  }

  /** All that anybody reads of common rows, made where they are met first. */
  private commonTable({ origin, body, attributes }: Extract<LogicalOperator, { readonly kind: "commonTable" }>): Built {
    const columns = body.exports.map(({ column }) => column);
    const own = columns.map((column, index) => attributes.get(index) ?? this.attributes.add(origin, "unread", column));
    const known = this.shares.get(body);
    if (known !== undefined) return { operator: { kind: "sharedReading", share: known, columns }, attributes: own };
    const expressions = body.exports.map(({ expression }) => expression);
    const input = this.project(this.build(body.input, new Set(readsOf(expressions))), expressions, columns);
    // After what is shared inside: numbers grow outwards.
    const share = this.shares.size;
    this.shares.set(body, share);
    return { operator: { kind: "shared", share, input, columns }, attributes: own };
  }

  private compute(
    { origin, input, columns }: Extract<LogicalOperator, { readonly kind: "compute" }>, required: ReadonlySet<number>,
  ): Built {
    const wanted = columns.filter(({ attribute }) => required.has(attribute));
    const passed = [...required].filter((attribute) => this.attributes.originOf(attribute) !== origin);
    const reads = readsOf(wanted.map(({ expression }) => expression));
    const built = this.build(input, new Set([...passed, ...reads]));
    if (wanted.length === 0) return built;
    const kept = built.attributes.filter((attribute) => required.has(attribute));
    const attributes = [...kept, ...wanted.map(({ attribute }) => attribute)];
    const expressions = [
      ...kept.map((attribute) => this.column(attribute)), ...wanted.map(({ expression }) => expression),
    ];
    return { operator: this.project(built, expressions, this.typesOf(attributes)), attributes };
  }

  private window(
    operator: Extract<LogicalOperator, { readonly kind: "window" }>, required: ReadonlySet<number>,
  ): Built {
    const calls = operator.calls.filter(({ attribute }) => required.has(attribute));
    const reads = readsOf([
      ...operator.partition, ...operator.order.map(({ expression }) => expression),
      ...calls.flatMap(({ call }) => windowCallExpressions(call)),
    ]);
    const passed = [...required].filter((attribute) => this.attributes.originOf(attribute) !== operator.origin);
    const needed = new Set(calls.length === 0 ? passed : [...passed, ...reads]);
    const input = this.trimmed(this.build(operator.input, needed), needed);
    if (calls.length === 0) return input;
    const inPlace = (expression: Expression): Expression => placed(expression, input.attributes);
    const attributes = [...input.attributes, ...calls.map(({ attribute }) => attribute)];
    const window: PhysicalOperator = {
      kind: "window",
      input: input.operator,
      partition: operator.partition.map(inPlace),
      order: operator.order.map((key) => ({ ...key, expression: inPlace(key.expression) })),
      calls: calls.map(({ call }) => mapWindowCall(call, inPlace)),
      columns: [...columnsOf(input.operator), ...calls.map(({ call }) => call.result)],
    };
    return { operator: window, attributes };
  }

  /** A sort that keeps what is wanted of it, then the rows themselves. */
  private limit(
    { input, order, count, offset }: Extract<LogicalOperator, { readonly kind: "limit" }>,
    required: ReadonlySet<number>,
  ): Built {
    const needed = new Set([...required, ...readsOf(order.map(({ expression }) => expression))]);
    const built = this.trimmed(this.build(input, needed), needed);
    const { attributes } = built;
    const columns = columnsOf(built.operator);
    const keys = order.map((key) => ({ ...key, expression: placed(key.expression, attributes) }));
    const last = rowsWanted(count, offset);
    const sorted: PhysicalOperator = keys.length === 0 ? built.operator
      : { kind: "sort", input: built.operator, keys, columns, ...(last === undefined ? {} : { limit: last }) };
    if (count === undefined && offset === undefined) return { operator: sorted, attributes };
    const limit = { ...(count === undefined ? {} : { count }), ...(offset === undefined ? {} : { offset }) };
    return { operator: { kind: "limit", input: sorted, columns, ...limit }, attributes };
  }

  private column(attribute: number): Expression {
    return readColumn(attribute, this.attributes.typeOf(attribute).engine);
  }

  private typesOf(attributes: readonly number[]): readonly ColumnType[] {
    return attributes.map((attribute) => this.attributes.typeOf(attribute));
  }

  /** Without columns that are not wanted: a hash table keeps whole rows of its input. */
  private trimmed(built: Built, wanted: ReadonlySet<number>): Built {
    const attributes = built.attributes.filter((attribute) => wanted.has(attribute));
    if (attributes.length === built.attributes.length) return built;
    const expressions = attributes.map((attribute) => this.column(attribute));
    return { operator: this.project(built, expressions, this.typesOf(attributes)), attributes };
  }

  private join(join: LogicalJoin, required: ReadonlySet<number>): Built {
    const [leftOrigins, rightOrigins] = [originsOf(join.left), originsOf(join.right)];
    const isOf = (origins: ReadonlySet<number>) => (expression: Expression): boolean =>
      [...this.attributes.originsRead(expression)].every((origin) => origins.has(origin));
    const keys = joinKeys(join.conditions, isOf(leftOrigins), isOf(rightOrigins));
    const wanted = new Set([...required, ...readsOf(join.conditions)]);
    const side = (origins: ReadonlySet<number>): Set<number> =>
      new Set([...wanted].filter((attribute) => origins.has(this.attributes.originOf(attribute))));
    const kind = physicalKind(join);
    const probesLeft = kind === "semi" || kind === "anti" || kind === "nullAwareAnti" || join.build === "right";
    const build = (operator: LogicalOperator, origins: ReadonlySet<number>): Built => {
      const input = this.trimmed(this.build(operator, side(origins)), side(origins));
      return operator === join.right && isExistenceTest(join) ? firstRow(input) : input;
    };
    // Build sides run first, so their leaves come first.
    const built = probesLeft ? build(join.right, rightOrigins) : build(join.left, leftOrigins);
    const probe = probesLeft ? build(join.left, leftOrigins) : build(join.right, rightOrigins);
    const [probeKeys, buildKeys] = probesLeft
      ? [keys.leftKeys, keys.rightKeys] : [keys.rightKeys, keys.leftKeys];
    const both = [...probe.attributes, ...built.attributes];
    const buildRows = probesLeft ? join.right.rows : join.left.rows;
    const operator: HashJoin = {
      kind: "hashJoin",
      join: kind,
      probe: probe.operator,
      build: built.operator,
      probeKeys: probeKeys.map((key) => placed(key, probe.attributes)),
      buildKeys: buildKeys.map((key) => placed(key, built.attributes)),
      ...(keys.residual.length === 0 ? {} : { residual: placed(allOf(keys.residual), both) }),
      columns: joinedColumns(kind, columnsOf(probe.operator), columnsOf(built.operator)),
      buildRowsEstimate: Math.round(buildRows),
    };
    return { operator, attributes: joined(kind, probe.attributes, built.attributes) };
  }

  private union(
    { inputs, columns }: Extract<LogicalOperator, { readonly kind: "union" }>, required: ReadonlySet<number>,
  ): Built {
    const wanted = columns.flatMap((attribute, index) => (required.has(attribute) ? [index] : []));
    const attributes = wanted.map((index) => defined(columns[index], "a column of the union"));
    const types = this.typesOf(attributes);
    const operators = inputs.map(({ operator, expressions }) => {
      const values = wanted.map((index) => defined(expressions[index], "an input's column"));
      return this.project(this.build(operator, new Set(readsOf(values))), values, types);
    });
    return { operator: { kind: "union", inputs: operators, columns: types }, attributes };
  }

  private aggregate(
    aggregate: Extract<LogicalOperator, { readonly kind: "aggregate" }>, required: ReadonlySet<number>,
  ): Built {
    const { keys } = aggregate;
    const wanted = aggregate.aggregates.filter(({ attribute }) => required.has(attribute));
    const reads = readsOf([
      ...keys.map((key) => key.expression), ...wanted.flatMap(({ call }) => callExpressions(call)),
    ]);
    const input = this.build(aggregate.input, new Set(reads));
    const inPlace = (expression: Expression): Expression => placed(expression, input.attributes);
    const operator: PhysicalOperator = {
      kind: "hashAggregate",
      input: input.operator,
      keys: keys.map((key) => inPlace(key.expression)),
      aggregates: wanted.map(({ call }) => mapCall(call, inPlace)),
      columns: [...keys.map((key) => key.column), ...wanted.map(({ call }) => call.result)],
      groupsEstimate: Math.round(aggregate.rows),
    };
    return { operator, attributes: [...keys, ...wanted].map(({ attribute }) => attribute) };
  }
}

/** Rows a sort travels with as a number; 0 would be all of them. */
const ROWS_MAX = 1_000_000_000n;

/** How many rows a limit looks at, where that is known and worth telling a sort. */
function rowsWanted(count: Expression | undefined, offset: Expression | undefined): number | undefined {
  const valueOf = (each: Expression): bigint | undefined =>
    (each.kind === "constant" && typeof each.value === "bigint" ? each.value : undefined);
  const [rows, before] = [count && valueOf(count), offset === undefined ? 0n : valueOf(offset)];
  if (rows === undefined || before === undefined) return undefined;
  return rows + before > 0n && rows + before < ROWS_MAX ? Number(rows + before) : undefined;
}

/** Whether nothing of the right side's rows matters but that there is one. */
function isExistenceTest({ join, conditions }: LogicalJoin): boolean {
  return conditions.length === 0 && (join === "semi" || join === "anti");
}

/** The scans below stop when it is found. */
function firstRow({ operator, attributes }: Built): Built {
  const count = constantOf(1n, INT8);
  return { operator: { kind: "limit", input: operator, count, columns: columnsOf(operator) }, attributes };
}

/** The physical kind, with `left` and `right` told by which side is probed. */
function physicalKind({ join, build }: LogicalJoin): HashJoin["join"] {
  if (build === "right") return join;
  switch (join) {
    case "left": return "right";
    case "semi": return "rightSemi";
    case "anti": return "rightAnti";
    case "nullAwareAnti": case "inner": case "full": return join;
  }
}

/** What a join yields of what its sides have. */
function joined<T>(kind: HashJoin["join"], probe: readonly T[], build: readonly T[]): readonly T[] {
  switch (kind) {
    case "inner": case "left": case "right": case "full": return [...probe, ...build];
    case "semi": case "anti": case "nullAwareAnti": return probe;
    case "rightSemi": case "rightAnti": return build;
  }
}

function joinedColumns(
  kind: HashJoin["join"], probe: readonly ColumnType[], build: readonly ColumnType[],
): readonly ColumnType[] {
  const padsProbe = kind === "right" || kind === "full";
  const padsBuild = kind === "left" || kind === "full";
  return joined(kind, padsProbe ? nullable(probe) : probe, padsBuild ? nullable(build) : build);
}
