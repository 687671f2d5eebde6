// The host's side of a table of rows: its memory while it fills, then its directory or its order, made a part at a
// time so that no call is long. A table that does not fit its share of memory goes to disk as it fills: by the hashes
// of its keys, or in sorted runs. Read next: lowering/table_plan.ts, lowering/probe_step.ts, row_chunks.ts,
// row_order.ts, spill/spilled_stages.ts.
import { defined } from "#base/assert.js";
import { TableRow, TableState } from "#lowering/control_block.js";
import { prefixLayout } from "#lowering/sort_prefix.js";
import type { TablePlan } from "#lowering/table_plan.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import { BLOCK_BYTES, type EngineMemory } from "./memory.js";
import { ADDRESS_BYTES } from "./merge_order.js";
import { PREFIX_BYTES_PER_ROW } from "./prefix_order.js";
import { RowChunks, type RowRun } from "./row_chunks.js";
import { nthRow, openOrdering, type RowOrdering, type SortKernel } from "./row_order.js";
import { RowWindow, type WindowCode, windowBytesPerRow } from "./row_window.js";
import { type LoadedRows, segmentsWithin } from "./spill/row_reader.js";
import { SEQUENCE_LEVEL, type SpilledRows } from "./spill/row_writer.js";
import { type OrderedRows, SortedRuns } from "./spill/sorted_runs.js";
import { type SpillableTable, TableSpill } from "./spill/table_spill.js";
import { WindowedRuns } from "./spill/windowed_runs.js";

const ENTRY_BYTES = 8;
const FIRST_ENTRIES = 16;
/** A directory has two entries for each row, up to the next power of two; an order takes as much at most. */
const INDEX_BYTES_PER_ROW = 4 * ENTRY_BYTES;
/** Pieces of a partition that are probed one after the other rather than divided into partitions. */
const PIECES_PROBED = 2;
const ALL_BITS = (1n << 64n) - 1n;

/** Compiled code over ordered rows, asked for when there are some. */
export interface OrderedCode {
  sort(): SortKernel;
  window(): WindowCode;
}

export interface TableOptions {
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly plan: TablePlan;
  /** Address of the table's state in the control block. */
  readonly state: number;
  readonly code: OrderedCode;
  readonly spillable: SpillableTable | undefined;
  readonly chunkBytesMax: number;
  /** A thread's that helps: it keeps whatever comes, and the owner orders the rows. */
  readonly isHelpers?: boolean;
}

export class TableStore {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #plan: TablePlan;
  readonly #chunks: RowChunks;
  readonly #magnitudes: number;
  readonly #code: OrderedCode;
  readonly #spill: TableSpill | undefined;
  readonly #mayBound: boolean;
  #ordering: RowOrdering | undefined;
  #sort: SortKernel | undefined;
  #window: RowWindow | undefined;
  #finished = false;
  /** Rows still to be linked, gathered or written; undefined before that starts. */
  #pending: RowRun[] | undefined;
  /** A run of its own, when it is not the last thing a table needs of memory. */
  #directory: number | undefined;
  /** Compiled code has asked for room there is not, or all rows have come and some are still in memory. */
  #roomWanted = false;
  /** Rows that came and are in memory no more. */
  #rowsGone = 0;
  #level: number;
  #spilled: SpilledRows | undefined;
  #sorted: SortedRuns | undefined;
  #delivered: number | undefined;
  #loaded: LoadedRows | undefined;
  #released = false;

  constructor({
    arena, kernels, plan, state, code, spillable, chunkBytesMax, isHelpers = false,
  }: TableOptions) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#code = code;
    this.#level = plan.inSequence ? SEQUENCE_LEVEL : 0;
    this.#mayBound = plan.order?.rows !== undefined && plan.window === undefined && !isHelpers;
    this.#spill = spillable && new TableSpill(arena, spillable, plan.rowBytes);
    this.#chunks = new RowChunks(arena, state, plan.rowBytes, chunkBytesMax);
    this.#magnitudes = arena.allocate(Math.max(1, plan.columns.length) * 8);
    const { bytes } = arena.memory;
    bytes.fill(0, this.#magnitudes, this.#magnitudes + plan.columns.length * 8);
    this.#chunks.set(TableState.magnitudes, this.#magnitudes);
    const nullRow = arena.allocate(plan.rowBytes);
    this.#writeNullRow(nullRow);
    this.#chunks.set(TableState.nullRow, nullRow);
  }

  /** All rows that came, or those that were read back. */
  get rows(): number {
    return this.#loaded?.rows ?? this.#chunks.get(TableState.groups);
  }

  /** No row has come, and none takes the place of one that is missing. */
  get empty(): boolean {
    return this.rows === 0 && !this.#plan.single && this.#spilled === undefined && this.#sorted === undefined;
  }

  /** Rows the next reading delivers: of a table in sorted runs those of one batch. */
  get rowsDelivered(): number {
    return this.#delivered ?? this.rows;
  }

  /** Rows that came to the table's probe in the last call. */
  get entered(): number {
    return this.#chunks.get(TableState.entered);
  }

  /** Where its rows are, by the hashes of their keys, once all have come and they did not fit memory. */
  get spilled(): SpilledRows | undefined {
    return this.#spilled;
  }

  /** They may be read from there again and again, as they came. */
  get inSequence(): boolean {
    return this.#plan.inSequence;
  }

  /** Its rows in sorted runs, likewise. */
  get sorted(): Pick<SortedRuns, "batches"> | undefined {
    const { window, rowBytes } = this.#plan;
    if (!this.#finished || this.#sorted === undefined || window === undefined)
      return this.#finished ? this.#sorted : undefined;
    const spill = defined(this.#spill, "a table that spills");
    const code = this.#code.window();
    return new WindowedRuns({ arena: this.#arena, spill, code, plan: window, rowBytes }, this.#sorted);
  }

  /** All rows there are, run by run, wherever they are; each run is in memory until the next is asked for. */
  *runs(): Generator<RowRun, void, void> {
    const spill = this.#spill;
    const spilled = this.#spilled ?? (spill?.writing === true ? spill.flushed() : undefined);
    if (spill !== undefined && spilled !== undefined)
      for (const segments of spilled.partitions)
        for (const loaded of this.#batches(spilled, segments)) {
          try {
            yield* loaded.chunks;
          } finally {
            loaded.free();
          }
        }
    yield* this.#chunks.runs();
  }

  /** Room for a row; false when the call must end first, for `makeRoom`. */
  addRows(): boolean {
    const spill = this.#spill;
    const holds = this.#chunks.get(TableState.firstChunk) !== 0;
    this.#tightenBound();
    if (spill !== undefined && holds) {
      const full = spill.always || spill.writing ||
        !spill.allows(this.#chunks.nextBytes + this.#rowsHere * INDEX_BYTES_PER_ROW);
      this.#roomWanted ||= full;
      if (full) return false;
    }
    this.#chunks.addRows();
    return true;
  }

  /** Room for strings of a row that has its place: there is always some, but perhaps none for a next row. */
  addBytes(need: number): void {
    this.#chunks.addBytes(need);
    const spill = this.#spill;
    if (spill !== undefined && (spill.always || spill.writing || !spill.allows(0))) this.#chunks.closeRows();
  }

  /** Does a part of the way to disk of the rows in memory, if they are to go; true when nothing is left to do. */
  makeRoom(): boolean {
    if (!this.#roomWanted) return true;
    const moved = this.#plan.order === undefined ? this.#scatter() : this.#writeRun();
    if (!moved) return false;
    this.#chunks.clear();
    this.#chunks.set(TableState.bound, 0);
    this.#pending = undefined;
    this.#rowsGone = this.#chunks.get(TableState.groups);
    this.#roomWanted = false;
    return true;
  }

  /** Takes over rows that another thread kept in memory of its own, by the state of its table; true once it has. */
  adopt(other: number, memoryOwner: number): boolean {
    // Rows on their way to disk go first: what comes now is not among those the way was begun with.
    if (!this.makeRoom()) return false;
    const { view } = this.#arena.memory;
    const at = (field: number): number => view.getUint32(other + field, true);
    this.#chunks.set(TableState.groups, this.#chunks.get(TableState.groups) + at(TableState.groups));
    this.#chunks.set(TableState.nullKeys, this.#chunks.get(TableState.nullKeys) | at(TableState.nullKeys));
    this.#plan.columns.forEach((_, column) => {
      const [own, its] = [this.#magnitudes, at(TableState.magnitudes)].map((bits) => bits + 8 * column);
      const bits = view.getBigUint64(own ?? 0, true) | view.getBigUint64(its ?? 0, true);
      view.setBigUint64(own ?? 0, bits, true);
    });
    this.#chunks.append(other, this.#arena.adopt(memoryOwner));
    return true;
  }

  /** A bound of |value| over a column; Infinity when unknown or NaN. */
  magnitude(column: number): number {
    return measuredMagnitude(this.#arena.memory, this.#plan, this.#magnitudes, column);
  }

  /** Does a part of what a full table needs before it is read; true when nothing is left to do. */
  finish(): boolean {
    if (this.#finished) return true;
    if (!this.makeRoom()) return false;
    if (this.#goesToDisk) this.#finished = this.#seal();
    else this.#finished = this.#index();
    return this.#finished;
  }

  /** Takes what is on disk away, so that more rows may come. */
  takeSpilled(): SpilledRows | undefined {
    const spilled = this.#spilled;
    this.#spilled = undefined;
    this.reopen();
    return spilled;
  }

  /** More rows come, now that those that were taken away have been read. */
  reopen(): void {
    this.#finished = false;
  }

  /** What is on its way to disk, in a file that is not sealed. */
  get bytesWritten(): number {
    return this.#spill?.bytesWritten ?? 0;
  }

  /** How many bytes on disk are worth reading a table of so many for them alone. */
  waitingBytes(tableBytes: number): number {
    return defined(this.#spill, "a table that spills").budget.waitingBytes(tableBytes);
  }

  /** Rows that come from now on go to partitions of this level. */
  spillAt(level: number): void {
    this.#level = level;
  }

  /** Rows of a partition, as many at a time as are read at once. */
  *batches(spilled: SpilledRows, partition: number): IterableIterator<LoadedRows> {
    yield* this.#batches(spilled, defined(spilled.partitions[partition], "a partition"));
  }

  /** Whether a partition takes so much more memory than there is that dividing it again is worth it. */
  outgrows(spilled: SpilledRows, partition: number): boolean {
    const segments = defined(spilled.partitions[partition], "a partition");
    const bytes = defined(this.#spill, "a table that spills").budget.partBytes * PIECES_PROBED;
    return segmentsWithin(segments, 0, bytes, INDEX_BYTES_PER_ROW) < segments.length;
  }

  /** Divides a partition by the hash bits of another level; each yield is a good moment to do other things. */
  *divide(spilled: SpilledRows, partition: number, level: number): Generator<void, SpilledRows, void> {
    const writer = defined(this.#spill, "a table that spills").newPartitions(level);
    for (const loaded of this.batches(spilled, partition)) {
      for (const { first, end } of loaded.chunks) writer.scatter(first, end);
      loaded.free();
      yield;
    }
    writer.flush();
    writer.close();
    return writer.spilled;
  }

  /** Reads as much of a partition as may be probed at once; where the rest begins. */
  loadPart(spilled: SpilledRows, partition: number, from: number): number {
    const spill = defined(this.#spill, "a table that spills");
    const segments = defined(spilled.partitions[partition], "a partition");
    const end = segmentsWithin(segments, from, spill.budget.partBytes, INDEX_BYTES_PER_ROW);
    this.show(spill.load(spilled, segments.slice(from, end)));
    this.#finished = false;
    this.#pending = undefined;
    this.#chunks.set(TableState.lastPart, end === segments.length ? 1 : 0);
    return end;
  }

  /** Has rows that were read back in place of its own. */
  show(loaded: LoadedRows): void {
    this.#loaded = loaded;
    this.#chunks.adopt(loaded.chunks);
    this.#finished = true;
  }

  /** Gives rows that were read back up, and their directory. */
  unload(): void {
    this.#loaded?.free();
    this.#loaded = undefined;
    if (this.#directory !== undefined) this.#arena.freeRun(this.#directory);
    this.#directory = undefined;
    this.#pending = undefined;
    this.#chunks.adopt([]);
    this.#finished = true;
  }

  /** Nothing reads the rows any more. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.unload();
    this.#chunks.clear();
    this.#ordering?.free();
    this.#spilled?.file.close();
  }

  /** Which rows are delivered, of a table in sorted runs. */
  deliver({ order, end }: OrderedRows): void {
    this.#delivered = (end - order) / ADDRESS_BYTES;
    this.#chunks.set(TableState.order, order);
    this.#chunks.set(TableState.orderEnd, end);
  }

  /** Of the first rows that are wanted, a full chunk may know the last: from then on nothing behind it is kept. */
  #tightenBound(): void {
    if (!this.#mayBound) return;
    const { order, rowBytes } = this.#plan;
    const { first, end } = this.#chunks.current;
    const wanted = order?.rows ?? Infinity;
    if ((end - first) / rowBytes < wanted) return;
    const { merge, compare } = (this.#sort ??= this.#code.sort());
    const last = nthRow(this.#arena, merge, { first, end }, rowBytes, wanted);
    const bound = this.#chunks.get(TableState.bound);
    if (bound === 0 || compare(last, bound) < 0) this.#chunks.set(TableState.bound, last);
  }

  get #rowsHere(): number {
    return this.rows - (this.#loaded === undefined ? this.#rowsGone : 0);
  }

  /** Rows that are delivered of a sorted table, at most. */
  get #rowsMax(): number {
    return this.#plan.order?.rows ?? Infinity;
  }

  get #goesToDisk(): boolean {
    if (this.#loaded !== undefined) return false;
    const spill = this.#spill;
    return this.#sorted !== undefined || (spill !== undefined && (spill.always || spill.writing));
  }

  *#batches(spilled: SpilledRows, segments: SpilledRows["partitions"][number]): IterableIterator<LoadedRows> {
    const spill = defined(this.#spill, "a table that spills");
    for (let from = 0; from < segments.length;) {
      const end = segmentsWithin(segments, from, spill.budget.readBytes);
      yield spill.load(spilled, segments.slice(from, end));
      from = end;
    }
  }

  /** All rows have come: the last ones follow those on disk. */
  #seal(): boolean {
    const spill = defined(this.#spill, "a table that spills");
    if (this.#chunks.get(TableState.firstChunk) !== 0) {
      this.#roomWanted = true;
      return false;
    }
    if (spill.writing) this.#spilled = spill.seal();
    return true;
  }

  /** Writes a run of rows to their partitions; true when all are written. */
  #scatter(): boolean {
    const spill = defined(this.#spill, "a table that spills");
    if (!spill.writing) spill.open(this.#level);
    return this.#eachRun(({ first, end }) => spill.scatter(first, end));
  }

  /** Orders the rows in memory, then writes some of them; true when all are written. */
  #writeRun(): boolean {
    if (this.#sorted?.writing !== true) {
      const order = this.#order();
      if (order === undefined) return false;
      const spill = defined(this.#spill, "a table that spills");
      this.#sorted ??= new SortedRuns(this.#arena, spill, this.#code.sort(), this.#plan.rowBytes, this.#rowsMax);
      this.#sorted.begin(order);
    }
    if (!this.#sorted.step()) return false;
    this.#ordering?.free();
    this.#ordering = undefined;
    return true;
  }

  /** Does a part of what rows in memory need before they are read. */
  #index(): boolean {
    if (this.#pending === undefined && this.#growsTooLarge()) {
      this.#roomWanted = true;
      return false;
    }
    if (this.#plan.order !== undefined) {
      if (this.#window !== undefined) return this.#windowed(this.#window);
      const order = this.#order();
      if (order === undefined) return false;
      this.deliver(order);
      const { window } = this.#plan;
      if (window !== undefined)
        this.#window = new RowWindow(this.#arena, this.#code.window(), window, order.order, this.rows);
      return window === undefined;
    }
    if (this.#pending === undefined) {
      if (this.#plan.single && this.rows === 0) this.#appendNullRow();
      this.#openDirectory();
    }
    const [directory, mask] = [this.#chunks.get(TableState.directory), this.#chunks.get(TableState.mask)];
    return this.#eachRun(({ first, end }) => this.#kernels.link(first, end, this.#plan.rowBytes, directory, mask));
  }

  #windowed(window: RowWindow): boolean {
    if (!window.advance()) return false;
    window.free();
    return true;
  }

  /** Whether the rows fit memory, but not with their index. */
  #growsTooLarge(): boolean {
    const rows = this.#rowsHere;
    if (this.#spill === undefined || this.#loaded !== undefined || rows === 0) return false;
    const { order, window } = this.#plan;
    const perWindowed = ADDRESS_BYTES + (window === undefined ? 0 : windowBytesPerRow(window));
    const perRow = Math.max(PREFIX_BYTES_PER_ROW, perWindowed);
    return !this.#spill.allows(order === undefined ? entriesFor(rows) * ENTRY_BYTES : rows * perRow);
  }

  /** Gathers the rows in memory, then orders them for a while; the order once it is there, but only once. */
  #order(): OrderedRows | undefined {
    const ordering = (this.#ordering ??= this.#openOrdering());
    if (!this.#eachRun(({ first, end }) => ordering.gather(first, end, this.#plan.rowBytes))) return undefined;
    const order = ordering.advance();
    if (order === undefined) return undefined;
    const rows = Math.min(this.#rowsHere, this.#rowsMax);
    return { order, end: order + ADDRESS_BYTES * rows };
  }

  #openOrdering(): RowOrdering {
    const sort = (this.#sort ??= this.#code.sort());
    const { order } = this.#plan;
    const magnitude = (column: number): number => this.magnitude(column);
    return openOrdering(this.#arena, sort, this.#kernels, this.#rowsHere,
      (start) => prefixLayout(this.#plan, defined(order, "an order"), magnitude, start));
  }

  /** Shows the next run of the rows in memory, if there is one; true when none is left. */
  #eachRun(take: (run: RowRun) => void): boolean {
    this.#pending ??= [...this.#chunks.runs()];
    const next = this.#pending.shift();
    if (next !== undefined) take(next);
    return this.#pending.length === 0;
  }

  #openDirectory(): void {
    const entries = entriesFor(this.#rowsHere);
    const bytes = entries * ENTRY_BYTES;
    const isShort = bytes <= BLOCK_BYTES && this.#loaded === undefined;
    const directory = isShort ? this.#arena.allocate(bytes) : this.#arena.takeRun(bytes);
    this.#directory = isShort ? undefined : directory;
    this.#kernels.rehash(0, 0, directory, entries);
    this.#chunks.set(TableState.directory, directory);
    this.#chunks.set(TableState.mask, entries - 1);
  }

  /** Zeros, and every null bit set. */
  #writeNullRow(row: number): void {
    const { bytes, view } = this.#arena.memory;
    bytes.fill(0, row, row + this.#plan.rowBytes);
    for (let word = 0; word < this.#plan.maskWords; word++)
      view.setInt32(row + TableRow.masks + 4 * word, -1, true);
  }

  #appendNullRow(): void {
    this.#chunks.addRows();
    const row = this.#chunks.get(TableState.rowNext);
    this.#writeNullRow(row);
    this.#chunks.set(TableState.rowNext, row + this.#plan.rowBytes);
    this.#chunks.set(TableState.groups, 1);
  }
}

/** What the magnitudes of a table that stand at an address say about a column. */
export function measuredMagnitude(
  { view }: EngineMemory, { columns }: TablePlan, magnitudes: number, column: number,
): number {
  const stored = columns[column];
  if (stored?.isMeasured !== true) return Infinity;
  const bits = view.getBigUint64(magnitudes + 8 * column, true);
  return bits === ALL_BITS ? Infinity : Number(bits) + 1;
}

function entriesFor(rows: number): number {
  let entries = FIRST_ENTRIES;
  while (entries < rows * 2) entries *= 2;
  return entries;
}
