// A page as it goes into a trace: its rows and nothing else. Pages of the pool are used again and again, so the room
// between and behind their buffers, and the places of NULLs, hold what earlier pages left there, other users' rows
// among it. Packed, a page is its header and column table, then each column's validity and values, then the tail.
import { encodingWidth } from "#generated/encodings.js";
import { PAGE_MAGIC, PageColumn, PageHeader } from "#generated/layout.js";

/** A run of bytes that belongs to the rows: where it stands in the page, and in which order it is packed. */
interface Run {
  readonly at: number;
  readonly bytes: number;
}

interface Column {
  readonly validity: Run;
  readonly values: Run;
  readonly width: number;
  readonly nullCount: number;
}

interface Shape {
  readonly rows: number;
  readonly table: Run;
  readonly columns: readonly Column[];
  readonly tail: Run;
}

/** What the header and the column table say; undefined when they are none, or lead out of the page. */
function shapeOf(page: Uint8Array, pageBytes: number): Shape | undefined {
  if (page.length < PageHeader.SIZE) return undefined;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const tableBytes = PageHeader.SIZE + view.getUint16(PageHeader.column_count, true) * PageColumn.SIZE;
  if (view.getUint32(PageHeader.magic, true) !== PAGE_MAGIC || page.length < tableBytes) return undefined;
  const rows = view.getUint32(PageHeader.row_count, true);
  const columns: Column[] = [];
  for (let entry: number = PageHeader.SIZE; entry < tableBytes; entry += PageColumn.SIZE) {
    const width = encodingWidth[view.getUint16(entry + PageColumn.encoding, true)];
    if (width === undefined) return undefined;
    columns.push({
      width,
      validity: { at: view.getUint32(entry + PageColumn.validity_offset, true), bytes: Math.ceil(rows / 8) },
      values: { at: view.getUint32(entry + PageColumn.values_offset, true), bytes: rows * width },
      nullCount: view.getUint32(entry + PageColumn.null_count, true),
    });
  }
  const tail = {
    at: view.getUint32(PageHeader.tail_offset, true), bytes: view.getUint32(PageHeader.tail_bytes, true),
  };
  const shape = { rows, table: { at: 0, bytes: tableBytes }, columns, tail };
  return runsOf(shape).every(({ at, bytes }) => at + bytes <= pageBytes) ? shape : undefined;
}

function runsOf({ table, columns, tail }: Shape): Run[] {
  return [table, ...columns.flatMap(({ validity, values }) => [validity, values]), tail];
}

/** Zeros where rows are NULL. */
function cleanNulls(page: Uint8Array, { validity, values, width }: Column, rows: number): void {
  for (let row = 0; row < rows; row++) {
    const valid = ((page[validity.at + (row >> 3)] ?? 0) >> (row & 7)) & 1;
    if (valid === 0) page.fill(0, values.at + row * width, values.at + (row + 1) * width);
  }
}

/** The rows of a page. One that does not read like a page is kept whole: then its bytes are what matters. */
export function packPage(page: Uint8Array): Uint8Array {
  const shape = shapeOf(page, page.length);
  if (shape === undefined) return page.slice();
  const runs = runsOf(shape);
  const packed = new Uint8Array(runs.reduce((sum, { bytes }) => sum + bytes, 0));
  let at = 0;
  for (const run of runs) {
    packed.set(page.subarray(run.at, run.at + run.bytes), at);
    at += run.bytes;
  }
  if (shape.columns.every(({ nullCount }) => nullCount === 0)) return packed;
  return packNulls(packed, shape);
}

/** The same where there are NULLs: their places are cleaned in the packed page. */
function packNulls(packed: Uint8Array, { rows, table, columns }: Shape): Uint8Array {
  let at = table.bytes;
  for (const column of columns) {
    const validity = { ...column.validity, at };
    const values = { ...column.values, at: at + validity.bytes };
    if (column.nullCount > 0) cleanNulls(packed, { ...column, validity, values }, rows);
    at = values.at + values.bytes;
  }
  return packed;
}

/** The page that was packed, with zeros where nobody looks; at most `pageBytes` long. */
export function unpackPage(packed: Uint8Array, pageBytes: number): Uint8Array {
  const shape = shapeOf(packed, pageBytes);
  const runs = shape === undefined ? [] : runsOf(shape);
  const isPacked = packed.length === runs.reduce((sum, { bytes }) => sum + bytes, 0);
  if (shape === undefined || !isPacked) return packed.slice(0, pageBytes);
  const page = new Uint8Array(pageBytes);
  let at = 0;
  for (const run of runs) {
    page.set(packed.subarray(at, at + run.bytes), run.at);
    at += run.bytes;
  }
  return page;
}
