// What a subquery reads of the queries around it, as rows: each combination of the values once. Joined with the
// subquery's own FROM they make one query of it for all rows around, whatever it does with them; each of those rows
// then finds its part by the values (Neumann and Kemper, Unnesting Arbitrary Queries, section 3: the dependent join
// with the domain D). Where equalities alone correlate, the subquery's own values do without (correlation.ts).
// Counter-example: 0.0 and 0.00 are one value of a domain, and a subquery may show the difference; such types have
// none.
// Read next: correlated_rows.ts.
import { defined } from "#base/assert.js";
import { callOf, constantOf, isNull, readColumn } from "#expr/construct.js";
import type { Expression, Scalar } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import type { Variable } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import { numberField, someNode } from "#frontend/text_fields.js";
import { functionByKey, isFunctionKey } from "#functions/registry.js";
import { isAlikeWhenEqual } from "#optimizer/expressions/column_types.js";
import { rejectsNull } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { Region } from "#optimizer/from/region.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { type AggregateOperator, groupedRows, keyColumn } from "#optimizer/grouping/grouped_rows.js";
import { QueryScope } from "#optimizer/query_scope.js";
import { BOOL, type EngineType } from "#types/engine_type.js";
import type { CorrelationKey } from "./correlation.js";
import { providedBy, rowsAgain } from "./outer_rows.js";

interface DomainColumn {
  /** What it is for a row around. */
  readonly outer: Expression;
  /** What it is in the domain. */
  readonly inner: Expression;
}

export interface Domain {
  readonly operator: AggregateOperator;
  /** The queries around the subquery, in which columns are the domain's. */
  readonly scope: QueryScope;
  readonly columns: readonly DomainColumn[];
}

/** The variables in a query that stand for columns around it; undefined where it reads more than columns. */
function outerVariables(root: TextNode): readonly Variable[] | undefined {
  const found: Variable[] = [];
  const first = root.tag === "QUERY" ? 1 : 0;
  const readsMore = someNode(root, (node, depth) => {
    const isCall = node.tag === "AGGREF" || node.tag === "GROUPINGFUNC";
    if (isCall && numberField(node, "agglevelsup") >= first + depth) return "found";
    if (node.tag !== "VAR") return undefined;
    const variable = readExpression(node);
    const levelsUp = numberField(node, "varlevelsup") - first - depth;
    if (levelsUp >= 0 && variable.kind === "variable") found.push({ ...variable, levelsUp });
    return "skip";
  });
  return readsMore ? undefined : found;
}

const equalityByKind: Readonly<Partial<Record<EngineType["kind"], readonly string[]>>> = {
  bool: ["bool.equal"], int2: ["integer.equal"], int4: ["integer.equal"], int8: ["integer.equal"],
  date: ["date.equal"], time: ["time.equal"], timestamp: ["timestamp.equal"], timestamptz: ["timestamptz.equal"],
  decimal: ["decimal.equal"], text: ["text.equal"], bpchar: ["bpchar.equal"],
  opaque: ["uuid.equal", "bytea.equal", "oid.equal", "enum.equal"],
};

/** The equality of a type whose equal values are the same in every respect. */
function equalityFor(type: EngineType): string | undefined {
  if (!isAlikeWhenEqual(type)) return undefined;
  return equalityByKind[type.kind]?.find((key) =>
    isFunctionKey(key) && functionByKey(key).resultType([type, type])?.kind === "bool");
}

function equal(key: string, left: Expression, right: Expression): Expression {
  return callOf(key, BOOL, left, right);
}

/** Some value of the type, to stand for NULL beside a mark that says so. */
function someValue(type: EngineType): Scalar {
  switch (type.kind) {
    case "bool": return false;
    case "text": case "bpchar": return new Uint8Array();
    case "opaque": return type.byValue ? 0n : new Uint8Array(Math.max(0, type.width));
    default: return 0n;
  }
}

function orSomeValue(value: Expression): Expression {
  const { type } = value;
  return { kind: "coalesce", arguments: [value, constantOf(someValue(type), type)], type };
}

/** What a variable of a level around is called among the values. */
function nameOf(levelsUp: number, rangeIndex: number, attribute: number | ""): string {
  return `${levelsUp}.${rangeIndex}.${attribute}`;
}

/** The levels around; of FROM items that the query reads, `values` has every column it reads. */
function scopeOver(scope: QueryScope, values: ReadonlyMap<string, Expression>, level = 0): QueryScope {
  const outer = scope.outer === undefined ? undefined : scopeOver(scope.outer, values, level + 1);
  const over = new QueryScope(scope.statement, scope.query, outer);
  scope.query.rangeTable.forEach((_entry, index) => {
    const range = index + 1;
    const source = scope.sources.get(range);
    const isRead = [...values.keys()].some((name) => name.startsWith(nameOf(level, range, "")));
    const column = (attribute: number): Translated | undefined => {
      const expression = values.get(nameOf(level, range, attribute));
      return expression === undefined ? undefined : { expression };
    };
    if (isRead) over.sources.set(range, { kind: "derived", column });
    else if (source !== undefined) over.sources.set(range, source);
  });
  return over;
}

interface OuterValue {
  readonly name: string;
  readonly expression: Expression;
  /** The region around has it for each of its rows. */
  readonly isOwn: boolean;
}

function outerValues(region: Region, scope: QueryScope, node: TextNode): readonly OuterValue[] | undefined {
  const { attributes } = scope.statement;
  const provided = providedBy(region);
  const found = new Map<string, OuterValue>();
  for (const variable of outerVariables(node) ?? []) {
    const value = scope.variable(variable);
    if (value === undefined || value.displayScale !== undefined || mayFail(value.expression)) return undefined;
    const origins = attributes.originsRead(value.expression);
    const isOwn = origins.size > 0 && [...origins].every((origin) => provided.has(origin));
    if (isOwn && equalityFor(value.expression.type) === undefined) return undefined;
    const name = nameOf(variable.levelsUp, variable.rangeIndex, variable.attribute);
    found.set(name, { name, expression: value.expression, isOwn });
  }
  return [...found.values()];
}

/**
 * The domain of what a query, or an expression around one, reads of the region, of whose query `scope` is. Columns of
 * queries further out that the region does not have stay what they are. Undefined when it reads nothing, or what has no
 * domain.
 */
export function domainOf(region: Region, scope: QueryScope, node: TextNode): Domain | undefined {
  const { statement } = scope;
  const { attributes } = statement;
  const values = outerValues(region, scope, node) ?? [];
  const own = values.filter(({ isOwn }) => isOwn).map(({ expression }) => expression);
  if (own.length === 0) return undefined;
  const rows = rowsAgain(region, new Set(own.flatMap((each) => [...attributes.originsRead(each)])), statement);
  if (rows === undefined) return undefined;
  const operator = groupedRows(statement, rows, own.map((expression, index) => {
    const name = expression.kind === "column" ? attributes.nameOf(expression.index) : `value${index + 1}`;
    return { name, expression, column: keyColumn(statement, expression) };
  }));
  const columns = operator.keys.map(({ attribute, expression }): DomainColumn => (
    { outer: expression, inner: readColumn(attribute, expression.type) }));
  let next = 0;
  const named = values.map(({ name, expression, isOwn }): readonly [string, Expression] =>
    [name, isOwn ? defined(columns[next++], "a column of the domain").inner : expression]);
  return { operator, scope: scopeOver(scope, new Map(named)), columns };
}

/**
 * How rows around find their part of a query joined with the domain, whose columns are `passed` there. NULL finds NULL,
 * which a mark and some value beside it stand for, unless the query's conditions keep no row of it anyway.
 */
export function domainKeys(
  { columns }: Domain, passed: readonly Expression[], conditions: readonly Expression[], statement: StatementFacts,
): readonly CorrelationKey[] {
  return columns.map(({ outer, inner }, index): CorrelationKey => {
    const key = defined(equalityFor(outer.type), "an equality");
    const own = defined(passed[index], "a column of the domain");
    const isPresent = (outer.kind === "column" && !statement.attributes.typeOf(outer.index).nullable)
      || [...columnsRead(inner)].some((column) => conditions.some((condition) => rejectsNull(condition, column)));
    if (isPresent) return { inner: own, findsNull: false, conditionsWith: (value) => [equal(key, outer, value)] };
    return {
      inner: own, findsNull: true,
      conditionsWith: (value) => [
        equal("bool.equal", isNull(outer), isNull(value)), equal(key, orSomeValue(outer), orSomeValue(value)),
      ],
    };
  });
}
