// GROUPING SETS, ROLLUP and CUBE: which sets there are, and the groups of all of them as one union, with NULL for keys
// that a set has not. Read next: set_groups.ts, which makes the groups of each.
import { defined } from "#base/assert.js";
import { constantOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { mapColumns } from "#expr/traverse.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { booleanField, nodeList, numberField, numberList } from "#frontend/text_fields.js";
import { leave } from "#optimizer/edges/left_to_postgres.js";
import { INT4_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { nodesAtEdge, targetOf } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { WindowedValue } from "#optimizer/windows/windows.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { ColumnType } from "#types/column_type.js";
import { INT4 } from "#types/engine_type.js";
import type { ComputedResult } from "./aggregates.js";
import type { NamedKey } from "./grouped_rows.js";
import { keysOf } from "./grouping.js";
import type { PlannedAggregates } from "./planned_aggregates.js";
import type { PlannedGroups } from "./planned_groups.js";
import { type SetGroups, groupsOfSets } from "./set_groups.js";

/** An aggregate over attributes of the groups. */
type SetsValue = Pick<WindowedValue, "expression" | "attributes">;

interface GroupedSets {
  readonly operator: LogicalOperator;
  /** Attributes of the keys, NULL in sets without them, by the canonical text of the key. */
  readonly keys: ReadonlyMap<string, number>;
  /** By the canonical text of the AGGREF node. */
  readonly aggregates: ReadonlyMap<string, SetsValue>;
  /** By the canonical text of the GROUPINGFUNC node: an int4 attribute. */
  readonly groupings: ReadonlyMap<string, number>;
}

/** GroupingSetKind values. */
const EMPTY = 0;
const SIMPLE = 1;
const ROLLUP = 2;
const CUBE = 3;

const SETS_MAX = 64;

/** References to targets. */
type KeySet = readonly number[];

function product(left: readonly KeySet[], right: readonly KeySet[]): readonly KeySet[] {
  if (left.length * right.length > SETS_MAX) leave("there are too many grouping sets");
  return left.flatMap((one) => right.map((other) => [...new Set([...one, ...other])]));
}

function setsIn(node: TextNode): readonly KeySet[] {
  const inner = (): readonly TextNode[] => nodeList(node, "content");
  switch (numberField(node, "kind")) {
    case EMPTY: return [[]];
    case SIMPLE: return [numberList(node, "content")];
    case ROLLUP: {
      const parts = inner().flatMap(setsIn);
      return [...parts.map((_, index) => parts.slice(0, parts.length - index).flat()), []];
    }
    case CUBE:
      return inner().flatMap(setsIn).reduce<readonly KeySet[]>((sets, part) => product(sets, [part, []]), [[]]);
    default: return inner().flatMap(setsIn);
  }
}

/** The sets a query groups by, each as often as it is meant. */
function groupingSetsOf(query: AnalysedQuery): readonly KeySet[] {
  const sets = query.groupingSets.map(setsIn).reduce((all, each) => product(all, each), [[]] as readonly KeySet[]);
  if (!booleanField(query.source, "groupDistinct", false)) return sets;
  const seen = new Set<string>();
  return sets.filter((set) => {
    const text = [...set].sort((a, b) => a - b).join();
    return seen.size !== seen.add(text).size;
  });
}

/** Groups rows by every set. Throws LeftToPostgres. */
export function planGroupingSets(scope: QueryScope, joined: LogicalOperator): GroupedSets {
  const { query, statement } = scope;
  const { facts, texts } = statement;
  const context = { query, facts, texts, source: scope, translator: scope.translator, scanRows: joined.rows };
  const found = keysOf(context, query.groupBy);
  const textOf = (reference: number): string =>
    texts.of((targetOf(query, reference) ?? leave("a key is not in the target list")).source);
  const sets = groupingSetsOf(query).map((set) => new Set(set.map(textOf)));
  const keyTexts = found.map((key) => texts.of(key.source));
  // A constant is NULL in sets without it.
  if (sets.some((set) => [...set].some((text) => !keyTexts.includes(text)))) leave("a key is a constant");

  const nodes = nodesAtEdge(query, "AGGREF", "GROUPINGFUNC");
  const { sets: made, answer } = groupsOfSets({
    scope, joined, keys: found, members: sets.map((set) => keyTexts.map((text) => set.has(text))),
    nodes: nodes.filter(({ tag }) => tag === "AGGREF"),
  });
  const groupings = nodes.filter(({ tag }) => tag === "GROUPINGFUNC").map((node): [string, readonly number[]] => {
    const asked = numberList(node, "refs").map(textOf);
    // The first argument is the highest bit.
    return [texts.of(node), sets.map((set) => asked.reduce((bits, text) => 2 * bits + (set.has(text) ? 0 : 1), 0))];
  });
  const union = unionOf(statement, found, answer, made, groupings.map(([, bits]) => bits));
  const { computed } = answer.planner;
  const values = valuesOver(statement, union, computed);
  const valueOf = (number: number): SetsValue => (
    { expression: { kind: "column", index: 0 }, attributes: [defined(values.attributes[number], "a value")] });
  return {
    operator: values.operator,
    keys: new Map(keyTexts.map((text, index) => [text, defined(union.keys[index], "a key")])),
    aggregates: new Map([
      ...[...answer.planned].map(([text, expression]): [string, SetsValue] => (
        [text, { expression, attributes: union.calls }])),
      ...[...answer.computed].map(([text, number]): [string, SetsValue] => [text, valueOf(number)]),
    ]),
    groupings: new Map(groupings.map(([text], index) => [text, defined(union.groupings[index], "a mask")])),
  };
}

interface SetsUnion extends PlannedGroups {
  readonly groupings: readonly number[];
}

/** The groups of all sets; `masks` are the values of each GROUPING() by set. */
function unionOf(
  { attributes }: StatementFacts, keys: readonly NamedKey[], { planner }: PlannedAggregates,
  sets: readonly SetGroups[], masks: readonly (readonly number[])[],
): SetsUnion {
  const origin = attributes.newOrigin();
  const add = (name: string, type: ColumnType): number => attributes.add(origin, name, { ...type, nullable: true });
  const keyColumns = keys.map(({ name, column }) => add(name, column));
  const callColumns = planner.calls.map((call) => add(call.function, call.result));
  const maskColumns = masks.map(() => add("grouping", columnOf(INT4_SQL, INT4, true)));
  const inputs = sets.map(({ operator, keys: own, calls }, set) => {
    const bits = masks.map((mask): Expression => constantOf(BigInt(mask[set] ?? 0), INT4));
    return { operator, expressions: [...own, ...calls, ...bits] };
  });
  const columns = [...keyColumns, ...callColumns, ...maskColumns];
  const rows = inputs.reduce((sum, { operator }) => sum + operator.rows, 0);
  return {
    operator: { kind: "union", origin, inputs, columns, rows },
    keys: keyColumns, calls: callColumns, groupings: maskColumns,
  };
}

/** The groups with what the engine computes of their calls. */
function valuesOver(
  { attributes }: StatementFacts, { operator: input, calls }: SetsUnion, computed: readonly ComputedResult[],
): { readonly operator: LogicalOperator; readonly attributes: readonly number[] } {
  if (computed.length === 0) return { operator: input, attributes: [] };
  const origin = attributes.newOrigin();
  const columns = computed.map(({ name, sql, expression }) => ({
    attribute: attributes.add(origin, name, columnOf(sql, expression.type, true)),
    expression: mapColumns(expression, (index) => defined(calls[index], "a call")),
  }));
  const { rows } = input;
  return {
    operator: { kind: "compute", origin, input, columns, rows },
    attributes: columns.map(({ attribute }) => attribute),
  };
}
