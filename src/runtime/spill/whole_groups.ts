// Groups whose values are in parts on disk, put together again some groups at a time: their rows are copied to a place
// of their own, with all parts of each value behind them. A value is in memory as a whole, so one that is larger than
// what is left of it ends in an error. Read next: growing_values.ts, ../group_store.ts.
import { COMPUTED_BYTES_MAX } from "#functions/characters.js";
import { errorTemplates, throwTemplate } from "#functions/error_templates.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { GrowingValue } from "#lowering/aggregate_plan.js";
import { GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "../arena.js";
import { BLOCK_BYTES } from "../memory.js";
import type { RowRun } from "../row_chunks.js";
import type { RoundReader } from "./part_rounds.js";

/** Rows of groups, and a chunk of them that is the only one. */
export interface Batch extends RowRun {
  readonly chunk: number;
  readonly groups: number;
}

export interface PartedGroups {
  readonly arena: Arena;
  readonly rowBytes: number;
  /** Where the groups' rows are. */
  readonly rows: Iterable<RowRun>;
  readonly values: readonly GrowingValue[];
  readonly readers: readonly RoundReader[];
  /** Of values at a time, unless those of one group are more. */
  readonly batchBytes: number;
}

/** All groups in their order; a batch is in memory until the next is asked for. */
export function* wholeGroups(parted: PartedGroups): Generator<Batch, void, void> {
  const assembly = new Assembly(parted);
  try {
    for (const { first, end } of parted.rows)
      for (let row = first; row < end; row += parted.rowBytes) {
        for (const reader of parted.readers) reader.advance();
        const bytes = parted.values.reduce((sum, value, index) => sum + assembly.bytesOf(value, index), 0);
        if (!assembly.hasRoom(bytes)) yield assembly.batch;
        assembly.add(row, bytes);
      }
    if (assembly.batch.groups > 0) yield assembly.batch;
  } finally {
    assembly.free();
  }
}

class Assembly {
  readonly #parted: PartedGroups;
  readonly #chunk: number;
  readonly #groupsMax: number;
  #groups = 0;
  /** Room for values. */
  #room = 0;
  #roomBytes = 0;
  #used = 0;

  constructor(parted: PartedGroups) {
    this.#parted = parted;
    const { arena, rowBytes } = parted;
    const bytes = Math.max(BLOCK_BYTES, GroupChunk.SIZE + rowBytes);
    this.#groupsMax = Math.floor((bytes - GroupChunk.SIZE) / rowBytes);
    this.#chunk = arena.takeRun(bytes);
    arena.memory.view.setUint32(this.#chunk + GroupChunk.next, 0, true);
  }

  get batch(): Batch {
    const first = this.#chunk + GroupChunk.SIZE;
    return { chunk: this.#chunk, first, end: first + this.#groups * this.#parted.rowBytes, groups: this.#groups };
  }

  /** How many bytes a value of the group takes that is at hand. */
  bytesOf({ combined }: GrowingValue, index: number): number {
    const lengths = this.#parted.readers.map((reader) => reader.lengthOf(index) ?? 0);
    if (combined !== "appended") return Math.max(...lengths);
    const bytes = lengths.reduce((sum, length) => sum + length, 0);
    return bytes > COMPUTED_BYTES_MAX ? throwTemplate(errorTemplates.valueTooLong) : bytes;
  }

  /** False: the batch must be read before a group is added that has values of so many bytes. */
  hasRoom(bytes: number): boolean {
    return this.#groups === 0 || (this.#groups < this.#groupsMax && this.#used + bytes <= this.#roomBytes);
  }

  /** Adds the group at hand; where there was no room for it, to the next batch. */
  add(row: number, bytes: number): void {
    if (!this.hasRoom(bytes)) [this.#groups, this.#used] = [0, 0];
    if (bytes > this.#roomBytes) this.#takeRoom(bytes);
    const { arena: { memory }, rowBytes, values } = this.#parted;
    const copy = this.batch.end;
    memory.bytes.copyWithin(copy, row, row + rowBytes);
    this.#groups++;
    for (const [index, value] of values.entries()) {
      const place = this.#room + this.#used;
      const length = value.combined === "appended" ? this.#append(index, place) : this.#keep(value, index, place);
      this.#used += length;
      this.#show(copy + value.view.first.offset, place, length);
      memory.view.setUint32(copy + value.view.buffer.offset, place, true);
    }
  }

  free(): void {
    const { arena } = this.#parted;
    arena.freeRun(this.#chunk);
    if (this.#room !== 0) arena.freeRun(this.#room);
  }

  #takeRoom(bytes: number): void {
    const { arena, batchBytes } = this.#parted;
    if (this.#room !== 0) arena.freeRun(this.#room);
    [this.#room, this.#roomBytes] = [0, 0];
    const wanted = Math.max(bytes, batchBytes);
    this.#room = arena.takeRun(wanted);
    this.#roomBytes = wanted;
  }

  /** All parts, one behind the other. */
  #append(index: number, place: number): number {
    const { arena: { memory: { bytes } }, readers } = this.#parted;
    let end = place;
    for (const reader of readers) {
      const length = reader.lengthOf(index);
      if (length === undefined) continue;
      reader.read(index, bytes.subarray(end, end + length));
      end += length;
    }
    return end - place;
  }

  /** The least or greatest part; nothing when there is none. */
  #keep({ combined }: GrowingValue, index: number, place: number): number {
    let best: Uint8Array | undefined;
    for (const reader of this.#parted.readers) {
      const length = reader.lengthOf(index);
      if (length === undefined) continue;
      const part = new Uint8Array(length);
      reader.read(index, part);
      const order = best === undefined ? 0 : Buffer.compare(part, best);
      if (best === undefined || (combined === "least" ? order < 0 : order > 0)) best = part;
    }
    if (best !== undefined) this.#parted.arena.memory.bytes.set(best, place);
    return best?.length ?? 0;
  }

  /** Writes a view of bytes in memory. */
  #show(at: number, place: number, length: number): void {
    const { memory: { bytes, view } } = this.#parted.arena;
    view.setBigUint64(at, 0n, true);
    view.setBigUint64(at + 8, 0n, true);
    view.setUint32(at + View.length, length, true);
    const shown = length <= VIEW_INLINE_BYTES ? length : 4;
    bytes.copyWithin(at + View.prefix, place, place + shown);
    if (length > VIEW_INLINE_BYTES) view.setUint32(at + View.offset, place, true);
  }
}
