// A page as an Apache Arrow RecordBatch, without copying: its buffers are the page's own, but for packed text. Fields
// have Arrow's storage types and say in their metadata what PostgreSQL means by them (encoding, scale, SQL type). For
// tests and traces.
import { defined } from "#base/assert.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import { PageColumn, PageHeader, View } from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";
import {
  BinaryView,
  type Data,
  type DataType,
  Decimal,
  Field,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  RecordBatch,
  Schema,
  Struct,
  Uint8,
  Utf8View,
  makeData,
} from "apache-arrow";
import { unpackText } from "./page_reader.js";

const DECIMAL128_DIGITS = 38;

/** One column's buffers in place. */
interface Buffers {
  readonly length: number;
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array;
  readonly values: Uint8Array;
  readonly tail: Uint8Array;
}

/** Typed views need their own alignment, which 64-byte aligned buffers of an aligned page always have. */
function typed<T>(
  values: Uint8Array,
  width: number,
  make: (buffer: ArrayBufferLike, offset: number, length: number) => T,
): T {
  return make(values.buffer, values.byteOffset, values.byteLength / width);
}

/** Arrow has no packed text: it becomes views of short strings. */
function viewsOf(packed: Uint8Array, width: number): Uint8Array {
  const rows = packed.length / width;
  const views = new Uint8Array(rows * View.SIZE);
  for (let row = 0; row < rows; row++) {
    const text = unpackText(packed.subarray(row * width, (row + 1) * width));
    views[row * View.SIZE + View.length] = text.length;
    views.set(text, row * View.SIZE + View.prefix);
  }
  return views;
}

function columnData(column: ColumnType, buffers: Buffers): Data<DataType> {
  const { length, nullCount, nullBitmap, values, tail } = buffers;
  const common = { length, nullCount, nullBitmap };
  switch (column.encoding) {
    case Encoding.bool8:
    case Encoding.int8:
      return makeData({ ...common, type: new Uint8(), data: values });
    case Encoding.int16:
      return makeData({
        ...common,
        type: new Int16(),
        data: typed(values, 2, (...at) => new Int16Array(...at)),
      });
    case Encoding.int32:
      return makeData({
        ...common,
        type: new Int32(),
        data: typed(values, 4, (...at) => new Int32Array(...at)),
      });
    case Encoding.int64:
    case Encoding.decimal64:
      return makeData({
        ...common,
        type: new Int64(),
        data: typed(values, 8, (...at) => new BigInt64Array(...at)),
      });
    case Encoding.float32:
      return makeData({
        ...common,
        type: new Float32(),
        data: typed(values, 4, (...at) => new Float32Array(...at)),
      });
    case Encoding.float64:
      return makeData({
        ...common,
        type: new Float64(),
        data: typed(values, 8, (...at) => new Float64Array(...at)),
      });
    case Encoding.decimal128: {
      const type = new Decimal(column.scale, DECIMAL128_DIGITS, 128);
      return makeData({ ...common, type, data: typed(values, 4, (...at) => new Uint32Array(...at)) });
    }
    case Encoding.text4:
    case Encoding.text8:
      return makeData({
        ...common,
        type: new Utf8View(),
        views: viewsOf(values, defined(encodingWidth[column.encoding], "a width")),
        variadicBuffers: [tail],
      });
    case Encoding.text:
      return makeData({ ...common, type: new Utf8View(), views: values, variadicBuffers: [tail] });
    case Encoding.datum:
      return makeData({ ...common, type: new BinaryView(), views: values, variadicBuffers: [tail] });
  }
}

function metadata(column: ColumnType): Map<string, string> {
  const name = Object.entries(Encoding).find(([, code]) => code === column.encoding)?.[0] ?? "";
  return new Map([
    ["pg_fusion.encoding", name],
    ["pg_fusion.scale", String(column.scale)],
    ["pg_fusion.sql_type", String(column.sqlType)],
  ]);
}

/** The rows of a verified page; valid for as long as the page's bytes are. */
export function pageAsRecordBatch(
  bytes: Uint8Array,
  columns: readonly ColumnType[],
  names: readonly string[],
): RecordBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = view.getUint32(PageHeader.row_count, true);
  const tailOffset = view.getUint32(PageHeader.tail_offset, true);
  const tail = bytes.subarray(tailOffset, tailOffset + view.getUint32(PageHeader.tail_bytes, true));
  const children = columns.map((column, index) => {
    const entry = PageHeader.SIZE + index * PageColumn.SIZE;
    const validity = view.getUint32(entry + PageColumn.validity_offset, true);
    const values = view.getUint32(entry + PageColumn.values_offset, true);
    return columnData(column, {
      length: rows,
      nullCount: view.getUint32(entry + PageColumn.null_count, true),
      nullBitmap: bytes.subarray(validity, validity + Math.ceil(rows / 8)),
      values: bytes.subarray(values, values + rows * defined(encodingWidth[column.encoding], "a width")),
      tail,
    });
  });
  const fields = columns.map((column, index) => {
    const { type } = defined(children[index], "a child");
    return new Field(names[index] ?? `column ${index}`, type, column.nullable, metadata(column));
  });
  return new RecordBatch(
    new Schema(fields),
    makeData({ type: new Struct(fields), length: rows, nullCount: 0, children }),
  );
}
