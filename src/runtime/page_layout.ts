// Where the buffers of a page stand for a column list and a row capacity: the one computation behind result pages and
// pages built in tests. The extension computes the same from schemas/layout/page.json. Read next: page_builder.ts.
import { assert, defined } from "#base/assert.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import { PAGE_BUFFER_ALIGN, PAGE_MAGIC, PAGE_VERSION, PageColumn, PageHeader } from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";

export interface PageLayout {
  readonly rowCapacity: number;
  readonly validityOffsets: readonly number[];
  readonly valuesOffsets: readonly number[];
  readonly tailOffset: number;
  readonly pageBytes: number;
}

const align = (offset: number): number => Math.ceil(offset / PAGE_BUFFER_ALIGN) * PAGE_BUFFER_ALIGN;

const widthOf = (column: ColumnType): number => defined(encodingWidth[column.encoding], "a value width");

/** Buffers for so many rows, or undefined when they do not fit. */
export function layoutForRows(
  columns: readonly ColumnType[],
  rowCapacity: number,
  pageBytes: number,
): PageLayout | undefined {
  const validityOffsets: number[] = [];
  const valuesOffsets: number[] = [];
  let end = align(PageHeader.SIZE + columns.length * PageColumn.SIZE);
  for (const column of columns) {
    validityOffsets.push(end);
    end = align(end + Math.ceil(rowCapacity / 8));
    valuesOffsets.push(end);
    end = align(end + rowCapacity * widthOf(column));
  }
  return end > pageBytes
    ? undefined
    : { rowCapacity, validityOffsets, valuesOffsets, tailOffset: end, pageBytes };
}

/** A page without columns still counts rows; as many as the extension puts into one. */
const COLUMNLESS_ROWS = 65_536;

/** The least page that has so many rows, without a tail. */
export function bytesForRows(columns: readonly ColumnType[], rows: number): number {
  return defined(layoutForRows(columns, rows, Infinity), "room without end").tailOffset;
}

/**
 * The layout of result pages. Columns with a tail leave half the page to it: long strings then end a page early, and
 * short ones waste at most that half. The page is larger than it was to be when a row has that many columns.
 */
export function resultLayout(columns: readonly ColumnType[], pageBytesMin: number): PageLayout {
  const pageBytes = Math.max(pageBytesMin, 2 * bytesForRows(columns, 1));
  if (columns.length === 0) return defined(layoutForRows(columns, COLUMNLESS_ROWS, pageBytes), "a header");
  const hasTail = columns.some(({ encoding }) => encoding === Encoding.text || encoding === Encoding.datum);
  const room = hasTail ? pageBytes / 2 : pageBytes;
  const bitsPerRow = columns.reduce((sum, column) => sum + widthOf(column) * 8 + 1, 0);
  const overhead =
    PageHeader.SIZE + columns.length * (PageColumn.SIZE + 2 * PAGE_BUFFER_ALIGN) + PAGE_BUFFER_ALIGN;
  const rows = Math.max(1, Math.floor(((room - overhead) * 8) / bitsPerRow));
  return defined(layoutForRows(columns, rows, pageBytes), "room for a row");
}

const fingerprints = new WeakMap<readonly ColumnType[], bigint>();

/** FNV-1a over encoding and scale of every column, see schemas/layout/page.json. Asked per page, so remembered. */
export function schemaFingerprint(columns: readonly ColumnType[]): bigint {
  const known = fingerprints.get(columns);
  if (known !== undefined) return known;
  const hash = computeFingerprint(columns);
  fingerprints.set(columns, hash);
  return hash;
}

function computeFingerprint(columns: readonly ColumnType[]): bigint {
  let hash = 0xcbf29ce484222325n;
  const mix = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  };
  for (const { encoding, scale } of columns) {
    mix(encoding);
    mix(scale & 0xff);
    mix((scale >> 8) & 0xff);
  }
  return hash;
}

/** Writes header and column table of an empty page; validity is all ones. */
export function writeEmptyPage(
  bytes: Uint8Array,
  columns: readonly ColumnType[],
  layout: PageLayout,
  fingerprint: bigint,
): void {
  assert(bytes.length >= layout.tailOffset, "room for the buffers");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  bytes.fill(0, 0, PageHeader.SIZE + columns.length * PageColumn.SIZE);
  view.setUint32(PageHeader.magic, PAGE_MAGIC, true);
  view.setUint16(PageHeader.version, PAGE_VERSION, true);
  view.setUint16(PageHeader.column_count, columns.length, true);
  view.setBigUint64(PageHeader.schema_fingerprint, fingerprint, true);
  view.setUint32(PageHeader.row_capacity, layout.rowCapacity, true);
  view.setUint32(PageHeader.tail_offset, layout.tailOffset, true);
  view.setUint32(PageHeader.page_bytes, layout.pageBytes, true);
  columns.forEach((column, index) => {
    const entry = PageHeader.SIZE + index * PageColumn.SIZE;
    const validity = defined(layout.validityOffsets[index], "an offset");
    view.setUint32(entry + PageColumn.validity_offset, validity, true);
    view.setUint32(entry + PageColumn.values_offset, defined(layout.valuesOffsets[index], "an offset"), true);
    view.setUint16(entry + PageColumn.encoding, column.encoding, true);
    bytes.fill(0xff, validity, validity + Math.ceil(layout.rowCapacity / 8));
  });
}
