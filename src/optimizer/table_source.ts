// One table of a join: its leaf with the conditions PostgreSQL evaluates there, and its columns as attributes of the
// statement. On the null-producing side of an outer join only plain columns may be read above it: an expression
// computed in the scan would come out NULL where it should see NULLs. Counter-example: COALESCE(t.x, 0) above a LEFT
// JOIN is 0 for a row without partner.
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { CanonicalTexts } from "#frontend/text_fields.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { EngineType } from "#types/engine_type.js";
import type { Attributes } from "./attributes.js";
import type { Fallbacks } from "./fallbacks.js";
import { FILTER_SELECTIVITY } from "./filtered.js";
import { LeafColumns } from "./leaf_columns.js";
import { neverFails } from "./safe_expressions.js";
import { TableColumns } from "./table_columns.js";
import type { Translated } from "./translated.js";

export interface StatementFacts {
  readonly facts: RequestFacts;
  readonly texts: CanonicalTexts;
  readonly attributes: Attributes;
  /** Every table of the plan, in order of appearance. */
  readonly tables: TableSource[];
  readonly fallbacks: Fallbacks;
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

/** Operators of equality most conditions use: of integers, text, char and dates. */
const equalities: ReadonlySet<string> = new Set(["96", "98", "1054", "410", "1093"]);
const EQUALITY_SELECTIVITY = 0.05;
/** Several conditions are rarely independent. */
const SELECTIVITY_MIN = 0.02;

/** PostgreSQL plans the leaf with its statistics later; joins are ordered before that. */
function selectivityOf(qual: TextNode): number {
  const operator = qual.fields.get("opno");
  return typeof operator === "string" && equalities.has(operator) ? EQUALITY_SELECTIVITY : FILTER_SELECTIVITY;
}

export class TableSource {
  readonly origin: number;
  readonly query: AnalysedQuery;
  readonly rangeIndex: number;
  readonly leaf: LeafColumns;
  /** Conditions the scan evaluates; nodes of `query`. */
  readonly quals: TextNode[] = [];
  /** Rows of the table, before any condition. */
  readonly tableRows: number;
  private readonly statement: StatementFacts;
  private readonly columns: TableColumns;
  /** On the null-producing side of an outer join. */
  readonly isNullable: boolean;
  reason: string | undefined;
  private readonly attributeByLeafColumn = new Map<number, number>();
  private readonly translatedByColumn = new Map<string, Translated | undefined>();

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
    if (this.isNullable || (this.rangeIndex > 0 && !neverFails(expression.source))) return undefined;
    return this.asAttribute(this.columns.computed(expression, filter));
  }

  /** A condition that only PostgreSQL evaluates, and why. */
  give(condition: TextNode, reason: string): void {
    this.quals.push(condition);
    this.reason ??= reason;
  }

  scan(): LogicalOperator {
    const product = this.quals.reduce((share, qual) => share * selectivityOf(qual), 1);
    const share = Math.max(product, SELECTIVITY_MIN);
    const { origin, tableRows } = this;
    return { kind: "scan", origin, tableRows, rows: Math.max(1, tableRows * share) };
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
