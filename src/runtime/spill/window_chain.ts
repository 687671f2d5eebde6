// The window of a partition larger than memory, piece by piece in the order of its rows. A piece is read with some rows
// before and behind it and told what came before: how far its partition and group have gone, what their rows come to
// together, and copies of those that are asked for by value (the first ones, the least). Where ends are asked for, all
// pieces are gone through once before, to find where groups and partitions end and what they come to by then. Not for
// frames that reach anywhere: plan/window_reach.ts. Read next: ../row_window.ts, windowed_runs.ts.
import { assert, defined } from "#base/assert.js";
import { limitReached } from "#base/errors.js";
import { isRunningPlace, isTree, type WindowPlan, WindowStandIn } from "#lowering/window_plan.js";
import type { WindowReach } from "#plan/window_reach.js";
import type { Arena } from "../arena.js";
import { ADDRESS_BYTES } from "../merge_order.js";
import { type RowPlace, RowWindow, type WindowCode } from "../row_window.js";
import { KeptRows } from "./kept_rows.js";
import type { LoadedRows } from "./row_reader.js";
import type { Segment, SpilledRows } from "./row_writer.js";
import type { OrderedRows } from "./sorted_runs.js";
import type { TableSpill } from "./table_spill.js";

export interface ChainContext {
  readonly arena: Arena;
  readonly spill: TableSpill;
  readonly code: WindowCode;
  readonly plan: WindowPlan;
  readonly rowBytes: number;
}

/** Segments of a run, from one on to before another. */
export interface Piece {
  readonly from: number;
  readonly end: number;
}

type Entries = readonly Uint8Array[];

/** What a piece leaves the next one, about the first row that both read. Rows are numbered through the chain. */
interface Carried {
  readonly row: number;
  readonly place: RowPlace;
  readonly atRow: Entries;
  readonly atPartition: Entries;
  readonly atGroup: Entries;
  /** The first row of the partition and of the group, then the best ones at the row. */
  readonly kept: KeptRows;
}

/** Where a group or partition ends. */
interface End {
  readonly row: number;
  readonly entries: Entries;
  /** The last row, then the best ones. */
  readonly kept: KeptRows;
}

interface Ends {
  readonly group: End;
  readonly partition: End;
}

/** A piece in memory; rows have the numbers of its window. */
interface LoadedPiece {
  readonly window: RowWindow;
  readonly loaded: LoadedRows;
  readonly order: number;
  readonly first: number;
  /** What is added to a number for that in the chain. */
  readonly base: number;
  readonly own: { readonly first: number; readonly end: number };
}

const NOTHING: WindowReach = { before: 0, after: 0, ends: false };
/** Numbers are told as 32 bits with a sign, and are added to; sums are known to have so many terms at most. */
const CHAIN_ROWS_MAX = 1e9;
/** Behind all rows that are looked at, where nobody asks for the end. */
const FAR = 1 << 28;

export class WindowChain {
  readonly #context: ChainContext;
  readonly #spilled: SpilledRows;
  readonly #segments: readonly Segment[];
  readonly #pieces: readonly Piece[];
  readonly #reach: WindowReach;
  /** Arrays with the best place so far, by their number among those with entries that are kept. */
  readonly #best: readonly number[];
  /** The number of each segment's first row, and of the row behind all. */
  readonly #starts: readonly number[];

  constructor(context: ChainContext, spilled: SpilledRows, segments: readonly Segment[], pieces: readonly Piece[]) {
    const { arrays, reach } = context.plan;
    assert(pieces.length === 1 || reach !== undefined, "a window that may be divided");
    this.#context = context;
    this.#spilled = spilled;
    this.#segments = segments;
    this.#pieces = pieces;
    this.#reach = reach ?? NOTHING;
    this.#best = arrays.filter((array) => !isTree(array))
      .flatMap((array, index) => (isRunningPlace(array) ? [index] : []));
    const starts: number[] = [];
    const { from } = this.#piece(0);
    for (let at = from; at <= this.#end; at++)
      starts[at] = at === from ? 0 : defined(starts[at - 1], "a start") + defined(segments[at - 1], "a segment").rows;
    this.#starts = starts;
    const rows = this.#startOf(this.#end);
    if (rows > CHAIN_ROWS_MAX)
      throw limitReached("a window partition has too many rows", `It has ${rows}, of ${CHAIN_ROWS_MAX} at most.`);
  }

  /** All rows in order with their results, piece by piece. Undefined: others may have their turn. */
  *batches(): Generator<OrderedRows | undefined, void, void> {
    const divided = this.#pieces.length > 1;
    const ends = divided && this.#reach.ends ? yield* this.#findEnds() : [];
    let carried: Carried | undefined;
    try {
      for (const index of this.#pieces.keys()) {
        const piece = this.#load(index, carried, ends[index], this.#reach.after);
        try {
          while (!piece.window.advance()) yield undefined;
          carried = this.#pass(piece, index, carried);
          piece.window.free();
          const { order, own } = piece;
          yield { order: order + own.first * ADDRESS_BYTES, end: order + own.end * ADDRESS_BYTES };
        } finally {
          this.#free(piece);
        }
      }
    } finally {
      carried?.kept.free();
      freeEnds(ends);
    }
  }

  /** For each piece, where the group and the partition of its last row end. */
  *#findEnds(): Generator<undefined, readonly (Ends | undefined)[], void> {
    const found: { group: End | undefined; partition: End | undefined }[] = [];
    let carried: Carried | undefined;
    let complete = false;
    try {
      for (const index of this.#pieces.keys()) {
        const piece = this.#load(index, carried, undefined, undefined);
        try {
          while (!piece.window.advance()) yield undefined;
          const partition = this.#firstEnd(piece, index, "partition");
          const group = this.#firstEnd(piece, index, "group");
          found.push({ partition, group: group?.row === partition?.row ? replaced(group, partition) : group });
          carried = this.#pass(piece, index, carried);
        } finally {
          this.#free(piece);
        }
      }
      complete = true;
    } finally {
      carried?.kept.free();
      if (!complete) freeEnds(found);
    }
    return endsBehind(found);
  }

  /** Where what the row before a piece belongs to ends in it; in the last piece it does at the end at least. */
  #firstEnd(piece: LoadedPiece, index: number, of: "partition" | "group"): End | undefined {
    const { window, own } = piece;
    let low = own.end;
    if (index > 0) {
      const open = window.placeAt(own.first - 1)[of];
      low = own.first;
      for (let high = own.end; low < high;) {
        const middle = (low + high) >>> 1;
        if (window.placeAt(middle)[of] > open) high = middle;
        else low = middle + 1;
      }
    }
    if (low === own.end && index < this.#pieces.length - 1) return undefined;
    const entries = window.entriesAt(low);
    const last = this.#rowAt(piece, low - 1);
    return { row: low + piece.base, entries, kept: this.#keep([last, ...this.#bestRows(piece, entries, last)]) };
  }

  /** What the piece leaves the next one; what it was left itself is given up. */
  #pass(piece: LoadedPiece, index: number, before: Carried | undefined): Carried | undefined {
    if (index === this.#pieces.length - 1) return before;
    const { window, base, first } = piece;
    const row = this.#startOf(this.#contextOf(index + 1));
    const { partition, group, groupNumber } = window.placeAt(row - base);
    const entriesAt = (at: number, known: Entries | undefined): Entries =>
      (at < first ? defined(known, "entries of an earlier row") : window.entriesAt(at));
    const rowAt = (at: number, standIn: number): number => this.#rowAt(piece, at < first ? standIn : at);
    const atRow = window.entriesAt(row - base);
    const starts = [rowAt(partition, WindowStandIn.partition), rowAt(group, WindowStandIn.group)];
    const carried = {
      row, atRow, place: { partition: partition + base, group: group + base, groupNumber },
      atPartition: entriesAt(partition, before?.atPartition), atGroup: entriesAt(group, before?.atGroup),
      kept: this.#keep([...starts, ...this.#bestRows(piece, atRow, defined(starts[0], "a row"))]),
    };
    before?.kept.free();
    return carried;
  }

  /** Without `after` only its arrays are asked for. */
  #load(index: number, carried: Carried | undefined, ends: Ends | undefined, after: number | undefined): LoadedPiece {
    const { arena, spill, code, plan } = this.#context;
    const piece = this.#piece(index);
    const [from, end] = [this.#contextOf(index), this.#endOfContext(piece.end, after ?? 0)];
    const first = carried === undefined ? 0 : WindowStandIn.FRONT + this.#best.length;
    const base = this.#startOf(from) - first;
    const own = { first: this.#startOf(piece.from) - base, end: this.#startOf(piece.end) - base };
    const rows = this.#startOf(end) - base;
    const loaded = spill.load(this.#spilled, this.#segments.slice(from, end));
    const order = arena.takeRun((rows + WindowStandIn.BEHIND * (1 + this.#best.length)) * ADDRESS_BYTES);
    this.#writeOrder(order, [
      ...(carried?.kept.addresses ?? []), loaded, ...this.#behind(ends).map(({ kept: { addresses: [last] } }) => last),
      ...this.#behind(ends).flatMap(({ kept: { addresses } }) => addresses.slice(1)),
    ]);
    const far = end === this.#end ? rows : rows + FAR;
    const window = new RowWindow(arena, code, plan, order, rows, {
      first,
      place: carried && {
        ...carried.place, partition: carried.place.partition - base, group: carried.place.group - base,
      },
      partitionEnd: ends === undefined ? far : ends.partition.row - base,
      groupEnd: ends === undefined ? far : ends.group.row - base,
      wanted: after === undefined ? { first: 0, end: 0 } : own,
    });
    if (carried !== undefined) {
      window.setEntries(WindowStandIn.partition, carried.atPartition);
      window.setEntries(WindowStandIn.group, carried.atGroup);
      window.setEntries(first, this.#withPlaces(carried.atRow, WindowStandIn.FRONT));
    }
    for (const [at, { entries }] of this.#behind(ends).entries())
      window.setEntries(rows + 1 + at,
        this.#withPlaces(entries, rows + WindowStandIn.BEHIND + at * this.#best.length));
    return { window, loaded, order, first, base, own };
  }

  /** By the numbers of their stand-ins. */
  #behind(ends: Ends | undefined): readonly End[] {
    return ends === undefined ? [] : [ends.group, ends.partition];
  }

  #free({ window, loaded, order }: LoadedPiece): void {
    window.free();
    this.#context.arena.freeRun(order);
    loaded.free();
  }

  #writeOrder(order: number, parts: readonly (number | undefined | LoadedRows)[]): void {
    const { arena: { memory: { view } }, rowBytes } = this.#context;
    let place = order;
    const write = (row: number): void => {
      view.setUint32(place, row, true);
      place += ADDRESS_BYTES;
    };
    for (const part of parts)
      if (typeof part === "number") write(part);
      else
        for (const { first, end } of part?.chunks ?? [])
          for (let row = first; row < end; row += rowBytes) write(row);
  }

  #rowAt({ order }: LoadedPiece, row: number): number {
    return this.#context.arena.memory.view.getUint32(order + row * ADDRESS_BYTES, true);
  }

  /** The rows that entries name as best, or another where there is none. */
  #bestRows(piece: LoadedPiece, entries: Entries, other: number): readonly number[] {
    return this.#best.map((array) => {
      const place = placeIn(defined(entries[array], "an entry"));
      return place < 0 ? other : this.#rowAt(piece, place);
    });
  }

  /** The same entries with the best rows at other places. */
  #withPlaces(entries: Entries, first: number): Entries {
    return entries.map((entry, array) => {
      const at = this.#best.indexOf(array);
      if (at < 0 || placeIn(entry) < 0) return entry;
      const moved = new Uint8Array(entry.length);
      new DataView(moved.buffer).setInt32(0, first + at, true);
      return moved;
    });
  }

  #keep(rows: readonly number[]): KeptRows {
    const { arena, spill, rowBytes } = this.#context;
    return new KeptRows(arena, spill.kernel, rowBytes, rows);
  }

  /** The first segment that is read with a piece: there is a row before it at least. */
  #contextOf(index: number): number {
    const { from } = this.#piece(index);
    if (index === 0) return from;
    const wanted = this.#startOf(from) - Math.max(1, this.#reach.before);
    let at = from;
    while (at > this.#piece(0).from && this.#startOf(at) > wanted) at--;
    return at;
  }

  #endOfContext(end: number, after: number): number {
    const wanted = this.#startOf(end) + after;
    let at = end;
    while (at < this.#end && this.#startOf(at) < wanted) at++;
    return at;
  }

  get #end(): number {
    return this.#piece(this.#pieces.length - 1).end;
  }

  #piece(index: number): Piece {
    return defined(this.#pieces[index], "a piece");
  }

  #startOf(segment: number): number {
    return defined(this.#starts[segment], "a segment of the chain");
  }
}

function placeIn(entry: Uint8Array): number {
  return new DataView(entry.buffer, entry.byteOffset).getInt32(0, true);
}

/** The second, in place of the first. */
function replaced(first: End | undefined, second: End | undefined): End | undefined {
  first?.kept.free();
  return second;
}

type Found = readonly { readonly group: End | undefined; readonly partition: End | undefined }[];

/** The first ends behind each piece; behind the last one there is nothing. */
function endsBehind(found: Found): readonly (Ends | undefined)[] {
  const ends: (Ends | undefined)[] = [];
  let group: End | undefined;
  let partition: End | undefined;
  for (const [index, piece] of [...found.entries()].reverse()) {
    ends[index] = group && partition && { group, partition };
    group = piece.group ?? group;
    partition = piece.partition ?? partition;
  }
  return ends;
}

function freeEnds(ends: readonly (Found[number] | undefined)[]): void {
  const all = new Set(ends.flatMap((each) => [each?.group, each?.partition]));
  for (const end of all) end?.kept.free();
}
