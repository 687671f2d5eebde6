// One table of a join: its leaf with the conditions PostgreSQL evaluates there, and its columns as attributes of the
// statement. On the null-producing side of an outer join only plain columns may be read above it: an expression
// computed in the scan would come out NULL where it should see NULLs. Counter-example: COALESCE(t.x, 0) above a LEFT
// JOIN is 0 for a row without partner.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { CanonicalTexts } from "#frontend/text_fields.js";
import type { Attributes } from "#optimizer/attributes.js";
import type { Fallbacks } from "#optimizer/edges/fallbacks.js";
import { shareOfQuals } from "#optimizer/estimates.js";
import { isNullForNulls, neverFails } from "#optimizer/expressions/safe_expressions.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { LeafColumns } from "#optimizer/leaf_columns.js";
import { TableColumns } from "#optimizer/table_columns.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { ColumnFact, RelationFact } from "#plan/planning.js";
import type { EngineType } from "#types/engine_type.js";
import { filtered } from "./filtered.js";
import type { CommonTable } from "./with_queries.js";

export interface StatementFacts {
  readonly facts: RequestFacts;
  readonly texts: CanonicalTexts;
  readonly attributes: Attributes;
  /** Every table of the plan, in order of appearance. */
  readonly tables: TableSource[];
  readonly fallbacks: Fallbacks;
  /** By node id: WITH queries whose rows are made once; undefined for those that each reading plans. */
  readonly commonTables: Map<number, CommonTable | undefined>;
}

/** What a source stands for. */
export interface SourceOf {
  readonly query: AnalysedQuery;
  /** Of the range table; 0 is all of the query's FROM with its WHERE. */
  readonly rangeIndex: number;
  /** On the null-producing side of an outer join. */
  readonly isNullable: boolean;
  /** Rows before any condition. */
  readonly rows: number;
  /** Why PostgreSQL runs it, where it is no table. */
  readonly reason?: string;
}

/** A condition the engine evaluates right above the scan, implied by one over several tables. */
export interface ImpliedFilter {
  readonly predicate: Expression;
  /** Share of the rows expected to pass. */
  readonly share: number;
}

/** Keys of an attribute's texts in the order of a collation, where a scan of so many rows at most makes it. */
export function orderKeyOf(
  { tables }: StatementFacts, attribute: number, collation: number, rowsMax: number,
): Expression | undefined {
  const table = tables.find((each) => each.has(attribute));
  return table === undefined || table.scan().rows > rowsMax ? undefined : table.orderKey(attribute, collation);
}

export class TableSource {
  readonly origin: number;
  readonly query: AnalysedQuery;
  readonly rangeIndex: number;
  readonly leaf: LeafColumns;
  /** Conditions the scan evaluates; nodes of `query`. */
  readonly quals: TextNode[] = [];
  readonly impliedFilters: ImpliedFilter[] = [];
  /** Rows of the table, before any condition. */
  readonly tableRows: number;
  private readonly statement: StatementFacts;
  private readonly columns: TableColumns;
  /** On the null-producing side of an outer join. */
  readonly isNullable: boolean;
  reason: string | undefined;
  private readonly attributeByLeafColumn = new Map<number, number>();
  /** By range table index and column number. */
  private readonly translatedByColumn = new Map<string, Translated | undefined>();
  private readonly relation: RelationFact | undefined;

  constructor(statement: StatementFacts, { query, rangeIndex, isNullable, rows, reason }: SourceOf) {
    this.statement = statement;
    this.origin = statement.attributes.newOrigin();
    this.query = query;
    this.rangeIndex = rangeIndex;
    this.leaf = new LeafColumns(statement.texts);
    this.columns = new TableColumns(statement.facts, this.leaf, query.rangeTable, rangeIndex);
    this.isNullable = isNullable;
    this.tableRows = rows;
    this.reason = reason;
    const entry = query.rangeTable[rangeIndex - 1];
    this.relation = entry === undefined ? undefined : statement.facts.relation(entry.source.id);
  }

  /** Distinct values of an attribute in the whole table; undefined when nothing is known. */
  distinctValues(attribute: number): number | undefined {
    const distinct = this.factOf(attribute)?.distinct ?? 0;
    return distinct > 0 ? distinct : undefined;
  }

  /** Whether an attribute is a column of the leaf. */
  has(attribute: number | undefined): boolean {
    return attribute !== undefined && this.leafColumnOf(attribute) >= 0;
  }

  nullFraction(attribute: number): number {
    return this.factOf(attribute)?.nullFraction ?? 0;
  }

  /** Sets of attributes in which no two rows of the table agree, as far as the statement reads them all. */
  uniqueKeys(): readonly (readonly number[])[] {
    return (this.relation?.uniqueKeys ?? []).flatMap((columns) => {
      const attributes = columns.map((column) => this.attributeOf(column));
      return attributes.every((each) => each !== undefined) ? [attributes] : [];
    });
  }

  private attributeOf(column: number): number | undefined {
    const expression = this.translatedByColumn.get(`${this.rangeIndex}.${column}`)?.expression;
    return expression?.kind === "column" ? expression.index : undefined;
  }

  private factOf(attribute: number): ColumnFact | undefined {
    return this.relation?.columns.find((column) => this.attributeOf(column.attribute) === attribute);
  }

  /** A column of the table; the variable may stand in a query further in. */
  variable(variable: Variable): Translated | undefined {
    const column = `${variable.rangeIndex}.${variable.attribute}`;
    const known = this.translatedByColumn.get(column);
    if (known !== undefined) return known;
    const translated = this.asAttribute(this.columns.tableColumn(variable));
    this.translatedByColumn.set(column, translated);
    return translated;
  }

  /** An expression over this table alone, evaluated in its scan also for rows that no join keeps. */
  computed(expression: AnalysedExpression, filter: TextNode | undefined): Translated | undefined {
    // The rows of a whole FROM are those the statement asks for.
    if (this.rangeIndex > 0 && !neverFails(expression.source)) return undefined;
    if (this.isNullable && !isNullForNulls(expression.source)) return undefined;
    return this.asAttribute(this.columns.computed(expression, filter));
  }

  /** Keys of the texts of an attribute of this table, in the order of a collation; not of char(n) of any length. */
  orderKey(attribute: number, collation: number): Expression | undefined {
    const column = this.leafColumnOf(attribute);
    const texts = this.leaf.typeOf(column);
    if (texts?.engine.kind !== "text" && texts?.engine.kind !== "bpchar") return undefined;
    const index = this.leaf.addOrderKey(column, collation);
    const type = defined(this.leaf.typeOf(index), "a column of keys").engine;
    return this.asAttribute({ expression: { kind: "column", index, type } })?.expression;
  }

  /** A condition that only PostgreSQL evaluates, and why. */
  give(condition: TextNode, reason: string): void {
    this.quals.push(condition);
    this.reason ??= reason;
  }

  scan(): LogicalOperator {
    const { origin, tableRows } = this;
    const rows = Math.max(1, tableRows * shareOfQuals(this.quals, this.statement.facts));
    const scan: LogicalOperator = { kind: "scan", origin, tableRows, rows };
    const share = this.impliedFilters.reduce((product, each) => product * each.share, 1);
    return filtered(scan, this.impliedFilters.map((each) => each.predicate), share);
  }

  /** The leaf's column behind an attribute of this origin. */
  leafColumnOf(attribute: number): number {
    for (const [column, known] of this.attributeByLeafColumn) if (known === attribute) return column;
    return -1;
  }

  retype(attribute: number, engine: EngineType): void {
    this.leaf.retype(this.leafColumnOf(attribute), engine);
  }

  private asAttribute(translated: Translated | undefined): Translated | undefined {
    if (translated?.expression.kind !== "column") return undefined;
    const { index } = translated.expression;
    const type = this.leaf.typeOf(index);
    if (type === undefined) return undefined;
    let attribute = this.attributeByLeafColumn.get(index);
    if (attribute === undefined) {
      const shown = this.isNullable ? { ...type, nullable: true } : type;
      const isComputed = this.leaf.isComputed(index);
      attribute = this.statement.attributes.add(this.origin, this.leaf.nameOf(index), shown, isComputed);
      this.attributeByLeafColumn.set(index, attribute);
    }
    return { expression: { ...translated.expression, index: attribute } };
  }
}
