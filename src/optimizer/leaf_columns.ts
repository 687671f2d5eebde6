// The columns a scan leaf produces: expressions of the query over its table, each once. Columns are collected while
// expressions are translated, and only those still used at the end are asked for.
import { defined } from "#base/assert.js";
import type { TextNode } from "#frontend/node_text.js";
import type { CanonicalTexts } from "#frontend/text_fields.js";
import { columnOf } from "#optimizer/expressions/column_types.js";
import type { LeafColumn } from "#plan/planning.js";
import type { ColumnType } from "#types/column_type.js";
import { encodingOf } from "#types/encoding_of.js";
import { type EngineType, TEXT } from "#types/engine_type.js";

interface Requested {
  /** Equal for columns that hold the same. */
  readonly key: string;
  readonly name: string;
  readonly isComputed: boolean;
  readonly column: LeafColumn;
  readonly type: ColumnType;
}

export class LeafColumns {
  private readonly requested: Requested[] = [];
  private readonly indexByKey = new Map<string, number>();
  private readonly texts: CanonicalTexts;

  constructor(texts: CanonicalTexts) {
    this.texts = texts;
  }

  /**
   * The index of a column holding `source`; equal expressions share one. With a guard the column is computed only
   * where the guard is true, and is NULL elsewhere.
   */
  add(name: string, source: TextNode, guard: TextNode | undefined, type: ColumnType): number {
    const guardText = guard === undefined ? "" : this.texts.of(guard);
    const key = `${this.texts.of(source)}|${guardText}|${type.encoding}|${type.scale}`;
    return this.request({
      key,
      name,
      isComputed: source.tag !== "VAR",
      column: {
        node: source.id,
        guardNode: guard?.id ?? 0,
        encoding: type.encoding,
        scale: type.scale,
      },
      type: guard === undefined ? type : { ...type, nullable: true },
    });
  }

  /** The index of a column of keys of another column's texts, in the order of a collation. */
  addOrderKey(of: number, collation: number): number {
    const texts = defined(this.requested[of], "a requested column");
    const key = `${texts.key}|order ${collation}`;
    const { sqlType, typmod, nullable } = texts.type;
    return this.request({
      key,
      name: `order of ${texts.name}`,
      isComputed: true,
      column: { ...texts.column, encoding: encodingOf(TEXT), orderKey: collation },
      type: columnOf({ type: sqlType, typmod, collation }, TEXT, nullable),
    });
  }

  private request(requested: Requested): number {
    const known = this.indexByKey.get(requested.key);
    if (known !== undefined) return known;
    const index = this.requested.push(requested) - 1;
    this.indexByKey.set(requested.key, index);
    return index;
  }

  /** Whether PostgreSQL evaluates something for the column, rather than reading it. */
  isComputed(index: number): boolean {
    return this.requested[index]?.isComputed ?? false;
  }

  typeOf(index: number): ColumnType | undefined {
    return this.requested[index]?.type;
  }

  /** Lets the engine see a column's values as another type of the same encoding. */
  retype(index: number, engine: EngineType): void {
    const requested = defined(this.requested[index], "a requested column");
    this.requested[index] = { ...requested, type: { ...requested.type, engine } };
  }

  nameOf(index: number): string {
    return this.requested[index]?.name ?? `column${index}`;
  }

  /** The used columns in order of first request, and where each went. */
  compact(used: ReadonlySet<number>): CompactLeaf {
    const positions = new Map<number, number>();
    const kept: Requested[] = [];
    this.requested.forEach((requested, index) => {
      if (!used.has(index)) return;
      positions.set(index, kept.length);
      kept.push(requested);
    });
    return {
      columns: kept.map((each) => each.column),
      types: kept.map((each) => each.type),
      names: kept.map((each) => each.name),
      keys: kept.map((each) => each.key),
      positionOf: (index) => positions.get(index) ?? -1,
    };
  }
}

export interface CompactLeaf {
  readonly columns: readonly LeafColumn[];
  readonly types: readonly ColumnType[];
  readonly names: readonly string[];
  /** Equal for leaves of the same table with the same columns. */
  readonly keys: readonly string[];
  positionOf(index: number): number;
}
