// The host's side of a table of rows: its memory while it fills, then its directory or its order, made a part at a
// time so that no call is long. Read next: lowering/table_plan.ts, lowering/probe_step.ts, row_chunks.ts, row_order.ts.
import { GroupChunk, TableRow, TableState } from "#lowering/control_block.js";
import type { TablePlan } from "#lowering/table_plan.js";
import { isMeasured } from "#lowering/table_sink.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import { BLOCK_BYTES } from "./memory.js";
import { RowChunks } from "./row_chunks.js";
import { type Merge, RowOrdering } from "./row_order.js";
import { RowWindow, type WindowCode } from "./row_window.js";

const ENTRY_BYTES = 8;
const FIRST_ENTRIES = 16;
const ALL_BITS = (1n << 64n) - 1n;

/** Compiled code over ordered rows. */
export interface OrderedCode {
  merge(): Merge;
  window(): WindowCode;
}

export class TableStore {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #plan: TablePlan;
  readonly #chunks: RowChunks;
  readonly #magnitudes: number;
  readonly #code: OrderedCode;
  #ordering: RowOrdering | undefined;
  #window: RowWindow | undefined;
  #finished = false;
  /** The chunk to be linked or gathered next; undefined before linking starts, 0 when all are. */
  #unlinked: number | undefined;

  /** `state` is the address of the table's state in the control block; `code` is asked for when rows are ordered. */
  constructor(arena: Arena, kernels: Kernels, plan: TablePlan, state: number, code: OrderedCode) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#code = code;
    this.#chunks = new RowChunks(arena, state, plan.rowBytes);
    this.#magnitudes = arena.allocate(Math.max(1, plan.columns.length) * 8);
    const { bytes } = arena.memory;
    bytes.fill(0, this.#magnitudes, this.#magnitudes + plan.columns.length * 8);
    this.#chunks.set(TableState.magnitudes, this.#magnitudes);
    const nullRow = arena.allocate(plan.rowBytes);
    this.#writeNullRow(nullRow);
    this.#chunks.set(TableState.nullRow, nullRow);
  }

  get rows(): number {
    return this.#chunks.get(TableState.groups);
  }

  /** Rows that came to the table's probe in the last call. */
  get entered(): number {
    return this.#chunks.get(TableState.entered);
  }

  /** Where rows stand once all have come: from the first's address to the last's end, run by run. */
  *runs(): IterableIterator<{ readonly first: number; readonly end: number }> {
    const { view } = this.#arena.memory;
    for (let chunk = this.#chunks.get(TableState.firstChunk); chunk !== 0;) {
      const isLast = chunk === this.#chunks.get(TableState.currentChunk);
      const end = isLast ? this.#chunks.get(TableState.rowNext) : view.getUint32(chunk + GroupChunk.end, true);
      yield { first: chunk + GroupChunk.SIZE, end };
      chunk = view.getUint32(chunk + GroupChunk.next, true);
    }
  }

  addRows(): void {
    this.#chunks.addRows();
  }

  addBytes(need: number): void {
    this.#chunks.addBytes(need);
  }

  /** A bound of |value| over a column; Infinity when unknown or NaN. */
  magnitude(column: number): number {
    const stored = this.#plan.columns[column];
    if (stored === undefined || !isMeasured(stored)) return Infinity;
    const bits = this.#arena.memory.view.getBigUint64(this.#magnitudes + 8 * column, true);
    return bits === ALL_BITS ? Infinity : Number(bits) + 1;
  }

  /** Does a part of what a full table needs before it is read; true when nothing is left to do. */
  finish(): boolean {
    if (this.#finished) return true;
    if (this.#unlinked === undefined) this.#begin();
    else if (this.#unlinked !== 0) this.#take(this.#unlinked);
    if (this.#unlinked === 0) this.#finished = this.#ordering === undefined || this.#advanceOrder(this.#ordering);
    return this.#finished;
  }

  #begin(): void {
    if (this.#plan.single && this.rows === 0) this.#appendNullRow();
    if (this.#plan.order === undefined) this.#openDirectory();
    else this.#ordering = new RowOrdering(this.#arena, this.#code.merge(), this.rows);
    this.#unlinked = this.#chunks.get(TableState.firstChunk);
  }

  #advanceOrder(ordering: RowOrdering): boolean {
    if (this.#window !== undefined) return this.#window.advance();
    const order = ordering.advance();
    if (order === undefined) return false;
    const { window } = this.#plan;
    if (window !== undefined)
      this.#window = new RowWindow(this.#arena, this.#code.window(), window, order, this.rows);
    const rows = Math.min(this.rows, this.#plan.order?.rows ?? this.rows);
    this.#chunks.set(TableState.order, order);
    this.#chunks.set(TableState.orderEnd, order + 4 * rows);
    return this.#window === undefined;
  }

  #openDirectory(): void {
    let entries = FIRST_ENTRIES;
    while (entries < this.rows * 2) entries *= 2;
    const bytes = entries * ENTRY_BYTES;
    const directory = bytes > BLOCK_BYTES ? this.#arena.takeRun(bytes) : this.#arena.allocate(bytes);
    this.#kernels.rehash(0, 0, directory, entries);
    this.#chunks.set(TableState.directory, directory);
    this.#chunks.set(TableState.mask, entries - 1);
  }

  /** Links or gathers a chunk's rows. */
  #take(chunk: number): void {
    const { view } = this.#arena.memory;
    const isLast = chunk === this.#chunks.get(TableState.currentChunk);
    const end = isLast ? this.#chunks.get(TableState.rowNext) : view.getUint32(chunk + GroupChunk.end, true);
    const first = chunk + GroupChunk.SIZE;
    this.#unlinked = view.getUint32(chunk + GroupChunk.next, true);
    if (this.#ordering !== undefined) {
      this.#ordering.gather(first, end, this.#plan.rowBytes);
      return;
    }
    const [directory, mask] = [this.#chunks.get(TableState.directory), this.#chunks.get(TableState.mask)];
    this.#kernels.link(first, end, this.#plan.rowBytes, directory, mask);
  }

  /** Zeros, and every null bit set. */
  #writeNullRow(row: number): void {
    const { bytes, view } = this.#arena.memory;
    bytes.fill(0, row, row + this.#plan.rowBytes);
    for (let word = 0; word < this.#plan.maskWords; word++)
      view.setInt32(row + TableRow.masks + 4 * word, -1, true);
  }

  #appendNullRow(): void {
    this.addRows();
    const row = this.#chunks.get(TableState.rowNext);
    this.#writeNullRow(row);
    this.#chunks.set(TableState.rowNext, row + this.#plan.rowBytes);
    this.#chunks.set(TableState.groups, 1);
  }
}
