// A window over sorted runs on disk: their merge is written once more, in parts that hold whole partitions and fit
// memory, and then each part is read and has its window computed. A partition larger than that is a part of its own, as
// large as it is. Read next: sorted_runs.ts, ../row_window.ts.
import { defined } from "#base/assert.js";
import type { WindowPlan } from "#lowering/window_plan.js";
import type { Arena } from "../arena.js";
import { ADDRESS_BYTES } from "../merge_order.js";
import { RowWindow, type WindowCode, windowBytesPerRow } from "../row_window.js";
import type { RowWriter, Segment, SpilledRows } from "./row_writer.js";
import type { OrderedRows, SortedRuns } from "./sorted_runs.js";
import type { TableSpill } from "./table_spill.js";

export class WindowedRuns {
  readonly #arena: Arena;
  readonly #spill: TableSpill;
  readonly #sorted: SortedRuns;
  readonly #code: WindowCode;
  readonly #plan: WindowPlan;
  readonly #rowBytes: number;

  constructor(
    arena: Arena, spill: TableSpill, sorted: SortedRuns, code: WindowCode, plan: WindowPlan, rowBytes: number,
  ) {
    this.#arena = arena;
    this.#spill = spill;
    this.#sorted = sorted;
    this.#code = code;
    this.#plan = plan;
    this.#rowBytes = rowBytes;
  }

  /** All rows in order with their results, part by part. Undefined: others may have their turn. */
  *batches(): Generator<OrderedRows | undefined, void, void> {
    const writer = this.#spill.newRun();
    const ends: number[] = [];
    try {
      yield* this.#divide(writer, ends);
    } finally {
      writer.close();
    }
    const { spilled } = writer;
    const segments = segmentsOf(spilled);
    try {
      for (const [index, end] of ends.entries()) yield* this.#part(spilled, segments.slice(ends[index - 1] ?? 0, end));
    } finally {
      spilled.file.close();
    }
  }

  /** Writes all rows in order; `ends` takes how many segments there are at the end of each part. */
  *#divide(writer: RowWriter, ends: number[]): Generator<undefined, void, void> {
    const bytesMax = this.#spill.budget.partBytes / 2;
    const segments = segmentsOf(writer.spilled);
    let [bytes, counted] = [0, 0];
    const write = (first: number, end: number): void => {
      writer.gather(first, end);
      for (; counted < segments.length; counted++) bytes += this.#bytesOf(defined(segments[counted], "a segment"));
    };
    const end = (): void => {
      writer.flush();
      if (segments.length > (ends.at(-1) ?? 0)) ends.push(segments.length);
      [bytes, counted] = [0, segments.length];
    };
    for (const batch of this.#sorted.batches()) {
      if (batch !== undefined) {
        const boundary = this.#lastPartition(batch);
        write(batch.order, boundary);
        if (boundary > batch.order && bytes >= bytesMax) end();
        write(boundary, batch.end);
      }
      yield undefined;
    }
    end();
  }

  *#part(spilled: SpilledRows, segments: readonly Segment[]): Generator<OrderedRows | undefined, void, void> {
    const loaded = this.#spill.load(spilled, segments);
    const order = this.#arena.takeRun(loaded.rows * ADDRESS_BYTES);
    try {
      const { view } = this.#arena.memory;
      let place = order;
      for (const { first, end } of loaded.chunks)
        for (let row = first; row < end; row += this.#rowBytes, place += ADDRESS_BYTES)
          view.setUint32(place, row, true);
      const window = new RowWindow(this.#arena, this.#code, this.#plan, order, loaded.rows);
      while (!window.advance()) yield undefined;
      yield { order, end: place };
    } finally {
      this.#arena.freeRun(order);
      loaded.free();
    }
  }

  /** Where the last partition of a batch begins, as far as the batch shows. */
  #lastPartition({ order, end }: OrderedRows): number {
    const { view } = this.#arena.memory;
    const rowAt = (index: number): number => view.getUint32(order + index * ADDRESS_BYTES, true);
    const last = (end - order) / ADDRESS_BYTES - 1;
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#code.exports.differs(rowAt(middle), rowAt(last)) !== 0) low = middle + 1;
      else high = middle;
    }
    return order + low * ADDRESS_BYTES;
  }

  #bytesOf({ rows, rowBytes, stringBytes }: Segment): number {
    return rowBytes + stringBytes + rows * (ADDRESS_BYTES + windowBytesPerRow(this.#plan));
  }
}

function segmentsOf({ partitions }: SpilledRows): readonly Segment[] {
  return defined(partitions[0], "the rows of a run");
}
