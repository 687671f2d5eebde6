// The result page an execution is filling, in scratch memory: laid out by the host, filled by compiled code, taken by
// the caller when full. Read next: page_layout.ts, lowering/result_sink.ts.
import { assert, defined } from "#base/assert.js";
import { FusionError } from "#base/errors.js";
import { encodingWidth } from "#generated/encodings.js";
import { PageColumn, PageHeader } from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";
import type { Arena } from "./arena.js";
import {
  type PageLayout,
  layoutForRows,
  resultLayout,
  schemaFingerprint,
  writeEmptyPage,
} from "./page_layout.js";

/** A finished page: copy it before the next call of its execution. */
export interface ResultImage {
  readonly address: number;
  readonly bytes: number;
  readonly rows: number;
}

export class ResultPage {
  readonly address: number;
  readonly #arena: Arena;
  readonly #columns: readonly ColumnType[];
  readonly #layout: PageLayout;
  readonly #fingerprint: bigint;
  readonly #pageBytes: number;

  constructor(arena: Arena, columns: readonly ColumnType[], pageBytes: number) {
    this.#arena = arena;
    this.#columns = columns;
    this.#pageBytes = pageBytes;
    this.#layout = resultLayout(columns, pageBytes);
    this.#fingerprint = schemaFingerprint(columns);
    this.address = arena.allocate(pageBytes);
    this.reset();
  }

  get rows(): number {
    return this.#arena.memory.view.getUint32(this.address + PageHeader.row_count, true);
  }

  /** The page as it is to be copied: laid out for the rows it holds, so that few rows are few bytes. */
  image(): ResultImage {
    const { view } = this.#arena.memory;
    const { rows } = this;
    if (rows < view.getUint32(this.address + PageHeader.row_capacity, true)) this.#tighten(rows);
    const tailOffset = view.getUint32(this.address + PageHeader.tail_offset, true);
    const tailBytes = view.getUint32(this.address + PageHeader.tail_bytes, true);
    return { address: this.address, bytes: tailOffset + tailBytes, rows: this.rows };
  }

  /** Moves every buffer down to where a page for just these rows has it: ascending, so that none is overwritten. */
  #tighten(rows: number): void {
    const { view, bytes } = this.#arena.memory;
    const layout = layoutForRows(this.#columns, Math.max(rows, 1), this.#pageBytes);
    assert(layout !== undefined, "fewer rows fit where more did");
    const move = (field: number, to: number, length: number): void => {
      const from = this.address + view.getUint32(field, true);
      bytes.copyWithin(this.address + to, from, from + length);
      view.setUint32(field, to, true);
    };
    this.#columns.forEach(({ encoding }, index) => {
      const entry = this.address + PageHeader.SIZE + index * PageColumn.SIZE;
      const [validity, values] = [layout.validityOffsets[index], layout.valuesOffsets[index]];
      const width = defined(encodingWidth[encoding], "a width");
      move(entry + PageColumn.validity_offset, defined(validity, "an offset"), Math.ceil(rows / 8));
      move(entry + PageColumn.values_offset, defined(values, "an offset"), rows * width);
    });
    const tailBytes = view.getUint32(this.address + PageHeader.tail_bytes, true);
    move(this.address + PageHeader.tail_offset, layout.tailOffset, tailBytes);
    view.setUint32(this.address + PageHeader.row_capacity, layout.rowCapacity, true);
  }

  reset(): void {
    this.#write(this.#layout);
  }

  /** Lays the empty page out for a single row: all the room there is goes to its strings. */
  resetForOneRow(): void {
    const { view } = this.#arena.memory;
    const layout = layoutForRows(this.#columns, 1, this.#pageBytes);
    const already = view.getUint32(this.address + PageHeader.row_capacity, true) === 1;
    if (layout === undefined || already) {
      throw new FusionError({
        code: "notSupported",
        sqlstate: "0A000",
        message: `pg_fusion: a result row does not fit a page of ${this.#pageBytes} bytes`,
        hint: "Raise pg_fusion.page_size, or run the statement with pg_fusion.enable = off.",
      });
    }
    this.#write(layout);
  }

  #write(layout: PageLayout): void {
    const page = this.#arena.memory.bytes.subarray(this.address, this.address + this.#pageBytes);
    // What stood here before may be another user's rows, and a page is to depend on its own rows alone.
    page.fill(0);
    writeEmptyPage(page, this.#columns, layout, this.#fingerprint);
  }
}
