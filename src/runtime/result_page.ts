// The result page an execution is filling, in scratch memory: laid out by the host, filled by compiled code, taken by
// the caller when full. It may be larger than a page of the pool, for a row that is: then it is taken in parts. Read
// next: page_layout.ts, lowering/result_sink.ts.
import { assert, defined } from "#base/assert.js";
import { encodingWidth } from "#generated/encodings.js";
import { PageColumn, PageHeader } from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";
import type { Arena } from "./arena.js";
import {
  type PageLayout,
  bytesForRows,
  layoutForRows,
  resultLayout,
  schemaFingerprint,
  writeEmptyPage,
} from "./page_layout.js";

/** A finished page, or a part of one, without rows but for the last: copy it before the next call of its execution. */
export interface ResultImage {
  readonly address: number;
  readonly bytes: number;
  readonly rows: number;
}

export class ResultPage {
  readonly #arena: Arena;
  readonly #columns: readonly ColumnType[];
  readonly #layout: PageLayout;
  readonly #fingerprint: bigint;
  /** Of the pool's pages. */
  readonly #partBytes: number;
  readonly #page: number;
  /** Where the page stands while it is larger than the usual one. */
  #large: number | undefined;
  /** What is taken, and how much of it was. */
  #image: ResultImage | undefined;
  #taken = 0;

  constructor(arena: Arena, columns: readonly ColumnType[], pageBytes: number) {
    this.#arena = arena;
    this.#columns = columns;
    this.#partBytes = pageBytes;
    this.#layout = resultLayout(columns, pageBytes);
    this.#fingerprint = schemaFingerprint(columns);
    this.#page = arena.allocate(this.#layout.pageBytes);
    this.reset();
  }

  get address(): number {
    return this.#large ?? this.#page;
  }

  get rows(): number {
    return this.#arena.memory.view.getUint32(this.address + PageHeader.row_count, true);
  }

  /** The next part of the page, which is all of it for nearly all pages. */
  takePart(): ResultImage {
    this.#image ??= this.#finish();
    const { address, bytes, rows } = this.#image;
    const part = { address: address + this.#taken, bytes: Math.min(bytes - this.#taken, this.#partBytes) };
    this.#taken += part.bytes;
    if (this.#taken < bytes) return { ...part, rows: 0 };
    this.#image = undefined;
    this.#taken = 0;
    return { ...part, rows };
  }

  /** Whether a part was taken and others are left. */
  get inParts(): boolean {
    return this.#image !== undefined;
  }

  /** The page as it is to be copied: laid out for the rows it holds, so that few rows are few bytes. */
  #finish(): ResultImage {
    const { view } = this.#arena.memory;
    const { address, rows } = this;
    if (rows < view.getUint32(address + PageHeader.row_capacity, true)) this.#tighten(rows);
    const tailOffset = view.getUint32(address + PageHeader.tail_offset, true);
    const bytes = tailOffset + view.getUint32(address + PageHeader.tail_bytes, true);
    view.setUint32(address + PageHeader.page_bytes, Math.max(bytes, this.#partBytes), true);
    return { address, bytes, rows };
  }

  /** Moves every buffer down to where a page for just these rows has it: ascending, so that none is overwritten. */
  #tighten(rows: number): void {
    const { view, bytes } = this.#arena.memory;
    const layout = layoutForRows(this.#columns, Math.max(rows, 1), this.#layout.pageBytes);
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
    if (this.#large !== undefined) this.#arena.freeRun(this.#large);
    this.#large = undefined;
    this.#write(this.#layout);
  }

  /** Lays the empty page out for a single row with so many bytes of strings, elsewhere if it must be larger. */
  makeRoom(tailBytes: number): void {
    assert(this.rows === 0 && this.#large === undefined, "an empty page that has not grown");
    const bytes = bytesForRows(this.#columns, 1) + tailBytes;
    if (bytes > this.#layout.pageBytes) this.#large = this.#arena.takeRun(bytes);
    this.#write(defined(layoutForRows(this.#columns, 1, Math.max(bytes, this.#layout.pageBytes)), "room for a row"));
  }

  #write(layout: PageLayout): void {
    const page = this.#arena.memory.bytes.subarray(this.address, this.address + layout.pageBytes);
    // What stood here before may be another user's rows, and a page is to depend on its own rows alone.
    page.fill(0);
    writeEmptyPage(page, this.#columns, layout, this.#fingerprint);
  }
}
