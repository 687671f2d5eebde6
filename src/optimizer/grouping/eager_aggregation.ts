// Grouping before joining: rows below a join that agree in all that is read of them above become one row, with their
// sums and their number, where that leaves less to join. It runs over finished logical plans, whose joins are ordered;
// a grouping's attributes stay what they were. Read first: eager_calls.ts, which says what becomes of the aggregates.
import { defined } from "#base/assert.js";
import { constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead, expressionKey, mapColumns } from "#expr/traverse.js";
import { costs } from "#generated/costs.js";
import { Estimates } from "#optimizer/estimates.js";
import { INT4_SQL, columnOf, isAlikeWhenEqual } from "#optimizer/expressions/column_types.js";
import { hasEquality } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { expressionsOf } from "#optimizer/expressions/operator_expressions.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { groupingNs, joinNs } from "#optimizer/physical/engine_cost.js";
import type { CommonBody, ComputedAttribute, LogicalJoinKind, LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import type { AggregateCall } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { INT4 } from "#types/engine_type.js";
import type { EagerCall } from "./eager_calls.js";
import { eagerCall, rowsCounted } from "./eager_calls.js";
import type { AggregateOperator } from "./grouped_rows.js";

type Join = Extract<LogicalOperator, { readonly kind: "join" }>;
type Side = "left" | "right";

/**
 * The sides of a join whose rows may be grouped below it, and whether the join makes rows up in their place. Rows that
 * agree in what the join's conditions read have the same partners; a side whose columns nobody sees has nothing to
 * aggregate. Counter-example for made-up rows: count(*) over a LEFT JOIN counts 1 where the number of rows is NULL.
 */
const sides: Readonly<Record<LogicalJoinKind, Readonly<Partial<Record<Side, "plain" | "madeUp">>>>> = {
  inner: { left: "plain", right: "plain" },
  left: { left: "plain", right: "madeUp" },
  full: { left: "madeUp", right: "madeUp" },
  semi: { left: "plain" },
  anti: { left: "plain" },
  nullAwareAnti: { left: "plain" },
};

/** Estimates of groups are often too low: much of the time of the grouping and the joins must be saved. */
const WORTHWHILE_SHARE = 0.6;

/** One operator between a grouping and the rows that are grouped before; `side` where it is a join. */
interface Step {
  readonly operator: LogicalOperator;
  readonly side: Side;
}

/** Rows below a join that may be grouped first. */
interface Site {
  readonly rows: LogicalOperator;
  /** From the grouping down. */
  readonly steps: readonly Step[];
  readonly isMadeUp: boolean;
}

function sitesBelow(operator: LogicalOperator, steps: readonly Step[], isMadeUp: boolean): readonly Site[] {
  switch (operator.kind) {
    case "filter": case "compute":
      return sitesBelow(operator.input, [...steps, { operator, side: "left" }], isMadeUp);
    case "join":
      return (["left", "right"] as const).flatMap((side) => {
        const kind = sides[operator.join][side];
        if (kind === undefined) return [];
        const rows = operator[side];
        const site = { rows, steps: [...steps, { operator, side }], isMadeUp: isMadeUp || kind === "madeUp" };
        return [site, ...sitesBelow(rows, site.steps, site.isMadeUp)];
      });
    default: return [];
  }
}

/** Time of an operator without its inputs', as engine_cost.ts reckons. */
function ownNs(operator: LogicalOperator): number {
  switch (operator.kind) {
    case "filter": case "compute": return operator.input.rows * costs.filteredRow;
    case "join": {
      const { left, right, build, conditions, rows } = operator;
      const [built, probed] = build === "left" ? [left.rows, right.rows] : [right.rows, left.rows];
      return joinNs(probed, built, rows, hasEquality(conditions));
    }
    case "aggregate":
      return groupingNs(operator.input.rows, operator.rows, operator.keys.length, operator.aggregates.length);
    default: return 0;
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

/** The joins above with their input replaced and columns renamed; fewer rows come out as fewer go in. */
function rebuilt(
  steps: readonly Step[], rows: LogicalOperator, share: number, renamed: (expression: Expression) => Expression,
): readonly LogicalOperator[] {
  const operators: LogicalOperator[] = [];
  let below = rows;
  for (const { operator, side } of [...steps].reverse()) {
    below = replacedInput(operator, side, below, share, renamed);
    operators.push(below);
  }
  return operators;
}

function replacedInput(
  operator: LogicalOperator, side: Side, input: LogicalOperator, share: number,
  renamed: (expression: Expression) => Expression,
): LogicalOperator {
  const rows = Math.max(1, operator.rows * share);
  switch (operator.kind) {
    case "filter": return { ...operator, input, predicate: renamed(operator.predicate), rows };
    case "compute": {
      const columns = operator.columns.map((each) => ({ ...each, expression: renamed(each.expression) }));
      return { ...operator, input, columns, rows };
    }
    case "join": {
      const conditions = operator.conditions.map(renamed);
      return { ...operator, [side]: input, conditions, rows: joinedRows(operator, side, input, rows) };
    }
    default: throw new Error(`no step of kind ${operator.kind}`);
  }
}

/** Outer joins keep what they keep. */
function joinedRows({ join, left, right }: Join, side: Side, input: LogicalOperator, rows: number): number {
  if (join === "left") return Math.max(rows, side === "left" ? input.rows : left.rows);
  if (join === "full") return Math.max(rows, input.rows, side === "left" ? right.rows : left.rows);
  return rows;
}

interface KeyBelow {
  readonly expression: Expression;
  readonly column: ColumnType;
}

/** Rows grouped before they are joined. */
interface GroupedRows {
  readonly operator: AggregateOperator;
  /** By the text of what a key is made of: its attribute. */
  readonly keys: ReadonlyMap<string, number>;
  /** By call above: its part here. */
  readonly parts: readonly (number | undefined)[];
  /** How many rows each stands for, where that is asked for. */
  readonly count: number | undefined;
}

/** A grouping in two steps, and what their operators and those between take. */
interface Eager {
  readonly operator: LogicalOperator;
  readonly ns: number;
}

class Eagerness {
  readonly #statement: StatementFacts;
  readonly #share: number;
  readonly #estimates: Estimates;
  /** Groupings made here, which are not made again. */
  readonly #made = new Set<number>();
  readonly #bodies = new Map<CommonBody, CommonBody>();

  constructor(statement: StatementFacts, share: number) {
    this.#statement = statement;
    this.#share = share;
    this.#estimates = new Estimates(statement.tables);
  }

  rewritten(operator: LogicalOperator): LogicalOperator {
    if (operator.kind !== "aggregate") return this.#withInputs(operator);
    // The grouping that is left above the joins may have rows of another side to group.
    return this.#withInputs(this.#best(operator) ?? operator);
  }

  #withInputs(operator: LogicalOperator): LogicalOperator {
    switch (operator.kind) {
      case "scan": return operator;
      case "commonTable": return { ...operator, body: this.#body(operator.body) };
      case "join": return { ...operator, left: this.rewritten(operator.left), right: this.rewritten(operator.right) };
      case "union": {
        const inputs = operator.inputs.map((each) => ({ ...each, operator: this.rewritten(each.operator) }));
        return { ...operator, inputs };
      }
      default: return { ...operator, input: this.rewritten(operator.input) };
    }
  }

  #body(body: CommonBody): CommonBody {
    const known = this.#bodies.get(body);
    if (known !== undefined) return known;
    const made = { ...body, input: this.rewritten(body.input) };
    this.#bodies.set(body, made);
    return made;
  }

  #best(aggregate: AggregateOperator): LogicalOperator | undefined {
    let best: Eager | undefined;
    for (const site of sitesBelow(aggregate.input, [], false)) {
      if (site.rows.kind === "aggregate" && this.#made.has(site.rows.origin)) continue;
      const made = this.#groupedFirst(aggregate, site);
      if (made !== undefined && made.ns < (best?.ns ?? Infinity)) best = made;
    }
    return best?.operator;
  }

  /** The grouping with the site's rows grouped first; undefined where that is wrong or not worth it. */
  #groupedFirst(aggregate: AggregateOperator, site: Site): Eager | undefined {
    const { attributes } = this.#statement;
    const own = originsOf(site.rows);
    const isBelow = (attribute: number): boolean => own.has(attributes.originOf(attribute));
    const calls = aggregate.aggregates.map(({ call }) => eagerCall(call, { isBelow, isMadeUp: site.isMadeUp }));
    if (!calls.every((call) => call !== undefined)) return undefined;
    const keys = this.#keysBelow(aggregate, site, isBelow);
    if (!keys.every(({ column }) => isAlikeWhenEqual(column.engine))) return undefined;
    const rows = this.#groups(site.rows, keys);
    if (rows === undefined) return undefined;
    const before = sumOf([aggregate, ...site.steps.map(({ operator }) => operator)].map(ownNs));
    const made = this.#twoSteps(aggregate, site, calls, this.#grouped(site.rows, keys, calls, rows));
    return made.ns <= before * this.#share ? made : undefined;
  }

  /**
   * How many groups there will be at most, of columns with statistics alone: with a guess in place of them a grouping
   * could come to make as many rows as it reads.
   */
  #groups(rows: LogicalOperator, keys: readonly KeyBelow[]): number | undefined {
    const columns = [...new Set(keys.flatMap(({ expression }) => [...columnsRead(expression)]))];
    if (columns.some((column) => this.#estimates.valuesOf(rows, column) === undefined)) return undefined;
    return columns.length === 0 ? 1 : this.#estimates.groups(rows, columns.map((column) => this.#column(column)));
  }

  #column(index: number): Expression {
    return readColumn(index, this.#statement.attributes.typeOf(index).engine);
  }

  /** All that is read of the rows above, other than by aggregates. */
  #keysBelow(
    aggregate: AggregateOperator, { steps, isMadeUp }: Site, isBelow: (attribute: number) => boolean,
  ): readonly KeyBelow[] {
    const { attributes } = this.#statement;
    const whole: KeyBelow[] = [];
    const read = steps.flatMap(({ operator }) => expressionsOf(operator));
    for (const { expression, column } of aggregate.keys) {
      const columns = [...columnsRead(expression)];
      const isWhole = expression.kind !== "column" && columns.length > 0 && columns.every(isBelow)
        && !isMadeUp && !mayFail(expression);
      if (isWhole) whole.push({ expression, column });
      else read.push(expression);
    }
    const single = new Set(read.flatMap((expression) => [...columnsRead(expression)]).filter(isBelow));
    return [
      ...[...single].map((index): KeyBelow => ({ expression: this.#column(index), column: attributes.typeOf(index) })),
      ...whole,
    ];
  }

  #grouped(
    input: LogicalOperator, keys: readonly KeyBelow[], calls: readonly EagerCall[], rows: number,
  ): GroupedRows {
    const { attributes } = this.#statement;
    const origin = attributes.newOrigin();
    this.#made.add(origin);
    const placed = (keys.length === 0 ? [ANY_KEY] : keys).map((key, index) => (
      { ...key, attribute: attributes.add(origin, `eager${index}`, key.column) }));
    const aggregates: { readonly attribute: number; readonly call: AggregateCall }[] = [];
    const put = (call: AggregateCall): number => {
      const attribute = attributes.add(origin, call.function, call.result);
      aggregates.push({ attribute, call });
      return attribute;
    };
    const parts = calls.map(({ below }) => (below === undefined ? undefined : put(below)));
    const count = calls.some(({ counts }) => counts) ? put(rowsCounted) : undefined;
    const keyAttributes = new Map(placed.map(({ expression, attribute }) => [expressionKey(expression), attribute]));
    return {
      operator: { kind: "aggregate", origin, input, keys: placed, aggregates, rows }, keys: keyAttributes, parts, count,
    };
  }

  #twoSteps(aggregate: AggregateOperator, site: Site, calls: readonly EagerCall[], below: GroupedRows): Eager {
    const { attributes } = this.#statement;
    const share = below.operator.rows / Math.max(1, site.rows.rows);
    const moved = new Map(below.operator.keys.flatMap(({ attribute, expression }) =>
      (expression.kind === "column" ? [[expression.index, attribute] as const] : [])));
    const renamed = (expression: Expression): Expression =>
      mapColumns(expression, (index) => moved.get(index) ?? index);
    const between = rebuilt(site.steps, below.operator, share, renamed);
    const input = defined(between.at(-1), "a join");
    const origin = attributes.newOrigin();
    const computed: ComputedAttribute[] = [];
    /** What was asked for as an attribute, made of a column of the grouping above. */
    const put = (asked: number, type: ColumnType, value = (column: Expression): Expression => column): number => {
      const attribute = attributes.add(origin, attributes.nameOf(asked), type);
      computed.push({ attribute: asked, expression: value(readColumn(attribute, type.engine)) });
      return attribute;
    };
    const keys = aggregate.keys.map(({ attribute, expression, column }) => {
      const whole = below.keys.get(expressionKey(expression));
      const read: Expression = whole === undefined
        ? renamed(expression) : readColumn(whole, expression.type);
      return { attribute: put(attribute, column), expression: read, column };
    });
    const rows = rowsExpression(below.count, site.isMadeUp);
    const aggregates = aggregate.aggregates.map(({ attribute }, index) => {
      const parts = defined(calls[index], "a call").above(below.parts[index] ?? NO_COLUMN, rows);
      return { attribute: put(attribute, parts.call.result, parts.value), call: parts.call };
    });
    const grouping = { ...aggregate, origin, input, keys, aggregates };
    return {
      operator: { kind: "compute", origin: aggregate.origin, input: grouping, columns: computed, rows: aggregate.rows },
      ns: sumOf([below.operator, ...between, grouping].map(ownNs)),
    };
  }
}

/** Of rows that nothing is read of but their number: without a key there would be a group where there is no row. */
const ANY_KEY: KeyBelow = {
  expression: constantOf(0n, INT4),
  column: columnOf(INT4_SQL, INT4, false),
};

/** Stands for a part that a call does not have. */
const NO_COLUMN = -1;

/** How many rows a joined row stands for: a made-up one for itself. */
function rowsExpression(count: number | undefined, isMadeUp: boolean): Expression {
  const { engine: type } = rowsCounted.result;
  const read = readColumn(count ?? NO_COLUMN, type);
  if (!isMadeUp) return read;
  return { kind: "coalesce", arguments: [read, constantOf(1n, type)], type };
}

/**
 * The plan with groupings in two steps where that is expected to pay: where it takes no more than a share of the time,
 * which tests make greater.
 */
export function groupedEarly(
  operator: LogicalOperator, statement: StatementFacts, share = WORTHWHILE_SHARE,
): LogicalOperator {
  return new Eagerness(statement, share).rewritten(operator);
}
