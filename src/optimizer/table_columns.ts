// One table as a source of columns: its own columns, and expressions over it that PostgreSQL computes in the scan. Used
// for statements over one table as it is, and for each table of a join by table_source.ts, which may stand for a whole
// FROM clause too.
import { defined } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { RangeEntry } from "#frontend/query.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { booleanField, holds, numberField } from "#frontend/text_fields.js";
import type { ColumnSource } from "#optimizer/expressions/column_source.js";
import { columnOf, engineTypeOf } from "#optimizer/expressions/column_types.js";
import { numericShape } from "#optimizer/expressions/numeric_shape.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import type { LeafColumns } from "./leaf_columns.js";

/** Nodes a scan cannot evaluate, or that mean something only where they stand. */
const unscannableTags: ReadonlySet<string> = new Set([
  "AGGREF", "GROUPINGFUNC", "WINDOWFUNC", "SUBLINK", "QUERY", "NEXTVALUEEXPR", "CURRENTOFEXPR",
  "SETTODEFAULT", "MERGESUPPORTFUNC",
]);

/** System columns by attribute number, from -6 on. */
const systemColumns = ["tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"];

export class TableColumns implements ColumnSource {
  readonly leaf: LeafColumns;
  private readonly facts: RequestFacts;
  private readonly entries: readonly RangeEntry[];
  private readonly rangeIndex: number;

  /** `rangeIndex` counts in `entries`, the query's range table, from 1; 0 stands for all of them. */
  constructor(facts: RequestFacts, leaf: LeafColumns, entries: readonly RangeEntry[], rangeIndex: number) {
    this.facts = facts;
    this.leaf = leaf;
    this.entries = entries;
    this.rangeIndex = rangeIndex;
  }

  variable(variable: Variable): Translated | undefined {
    if (variable.levelsUp !== 0 || variable.rangeIndex !== this.rangeIndex) return undefined;
    return this.tableColumn(variable);
  }

  /** A column of the table, named by a variable that is known to mean it. */
  tableColumn(variable: Variable): Translated | undefined {
    const type = engineTypeOf(this.facts, variable);
    if (type === undefined) return undefined;
    const entry = defined(this.entries[variable.rangeIndex - 1], "a variable's range table entry");
    const fact = this.facts.column(this.facts.relation(entry.source.id), variable.attribute);
    const name = variable.attribute > 0
      ? entry.columnNames[variable.attribute - 1] ?? `column${variable.attribute}`
      : systemColumns[variable.attribute + systemColumns.length] ?? entry.alias;
    // Among several entries an outer join may have put NULLs anywhere.
    const isNotNull = this.rangeIndex > 0 && (fact?.notNull ?? false);
    const column = columnOf(variable, type, !isNotNull);
    const index = this.leaf.add(name, variable.source, undefined, column);
    return { expression: readColumn(index, type) };
  }

  computed(expression: AnalysedExpression, filter: TextNode | undefined): Translated | undefined {
    if (!isScannable(this.facts, expression.source)) return undefined;
    const type = engineTypeOf(this.facts, expression, numericShape(expression));
    if (type === undefined) return undefined;
    const name = `expression${expression.source.id}`;
    const index = this.leaf.add(name, expression.source, filter, columnOf(expression, type, true));
    return { expression: readColumn(index, type) };
  }

  /** Of one table PostgreSQL compares texts as fast as it makes keys of them. */
  orderKey(): undefined {
    return undefined;
  }

  substitute(): Translated | undefined {
    return undefined;
  }

  isComputed(index: number): boolean {
    return this.leaf.isComputed(index);
  }

  typeOf(index: number): ColumnType | undefined {
    return this.leaf.typeOf(index);
  }

  nameOf(index: number): string {
    return this.leaf.nameOf(index);
  }

  retype(index: number, engine: EngineType): void {
    this.leaf.retype(index, engine);
  }
}

/** Volatile functions stay above the scan, where PostgreSQL itself would evaluate them. */
export function isScannable(facts: RequestFacts, source: TextNode): boolean {
  return !holds(source, (node) => {
    if (unscannableTags.has(node.tag)) return true;
    if (node.tag === "FUNCEXPR")
      return booleanField(node, "funcretset") || facts.isVolatile(numberField(node, "funcid"));
    return node.fields.has("opfuncid")
      && (booleanField(node, "opretset", false) || facts.isVolatile(numberField(node, "opfuncid")));
  });
}
