// A window over sorted runs on disk: their merge is written once more, in parts that hold whole partitions and fit
// memory, and then each part is read and has its window computed. A partition larger than that is divided where its
// window can be worked off in pieces, and else a part of its own, as large as it is. Read next: sorted_runs.ts,
// window_chain.ts.
import { defined } from "#base/assert.js";
import { ADDRESS_BYTES } from "../merge_order.js";
import { windowBytesPerRow } from "../row_window.js";
import type { RowWriter, Segment, SpilledRows } from "./row_writer.js";
import type { OrderedRows, SortedRuns } from "./sorted_runs.js";
import { type ChainContext, type Piece, WindowChain } from "./window_chain.js";

/** A partition that is so much larger than a part is divided. */
const PARTS_BEFORE_DIVISION = 2;

export class WindowedRuns {
  readonly #context: ChainContext;
  readonly #sorted: SortedRuns;

  constructor(context: ChainContext, sorted: SortedRuns) {
    this.#context = context;
    this.#sorted = sorted;
  }

  /** All rows in order with their results, part by part. Undefined: others may have their turn. */
  *batches(): Generator<OrderedRows | undefined, void, void> {
    const { spill } = this.#context;
    const writer = spill.newRun();
    const chains: Piece[][] = [];
    try {
      yield* this.#divide(writer, chains);
    } finally {
      writer.close();
    }
    const { spilled } = writer;
    try {
      for (const pieces of chains)
        yield* new WindowChain(this.#context, spilled, segmentsOf(spilled), pieces).batches();
    } finally {
      spilled.file.close();
    }
  }

  /** Writes all rows in order; `chains` takes which segments are read together, and what goes on with what. */
  *#divide(writer: RowWriter, chains: Piece[][]): Generator<undefined, void, void> {
    const { spill, plan } = this.#context;
    const bytesMax = spill.budget.partBytes / 2;
    const segments = segmentsOf(writer.spilled);
    let [bytes, counted, from] = [0, 0, 0];
    let chain: Piece[] = [];
    const write = (first: number, end: number): void => {
      writer.gather(first, end);
      for (; counted < segments.length; counted++) bytes += this.#bytesOf(defined(segments[counted], "a segment"));
    };
    const endPiece = (): void => {
      writer.flush();
      if (segments.length > from) chain.push({ from, end: segments.length });
      [bytes, counted, from] = [0, segments.length, segments.length];
    };
    const endChain = (): void => {
      endPiece();
      if (chain.length > 0) chains.push(chain);
      chain = [];
    };
    for (const batch of this.#sorted.batches()) {
      if (batch !== undefined) {
        const boundary = this.#lastPartition(batch);
        write(batch.order, boundary);
        if (boundary > batch.order && bytes >= bytesMax) endChain();
        write(boundary, batch.end);
        if (plan.reach !== undefined && bytes >= PARTS_BEFORE_DIVISION * bytesMax) endPiece();
      }
      yield undefined;
    }
    endChain();
  }

  /** Where the last partition of a batch begins, as far as the batch shows. */
  #lastPartition({ order, end }: OrderedRows): number {
    const { arena, code } = this.#context;
    const { view } = arena.memory;
    const rowAt = (index: number): number => view.getUint32(order + index * ADDRESS_BYTES, true);
    const last = (end - order) / ADDRESS_BYTES - 1;
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (code.exports.differs(rowAt(middle), rowAt(last)) !== 0) low = middle + 1;
      else high = middle;
    }
    return order + low * ADDRESS_BYTES;
  }

  #bytesOf({ rows, rowBytes, stringBytes }: Segment): number {
    return rowBytes + stringBytes + rows * (ADDRESS_BYTES + windowBytesPerRow(this.#context.plan));
  }
}

function segmentsOf({ partitions }: SpilledRows): readonly Segment[] {
  return defined(partitions[0], "the rows of a run");
}
