// Orders the rows of a table by prefixes of their keys, which stand in an array beside their addresses, so that rows
// are hardly looked at: digit by digit; then, of rows whose prefixes tie, few by insertion, some by merging, and many
// by the prefixes that begin where theirs end. A part at a time. Read next: lowering/sort_prefix.ts, radix_kernels.ts.
import { MergeState } from "#lowering/control_block.js";
import {
  firstPrefix, LAYOUT_BYTES_MAX, type PrefixLayout, type PrefixStart, SortEntry,
} from "#lowering/sort_prefix.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import { ADDRESS_BYTES, MergeOrdering } from "./merge_order.js";
import { DIGIT_BITS, DIGIT_BYTES, DIGIT_VALUES, DIGITS } from "./radix_kernels.js";
import type { SortKernel } from "./row_order.js";

/** The layout of prefixes from a start on, if there is something in them. */
export type PrefixesOf = (start: PrefixStart) => PrefixLayout | undefined;

/** What ordering takes for each row at most: its entry in two arrays. */
export const PREFIX_BYTES_PER_ROW = 2 * SortEntry.SIZE;

/** About two milliseconds. */
const ENTRIES_PER_CALL = 1 << 17;
const SETTLED_PER_CALL = 1 << 14;
/** Fewer rows, and fewer that tie, are merged sooner than digits are counted. */
export const PREFIX_ROWS_MIN = 64;

/** What stands in a run of its own: the counts of digits, what a merge needs and a layout. */
const RoomField = { counts: 0, merge: DIGITS * DIGIT_BYTES, layout: DIGITS * DIGIT_BYTES + MergeState.SIZE } as const;

/** Entries, by the addresses of the first and of what is behind the last. */
interface Range {
  readonly first: number;
  readonly end: number;
}

export class PrefixOrdering {
  readonly #arena: Arena;
  readonly #kernel: SortKernel;
  readonly #kernels: Kernels;
  readonly #prefixes: PrefixesOf;
  readonly #rows: number;
  readonly #room: number;
  readonly #entries: number;
  /** As many, that come and go. */
  readonly #others: number;
  /** By where they begin: many ranges that tie go on alike. */
  readonly #layouts = new Map<string, PrefixLayout | undefined>();
  #gathered: number;
  #order: number | undefined;
  #work: Generator<void, number, void> | undefined;

  constructor(arena: Arena, kernel: SortKernel, kernels: Kernels, rows: number, prefixes: PrefixesOf) {
    this.#arena = arena;
    this.#kernel = kernel;
    this.#kernels = kernels;
    this.#prefixes = prefixes;
    this.#rows = rows;
    this.#room = arena.takeRun(RoomField.layout + LAYOUT_BYTES_MAX);
    this.#entries = arena.takeRun(rows * SortEntry.SIZE);
    this.#others = arena.takeRun(rows * SortEntry.SIZE);
    this.#gathered = this.#entries;
  }

  /** Takes in the rows of a chunk. */
  gather(first: number, end: number, rowBytes: number): void {
    this.#kernels.fillEntries(first, end, rowBytes, this.#gathered);
    this.#gathered += ((end - first) / rowBytes) * SortEntry.SIZE;
  }

  /** Gives the array of addresses back, once there is one. */
  free(): void {
    if (this.#order !== undefined) this.#arena.freeRun(this.#order);
  }

  /** Orders for a while; the address of the rows' addresses once they are in order. */
  advance(): number | undefined {
    this.#work ??= this.#orderAll();
    const { done, value } = this.#work.next();
    return done === true ? value : undefined;
  }

  *#orderAll(): Generator<void, number, void> {
    const all = { first: this.#entries, end: this.#entries + this.#rows * SortEntry.SIZE };
    yield* this.#orderRange(all, firstPrefix);
    this.#arena.freeRun(this.#others);
    const order = this.#arena.takeRun(this.#rows * ADDRESS_BYTES);
    this.#order = order;
    for (const { first, end } of parts(all)) {
      this.#kernels.takeRows(first, end, order + ((first - all.first) / SortEntry.SIZE) * ADDRESS_BYTES);
      yield;
    }
    this.#arena.freeRun(this.#entries);
    this.#arena.freeRun(this.#room);
    return order;
  }

  *#orderRange(range: Range, start: PrefixStart | undefined): Generator<void, void, void> {
    const areFew = range.end - range.first < PREFIX_ROWS_MIN * SortEntry.SIZE;
    const layout = start === undefined || areFew ? undefined : this.#layoutFrom(start);
    if (layout === undefined) return yield* this.#merge(range);
    yield* this.#count(range, layout);
    let at = range;
    for (let digit = 0; digit < DIGITS; digit++) at = yield* this.#deal(at, digit);
    if (at.first !== range.first) this.#arena.memory.bytes.copyWithin(range.first, at.first, at.end);
    if (!layout.isWhole) yield* this.#settle(range, layout);
  }

  #layoutFrom(start: PrefixStart): PrefixLayout | undefined {
    const key = `${start.key} ${start.offset} ${start.isSameNull}`;
    const known = this.#layouts.get(key);
    if (known !== undefined || this.#layouts.has(key)) return known;
    const layout = this.#prefixes(start);
    this.#layouts.set(key, layout);
    return layout;
  }

  /** Writes prefixes, and counts their digits. */
  *#count(range: Range, { words }: PrefixLayout): Generator<void, void, void> {
    const { view, bytes } = this.#arena.memory;
    const layout = this.#room + RoomField.layout;
    words.forEach((word, index) => view.setBigUint64(layout + 8 * index, word, true));
    const counts = this.#room + RoomField.counts;
    bytes.fill(0, counts, counts + DIGITS * DIGIT_BYTES);
    for (const { first, end } of parts(range)) {
      this.#kernel.prefixes(layout, first, end);
      this.#kernels.countDigits(first, end, counts);
      yield;
    }
  }

  /** Orders by one digit, to the other array; nothing to do where all have the same. Where the entries are then. */
  *#deal(range: Range, digit: number): Generator<void, Range, void> {
    const { view } = this.#arena.memory;
    const places = this.#room + RoomField.counts + digit * DIGIT_BYTES;
    const target = range.first + this.#otherFrom(range);
    let place = target;
    for (let value = 0; value < DIGIT_VALUES; value++) {
      const bytes = view.getUint32(places + 4 * value, true) * SortEntry.SIZE;
      if (bytes === range.end - range.first) return range;
      view.setUint32(places + 4 * value, place, true);
      place += bytes;
    }
    for (const { first, end } of parts(range)) {
      this.#kernels.dealEntries(first, end, places, digit * DIGIT_BITS);
      yield;
    }
    return { first: target, end: place };
  }

  /** How far the other array is from the one a range is in. */
  #otherFrom({ first }: Range): number {
    const isOther = first >= this.#others && first < this.#others + this.#rows * SortEntry.SIZE;
    return isOther ? this.#entries - this.#others : this.#others - this.#entries;
  }

  /** Orders rows of equal prefixes. */
  *#settle(range: Range, layout: PrefixLayout): Generator<void, void, void> {
    for (let first = range.first; first < range.end;) {
      const until = Math.min(range.end, first + SETTLED_PER_CALL * SortEntry.SIZE);
      first = this.#kernel.settle(first, until, range.end);
      if (first < until) {
        const end = this.#kernels.endOfTie(first, range.end);
        yield* this.#orderRange({ first, end }, layout.next(this.#arena.memory.bytes[first + SortEntry.prefix] ?? 0));
        first = end;
      }
      yield;
    }
  }

  /** Orders by comparing rows; the entries' places in the other array hold two arrays of addresses. */
  *#merge(range: Range): Generator<void, void, void> {
    const rows = (range.end - range.first) / SortEntry.SIZE;
    const source = range.first + this.#otherFrom(range);
    this.#kernels.takeRows(range.first, range.end, source);
    const merging = new MergeOrdering(this.#arena.memory, this.#kernel.merge, rows, {
      state: this.#room + RoomField.merge, source, target: source + rows * ADDRESS_BYTES,
    });
    let merged = merging.advance();
    for (; merged === undefined; merged = merging.advance()) yield;
    this.#kernels.giveRows(range.first, range.end, merged);
  }
}

function* parts({ first, end }: Range): Generator<Range, void, void> {
  for (; first < end; first += ENTRIES_PER_CALL * SortEntry.SIZE)
    yield { first, end: Math.min(end, first + ENTRIES_PER_CALL * SortEntry.SIZE) };
}
