// Sorted runs of a table on disk, and their merge: of each run one segment is in memory, and what is certain to come
// before everything that is not yet there is merged and handed out, batch by batch. Rows of equal keys stay in the
// order of the runs. Read next: table_store.ts, merge_order.ts.
import { assert, defined } from "#base/assert.js";
import { MergeState } from "#lowering/control_block.js";
import type { Arena } from "../arena.js";
import { ADDRESS_BYTES, mergeRuns } from "../merge_order.js";
import type { SortKernel } from "../row_order.js";
import type { LoadedRows } from "./row_reader.js";
import type { RowWriter, Segment, SpilledRows } from "./row_writer.js";
import type { TableSpill } from "./table_spill.js";

/** Rows that are copied to buffers at a time. */
const ROWS_PER_STEP = 1 << 16;
/** Runs merged at a time; each has a segment in memory, which takes a block of 64 KiB at least. */
const RUNS_MIN = 2;
const BLOCK_BYTES = 65_536;

/** Addresses of rows in their order. */
export interface OrderedRows {
  readonly order: number;
  readonly end: number;
}

/** The next rows of a run that are in memory. */
class RunCursor {
  first = 0;
  end = 0;
  readonly #spill: TableSpill;
  readonly #run: SpilledRows;
  readonly #segments: readonly Segment[];
  #next = 0;
  #loaded: LoadedRows | undefined;

  constructor(spill: TableSpill, run: SpilledRows) {
    this.#spill = spill;
    this.#run = run;
    this.#segments = defined(run.partitions[0], "the rows of a run");
  }

  /** Whether there are rows on disk behind those in memory. */
  get more(): boolean {
    return this.#next < this.#segments.length;
  }

  /** Loads a segment when none is in memory; false at the end of the run. */
  fill(): boolean {
    if (this.first < this.end) return true;
    this.#loaded?.free();
    this.#loaded = undefined;
    const segment = this.#segments[this.#next++];
    if (segment === undefined) {
      this.#run.file.close();
      return false;
    }
    this.#loaded = this.#spill.load(this.#run, [segment]);
    const chunk = defined(this.#loaded.chunks[0], "a segment");
    [this.first, this.end] = [chunk.first, chunk.end];
    return true;
  }

  /** Frees what is in memory before the end of the run. */
  drop(): void {
    this.#loaded?.free();
    this.#loaded = undefined;
  }
}

export class SortedRuns {
  readonly #arena: Arena;
  readonly #spill: TableSpill;
  readonly #sorter: SortKernel;
  readonly #rowBytes: number;
  readonly #rowsMax: number;
  readonly #state: number;
  readonly #runs: SpilledRows[] = [];
  #writer: RowWriter | undefined;
  #place = 0;
  #end = 0;

  /** No more than `rowsMax` rows are wanted, and no run has more. */
  constructor(arena: Arena, spill: TableSpill, sorter: SortKernel, rowBytes: number, rowsMax: number) {
    this.#arena = arena;
    this.#spill = spill;
    this.#sorter = sorter;
    this.#rowBytes = rowBytes;
    this.#rowsMax = rowsMax;
    this.#state = arena.allocate(MergeState.SIZE);
  }

  /** Whether a run was begun that is not written yet. */
  get writing(): boolean {
    return this.#writer !== undefined;
  }

  /** Begins a run of rows that are in memory. */
  begin({ order, end }: OrderedRows): void {
    this.#writer = this.#spill.newRun();
    [this.#place, this.#end] = [order, end];
  }

  /** Writes some of its rows; true when all are written. */
  step(): boolean {
    const writer = defined(this.#writer, "a run that was begun");
    const until = Math.min(this.#place + ROWS_PER_STEP * ADDRESS_BYTES, this.#end);
    writer.gather(this.#place, until);
    this.#place = until;
    if (until < this.#end) return false;
    this.#runs.push(this.#ended(writer));
    this.#writer = undefined;
    return true;
  }

  /** All rows in order; a batch is in memory until the next is asked for. Undefined: others may have their turn. */
  *batches(): Generator<OrderedRows | undefined, void, void> {
    const fanIn = Math.max(RUNS_MIN, Math.floor(this.#spill.budget.partBytes / 2 / this.#runBytes));
    let runs: readonly SpilledRows[] = this.#runs;
    while (runs.length > fanIn) {
      const fewer: SpilledRows[] = [];
      for (let at = 0; at < runs.length; at += fanIn) {
        const writer = this.#spill.newRun();
        for (const batch of this.#merge(runs.slice(at, at + fanIn))) {
          if (batch !== undefined) writer.gather(batch.order, batch.end);
          yield undefined;
        }
        fewer.push(this.#ended(writer));
      }
      runs = fewer;
    }
    let left = this.#rowsMax;
    for (const batch of this.#merge(runs)) {
      if (batch === undefined) {
        yield undefined;
        continue;
      }
      const { order, end } = batch;
      yield { order, end: Math.min(end, order + left * ADDRESS_BYTES) };
      left -= (end - order) / ADDRESS_BYTES;
      if (left <= 0) return;
    }
  }

  get #runBytes(): number {
    return Math.max(BLOCK_BYTES, this.#spill.budget.bufferBytes);
  }

  #ended(writer: RowWriter): SpilledRows {
    writer.flush();
    writer.close();
    return writer.spilled;
  }

  *#merge(runs: readonly SpilledRows[]): Generator<OrderedRows | undefined, void, void> {
    let cursors = runs.map((run) => new RunCursor(this.#spill, run));
    try {
      for (;;) {
        cursors = cursors.filter((cursor) => cursor.fill());
        if (cursors.length === 0) return;
        const ends = this.#safeEnds(cursors);
        const parts = cursors.map(({ first }, index) => ({ first, end: defined(ends[index], "an end") }));
        yield* this.#mergeParts(parts);
        cursors.forEach((cursor, index) => (cursor.first = defined(parts[index], "a part").end));
      }
    } finally {
      for (const cursor of cursors) cursor.drop();
    }
  }

  /** Merges parts of runs, each of rows that stand one behind the other. */
  *#mergeParts(
    parts: readonly { readonly first: number; readonly end: number }[],
  ): Generator<OrderedRows | undefined, void, void> {
    const counts = parts.map(({ first, end }) => (end - first) / this.#rowBytes);
    const rows = counts.reduce((sum, count) => sum + count, 0);
    assert(rows > 0, "a batch has rows");
    const { view } = this.#arena.memory;
    const [source, target] = [0, 1].map(() => this.#arena.takeRun(rows * ADDRESS_BYTES)) as [number, number];
    try {
      let place = source;
      for (const { first, end } of parts)
        for (let row = first; row < end; row += this.#rowBytes, place += ADDRESS_BYTES)
          view.setUint32(place, row, true);
      const merging = mergeRuns(this.#arena.memory, this.#sorter.merge, counts, { state: this.#state, source, target });
      for (let next = merging.next(); ; next = merging.next()) {
        if (next.done === true) {
          yield { order: next.value, end: next.value + rows * ADDRESS_BYTES };
          return;
        }
        yield undefined;
      }
    } finally {
      this.#arena.freeRun(source);
      this.#arena.freeRun(target);
    }
  }

  /**
   * For each run, the end of its rows that come before all that are still on disk: these come behind the last row in
   * memory of their run, and the least of those last rows decides. Of rows equal to it, those of earlier runs are
   * before it, those of later ones behind.
   */
  #safeEnds(cursors: readonly RunCursor[]): readonly number[] {
    let least: { readonly row: number; readonly run: number } | undefined;
    cursors.forEach(({ end, more }, run) => {
      const row = end - this.#rowBytes;
      if (more && (least === undefined || this.#sorter.compare(row, least.row) < 0)) least = { row, run };
    });
    return cursors.map(({ first, end }, run) => {
      if (least === undefined || run === least.run) return end;
      return this.#bound(first, end, least.row, run < least.run);
    });
  }

  /** The first row in order that is greater than another, or with `orEqual` false the first that is not less. */
  #bound(first: number, end: number, other: number, orEqual: boolean): number {
    let [low, high] = [0, (end - first) / this.#rowBytes];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#sorter.compare(first + middle * this.#rowBytes, other);
      if (order < 0 || (orEqual && order === 0)) low = middle + 1;
      else high = middle;
    }
    return first + low * this.#rowBytes;
  }
}
