// Reads page images in plain TypeScript: the check a page passes once when it is imported, and its rows as plain
// values for tests and traces. Executor threads read pages in place instead. Read next: page_layout.ts.
import { defined } from "#base/assert.js";
import { FusionError } from "#base/errors.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import {
  PAGE_MAGIC,
  PAGE_VERSION,
  PageColumn,
  PageHeader,
  VIEW_INLINE_BYTES,
  View,
} from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";
import { LEAST128, LEAST64 } from "#types/encoding_of.js";
import { schemaFingerprint } from "./page_layout.js";

function malformed(detail: string): FusionError {
  return new FusionError({
    code: "malformedMessage",
    sqlstate: "08P01",
    message: "pg_fusion: malformed page",
    detail,
  });
}

function check(condition: boolean, detail: string): void {
  if (!condition) throw malformed(detail);
}

/**
 * Refuses a page whose header or column table would lead a reader out of its bounds. Costs a few reads per column;
 * views are bounded by `verifyViews`, which looks at every one.
 */
export function verifyPage(bytes: Uint8Array, columns: readonly ColumnType[]): void {
  check(bytes.length >= PageHeader.SIZE, "shorter than a header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  check(view.getUint32(PageHeader.magic, true) === PAGE_MAGIC, "no magic");
  check(view.getUint16(PageHeader.version, true) === PAGE_VERSION, "another version");
  check(view.getUint16(PageHeader.column_count, true) === columns.length, "another number of columns");
  check(
    view.getBigUint64(PageHeader.schema_fingerprint, true) === schemaFingerprint(columns),
    "other columns",
  );
  const pageBytes = view.getUint32(PageHeader.page_bytes, true);
  check(pageBytes <= bytes.length, "page_bytes beyond the page");
  const rows = view.getUint32(PageHeader.row_count, true);
  const capacity = view.getUint32(PageHeader.row_capacity, true);
  check(rows <= capacity, "more rows than capacity");
  const tailOffset = view.getUint32(PageHeader.tail_offset, true);
  const tailBytes = view.getUint32(PageHeader.tail_bytes, true);
  check(tailOffset + tailBytes <= pageBytes, "tail beyond the page");
  let end = PageHeader.SIZE + columns.length * PageColumn.SIZE;
  columns.forEach((column, index) => {
    const entry = PageHeader.SIZE + index * PageColumn.SIZE;
    check(
      view.getUint16(entry + PageColumn.encoding, true) === column.encoding,
      `column ${index}: another encoding`,
    );
    check(
      view.getUint32(entry + PageColumn.null_count, true) <= rows,
      `column ${index}: more NULLs than rows`,
    );
    const validity = view.getUint32(entry + PageColumn.validity_offset, true);
    check(validity >= end, `column ${index}: validity overlaps`);
    const values = view.getUint32(entry + PageColumn.values_offset, true);
    check(values >= validity + Math.ceil(capacity / 8), `column ${index}: values overlap`);
    end = values + capacity * defined(encodingWidth[column.encoding], "a width");
    check(end <= pageBytes, `column ${index}: values beyond the page`);
  });
  check(tailOffset >= end, "tail overlaps");
}

/** Packed text ends at its first zero byte. */
export function unpackText(packed: Uint8Array): Uint8Array {
  const end = packed.indexOf(0);
  return packed.slice(0, end < 0 ? packed.length : end);
}

/** Refuses a page in which a string would reach outside the tail. */
export function verifyViews(bytes: Uint8Array, columns: readonly ColumnType[]): void {
  const reader = new PageReader(bytes, columns);
  columns.forEach((column, index) => {
    if (column.encoding === Encoding.text || column.encoding === Encoding.datum) {
      for (let row = 0; row < reader.rows; row++) reader.value(index, row);
    }
  });
}

/** A verified page's rows. */
export class PageReader {
  readonly rows: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #columns: readonly ColumnType[];

  constructor(bytes: Uint8Array, columns: readonly ColumnType[]) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#columns = columns;
    this.rows = this.#view.getUint32(PageHeader.row_count, true);
  }

  all(): Scalar[][] {
    return Array.from({ length: this.rows }, (_, row) =>
      this.#columns.map((__, column) => this.value(column, row)),
    );
  }

  value(column: number, row: number): Scalar {
    const { encoding, engine } = defined(this.#columns[column], "a column");
    const entry = PageHeader.SIZE + column * PageColumn.SIZE;
    const validity = this.#view.getUint32(entry + PageColumn.validity_offset, true);
    if (((this.#view.getUint8(validity + (row >> 3)) >> (row & 7)) & 1) === 0) return null;
    const at =
      this.#view.getUint32(entry + PageColumn.values_offset, true) +
      row * defined(encodingWidth[encoding], "a width");
    const view = this.#view;
    switch (encoding) {
      case Encoding.bool8:
        return engine.kind === "bool" ? view.getUint8(at) !== 0 : BigInt(view.getUint8(at));
      case Encoding.int8:
        return BigInt(view.getUint8(at));
      case Encoding.int16:
        return BigInt(view.getInt16(at, true));
      case Encoding.int32:
        return BigInt(view.getInt32(at, true));
      case Encoding.int64:
        return view.getBigInt64(at, true);
      case Encoding.float32:
        return view.getFloat32(at, true);
      case Encoding.float64:
        return view.getFloat64(at, true);
      case Encoding.decimal64: {
        const image = view.getBigInt64(at, true);
        return image === LEAST64 ? DECIMAL_NAN : image;
      }
      case Encoding.decimal128: {
        const image = (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
        return image === LEAST128 ? DECIMAL_NAN : image;
      }
      case Encoding.text4:
        return unpackText(this.#bytes.subarray(at, at + 4));
      case Encoding.text8:
        return unpackText(this.#bytes.subarray(at, at + 8));
      case Encoding.text:
      case Encoding.datum:
        return this.#string(at);
    }
  }

  #string(at: number): Uint8Array {
    const length = this.#view.getUint32(at + View.length, true);
    if (length <= VIEW_INLINE_BYTES) return this.#bytes.slice(at + View.prefix, at + View.prefix + length);
    const tailOffset = this.#view.getUint32(PageHeader.tail_offset, true);
    const tailBytes = this.#view.getUint32(PageHeader.tail_bytes, true);
    const offset = this.#view.getUint32(at + View.offset, true);
    check(
      this.#view.getUint32(at + View.buffer, true) === 0 && offset + length <= tailBytes,
      "a string beyond the tail",
    );
    return this.#bytes.slice(tailOffset + offset, tailOffset + offset + length);
  }
}
