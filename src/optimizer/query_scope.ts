// The columns an expression of one query level may read: tables and derived tables of its FROM, those of the queries
// around it, and results of subqueries that were planned already. Read next: from_clause.ts, which fills a scope.
import type { Expression } from "#expr/expression.js";
import { mapColumns } from "#expr/traverse.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { numberField, walk } from "#frontend/text_fields.js";
import type { ColumnSource } from "#optimizer/expressions/column_source.js";
import { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { StatementFacts, TableSource } from "#optimizer/from/table_source.js";
import { orderKeyOf } from "#optimizer/from/table_source.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";

/** What stands in FROM under a range table index. */
export type RangeSource =
  | { readonly kind: "table"; readonly table: TableSource }
  | {
      readonly kind: "derived";
      readonly column: (attribute: number) => Translated | undefined;
      /** Of a subquery merged into the level around it: its own scope, in which its targets mean something. */
      readonly merged?: QueryScope;
    };

/** Variables of this level found in an expression, by range table index; undefined when it looks elsewhere too. */
export function rangesRead(source: TextNode): ReadonlySet<number> | undefined {
  const ranges = new Set<number>();
  let isLocal = true;
  walk(source, (node) => {
    // The parameters that occur before planning are the statement's own ($1) and a subquery's columns.
    const isSubqueryColumn = node.tag === "PARAM" && numberField(node, "paramkind") !== 0;
    if (node.tag === "SUBLINK" || node.tag === "QUERY" || isSubqueryColumn) isLocal = false;
    if (node.tag !== "VAR") return isLocal ? undefined : "skip";
    if (numberField(node, "varlevelsup") === 0) ranges.add(numberField(node, "varno"));
    else isLocal = false;
    return "skip";
  });
  return isLocal ? ranges : undefined;
}

export class QueryScope implements ColumnSource {
  readonly statement: StatementFacts;
  readonly query: AnalysedQuery;
  readonly outer: QueryScope | undefined;
  readonly sources = new Map<number, RangeSource>();
  readonly translator: ExpressionTranslator;
  private readonly substitutes = new Map<string, Translated>();
  private keysMax = Infinity;
  /** Whether errors of aggregates' arguments wait until a group's value is asked for (unnesting/held_back.ts). */
  holdsErrors = false;

  constructor(statement: StatementFacts, query: AnalysedQuery, outer: QueryScope | undefined) {
    this.statement = statement;
    this.query = query;
    this.outer = outer;
    this.translator = new ExpressionTranslator(statement.facts, this);
  }

  /** From now on `source`, and whatever equals it, stands for this value. */
  put(source: TextNode, value: Translated): void {
    this.substitutes.set(this.statement.texts.of(source), value);
  }

  /** What was put for a node. */
  valueOf(source: TextNode): Translated | undefined {
    return this.substitutes.get(this.statement.texts.of(source));
  }

  level(levelsUp: number): QueryScope | undefined {
    return levelsUp === 0 ? this : this.outer?.level(levelsUp - 1);
  }

  variable(variable: Variable): Translated | undefined {
    if (variable.levelsUp > 0) return this.outer?.variable({ ...variable, levelsUp: variable.levelsUp - 1 });
    const source = this.sources.get(variable.rangeIndex);
    if (source === undefined) return undefined;
    return source.kind === "table" ? source.table.variable(variable) : source.column(variable.attribute);
  }

  computed(expression: AnalysedExpression, filter: TextNode | undefined): Translated | undefined {
    const ranges = rangesRead(expression.source);
    const filterRanges = filter === undefined ? new Set<number>() : rangesRead(filter);
    if (ranges === undefined || filterRanges === undefined) return undefined;
    const table = this.tableOf(ranges);
    if (table === undefined) return undefined;
    // The expression cannot fail, so the filter need not guard it where it reads other tables.
    const guard = filterRanges.size === 0 || this.tableOf(filterRanges) === table ? filter : undefined;
    return table.computed(expression, guard);
  }

  /** From now on scans may make so many keys of texts each: more take longer than what PostgreSQL does instead. */
  limitKeys(count: number): void {
    this.keysMax = count;
  }

  orderKey(index: number, collation: number): Expression | undefined {
    return orderKeyOf(this.statement, index, collation, this.keysMax);
  }

  /** The one table behind all of the ranges. */
  tableOf(ranges: ReadonlySet<number>): TableSource | undefined {
    const sources = [...ranges].map((range) => this.sources.get(range));
    const [first] = sources;
    if (first?.kind !== "table") return undefined;
    const isSame = sources.every((source) => source?.kind === "table" && source.table === first.table);
    return isSame ? first.table : undefined;
  }

  /** The queries around an expression of this level, innermost first. */
  get surroundings(): readonly AnalysedQuery[] {
    return [this.query, ...(this.outer?.surroundings ?? [])];
  }

  substitute(expression: AnalysedExpression): Translated | undefined {
    if (this.substitutes.size === 0) return undefined;
    return this.substitutes.get(this.statement.texts.of(expression.source));
  }

  isComputed(index: number): boolean {
    return this.statement.attributes.isComputed(index);
  }

  typeOf(index: number): ColumnType | undefined {
    return this.statement.attributes.typeOf(index);
  }

  nameOf(index: number): string {
    return this.statement.attributes.nameOf(index);
  }

  retype(index: number, engine: EngineType): void {
    this.statement.attributes.retype(index, engine);
    for (const source of this.sources.values())
      if (source.kind === "table" && source.table.origin === this.statement.attributes.originOf(index))
        source.table.retype(index, engine);
  }
}

/** A scope with values in place of some nodes, for one expression. */
export class SubstitutedSource implements ColumnSource {
  private readonly inner: ColumnSource;
  private readonly find: (expression: AnalysedExpression) => Translated | undefined;
  private readonly seesVariables: boolean;
  private readonly passed: ReadonlyMap<number, number>;

  /**
   * Above a grouping variables of the level itself have no value of their own: `seesVariables` is false. Columns of
   * queries around may have been joined below it and are keys of it then, which `passed` knows.
   */
  constructor(
    inner: ColumnSource, find: (expression: AnalysedExpression) => Translated | undefined, seesVariables: boolean,
    passed: ReadonlyMap<number, number> = new Map(),
  ) {
    this.inner = inner;
    this.find = find;
    this.seesVariables = seesVariables;
    this.passed = passed;
  }

  variable(variable: Variable): Translated | undefined {
    if (!this.seesVariables && variable.levelsUp === 0) return undefined;
    const value = this.inner.variable(variable);
    if (value === undefined || this.passed.size === 0) return value;
    const expression = mapColumns(value.expression, (attribute) => this.passed.get(attribute) ?? attribute);
    return { ...value, expression };
  }

  computed(expression: AnalysedExpression, filter: TextNode | undefined): Translated | undefined {
    return this.seesVariables ? this.inner.computed(expression, filter) : undefined;
  }

  orderKey(index: number, collation: number): Expression | undefined {
    return this.seesVariables ? this.inner.orderKey(index, collation) : undefined;
  }

  substitute(expression: AnalysedExpression): Translated | undefined {
    return this.find(expression) ?? this.inner.substitute(expression);
  }

  isComputed(index: number): boolean {
    return this.inner.isComputed(index);
  }

  typeOf(index: number): ColumnType | undefined {
    return this.inner.typeOf(index);
  }

  nameOf(index: number): string {
    return this.inner.nameOf(index);
  }

  retype(index: number, engine: EngineType): void {
    this.inner.retype(index, engine);
  }
}
