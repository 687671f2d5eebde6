// Builds a page image from plain rows, as a scan producer would: for tests, traces and examples, one value at a time.
// Executor threads never come here. Read next: page_layout.ts, page_reader.ts.
import { assert, defined } from "#base/assert.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import {
  COLUMN_FLAG_RANGE,
  COLUMN_FLAG_SPECIAL,
  PageColumn,
  PageHeader,
  VIEW_INLINE_BYTES,
  View,
} from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";
import { LEAST128, LEAST64 } from "#types/encoding_of.js";
import { layoutForRows, schemaFingerprint, writeEmptyPage } from "./page_layout.js";

export interface BuildOptions {
  readonly pageBytes?: number;
  /** Write minimum and maximum of integer columns into the header. */
  readonly ranges?: boolean;
}

/** A page with all the rows, or an assertion when they do not fit. */
export function buildPage(
  columns: readonly ColumnType[],
  rows: readonly (readonly Scalar[])[],
  options: BuildOptions = {},
): Uint8Array {
  const pageBytes = options.pageBytes ?? 256 * 1024;
  const layout = layoutForRows(columns, Math.max(1, rows.length), pageBytes);
  assert(layout !== undefined, "the rows fit the page");
  const bytes = new Uint8Array(pageBytes);
  writeEmptyPage(bytes, columns, layout, schemaFingerprint(columns));
  const view = new DataView(bytes.buffer);
  view.setUint32(PageHeader.row_count, rows.length, true);
  let tail = 0;
  columns.forEach((column, index) => {
    const values = rows.map((row) => defined(row[index], `column ${index}`));
    const writer = new ColumnWriter(
      bytes,
      column,
      PageHeader.SIZE + index * PageColumn.SIZE,
      layout.tailOffset,
    );
    tail = writer.write(values, tail);
    if (options.ranges === true) writer.writeRange(values);
  });
  view.setUint32(PageHeader.tail_bytes, tail, true);
  assert(layout.tailOffset + tail <= pageBytes, "the strings fit the page");
  return bytes;
}

class ColumnWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #column: ColumnType;
  readonly #entry: number;
  readonly #tailOffset: number;

  constructor(bytes: Uint8Array, column: ColumnType, entry: number, tailOffset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#column = column;
    this.#entry = entry;
    this.#tailOffset = tailOffset;
  }

  /** Returns the tail bytes used after this column. */
  write(values: readonly Scalar[], tailBytes: number): number {
    const width = defined(encodingWidth[this.#column.encoding], "a width");
    const base = this.#view.getUint32(this.#entry + PageColumn.values_offset, true);
    const validity = this.#view.getUint32(this.#entry + PageColumn.validity_offset, true);
    let [tail, nulls, special] = [tailBytes, 0, false];
    values.forEach((value, row) => {
      if (value === null) {
        nulls++;
        const at = validity + (row >> 3);
        this.#bytes[at] = defined(this.#bytes[at], "a validity byte") & ~(1 << (row & 7));
        return;
      }
      special ||= value === DECIMAL_NAN;
      tail = this.#writeValue(base + row * width, value, tail);
    });
    this.#view.setUint32(this.#entry + PageColumn.null_count, nulls, true);
    if (special) this.#view.setUint16(this.#entry + PageColumn.flags, COLUMN_FLAG_SPECIAL, true);
    return tail;
  }

  writeRange(values: readonly Scalar[]): void {
    const numbers = values.filter((value) => typeof value === "bigint");
    const [head, ...rest] = numbers;
    if (head === undefined) return;
    const least = rest.reduce((a, b) => (b < a ? b : a), head);
    const most = rest.reduce((a, b) => (b > a ? b : a), head);
    if (BigInt.asIntN(64, least) !== least || BigInt.asIntN(64, most) !== most) return;
    const flags = this.#view.getUint16(this.#entry + PageColumn.flags, true);
    this.#view.setUint16(this.#entry + PageColumn.flags, flags | COLUMN_FLAG_RANGE, true);
    this.#view.setBigInt64(this.#entry + PageColumn.min, least, true);
    this.#view.setBigInt64(this.#entry + PageColumn.max, most, true);
  }

  #writeValue(at: number, value: Exclude<Scalar, null>, tail: number): number {
    const { encoding } = this.#column;
    switch (encoding) {
      case Encoding.bool8:
      case Encoding.int8:
        this.#view.setInt8(at, Number(value));
        return tail;
      case Encoding.int16:
        this.#view.setInt16(at, Number(value), true);
        return tail;
      case Encoding.int32:
        this.#view.setInt32(at, Number(value), true);
        return tail;
      case Encoding.float32:
        this.#view.setFloat32(at, Number(value), true);
        return tail;
      case Encoding.float64:
        this.#view.setFloat64(at, Number(value), true);
        return tail;
      case Encoding.int64:
      case Encoding.decimal64:
        this.#view.setBigInt64(at, value === DECIMAL_NAN ? LEAST64 : integer(value), true);
        return tail;
      case Encoding.decimal128: {
        const image = value === DECIMAL_NAN ? LEAST128 : integer(value);
        this.#view.setBigInt64(at, BigInt.asIntN(64, image), true);
        this.#view.setBigInt64(at + 8, image >> 64n, true);
        return tail;
      }
      case Encoding.text4:
      case Encoding.text8:
        assert(value instanceof Uint8Array && value.length <= defined(encodingWidth[encoding], "a width"), "few bytes");
        assert(!value.includes(0), "characters");
        this.#bytes.set(value, at);
        return tail;
      case Encoding.text:
      case Encoding.datum:
        assert(value instanceof Uint8Array, "bytes");
        return this.#writeView(at, value, tail);
    }
  }

  #writeView(at: number, value: Uint8Array, tail: number): number {
    this.#view.setUint32(at + View.length, value.length, true);
    if (value.length <= VIEW_INLINE_BYTES) {
      this.#bytes.set(value, at + View.prefix);
      return tail;
    }
    this.#bytes.set(value.subarray(0, 4), at + View.prefix);
    this.#view.setUint32(at + View.offset, tail, true);
    assert(this.#tailOffset + tail + value.length <= this.#bytes.length, "the strings fit the page");
    this.#bytes.set(value, this.#tailOffset + tail);
    return tail + value.length;
  }
}

function integer(value: Scalar): bigint {
  assert(typeof value === "bigint", "an integer");
  return value;
}
