// Writes a table's rows to a file, as segments of one partition each: rows are copied to a buffer for their partition,
// and a full buffer is a segment. Read next: row_reader.ts, lowering/spill_module.ts.
import { assert, defined } from "#base/assert.js";
import { TableRow } from "#lowering/control_block.js";
import { SpillBuffer, type SpillKernel } from "#lowering/spill_module.js";
import type { Arena } from "../arena.js";
import { ADDRESS_BYTES } from "../merge_order.js";
import type { SpillFile } from "./spill_port.js";

/** Rows that are together on disk: first they, then their strings. */
export interface Segment {
  readonly offset: number;
  readonly rows: number;
  readonly rowBytes: number;
  readonly stringBytes: number;
}

/** A table on disk. Every partition holds whole groups of equal keys. */
export interface SpilledRows {
  readonly file: SpillFile;
  readonly partitions: readonly (readonly Segment[])[];
}

/** Bits of a hash that choose among the partitions of one level. */
const PARTITION_BITS = 4;
const HASH_BITS = 32;

/** Behind all levels: rows in the order they came. */
export const SEQUENCE_LEVEL = HASH_BITS / PARTITION_BITS;

/** The partitions of a level: each level looks at other bits, and behind the last there is but one partition. */
export function partitioning(level: number): { readonly shift: number; readonly count: number } {
  const shift = HASH_BITS - PARTITION_BITS * (level + 1);
  return shift < 0 ? { shift: 0, count: 1 } : { shift, count: 1 << PARTITION_BITS };
}

export class RowWriter {
  readonly #arena: Arena;
  readonly #kernel: SpillKernel;
  readonly #rowBytes: number;
  readonly #file: SpillFile;
  readonly #shift: number;
  readonly #bufferBytes: number;
  readonly #partitions: Segment[][];
  /** The buffers' descriptions, then the buffers. */
  readonly #buffers: number;
  #bytes = 0;
  #closed = false;

  constructor(
    arena: Arena, kernel: SpillKernel, rowBytes: number, file: SpillFile,
    { shift, count }: ReturnType<typeof partitioning>, bufferBytes: number,
  ) {
    this.#arena = arena;
    this.#kernel = kernel;
    this.#rowBytes = rowBytes;
    this.#file = file;
    this.#shift = shift;
    this.#bufferBytes = bufferBytes;
    this.#partitions = Array.from({ length: count }, () => []);
    this.#buffers = arena.takeRun(count * (SpillBuffer.SIZE + bufferBytes));
    for (let number = 0; number < count; number++)
      this.#place(number, this.#buffers + count * SpillBuffer.SIZE + number * bufferBytes, bufferBytes);
  }

  /** What was written so far; buffers that are not full are missing until `flush`. */
  get spilled(): SpilledRows {
    return { file: this.#file, partitions: this.#partitions };
  }

  /** What that takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes rows that stand one behind the other. */
  scatter(first: number, end: number): void {
    const mask = this.#partitions.length - 1;
    for (let row = first; row < end;) {
      row = this.#kernel.scatter(this.#buffers, row, end, this.#shift, mask);
      if (row >= end) return;
      const hash = this.#arena.memory.view.getUint32(row + TableRow.hash, true);
      if (this.#writtenAlone((hash >>> this.#shift) & mask, row)) row += this.#rowBytes;
    }
  }

  /** Takes the rows whose addresses stand there, in that order, into the only partition. */
  gather(places: number, end: number): void {
    for (let place = places; place < end;) {
      place = this.#kernel.gather(this.#buffers, place, end);
      if (place < end && this.#writtenAlone(0, this.#arena.memory.view.getUint32(place, true)))
        place += ADDRESS_BYTES;
    }
  }

  flush(): void {
    this.#partitions.forEach((_, number) => this.#write(number));
  }

  /** Gives the buffers back, without what is in them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#arena.freeRun(this.#buffers);
  }

  /** For a row that its buffer has no room for: empties the buffer. A row that is larger than it has one for itself. */
  #writtenAlone(number: number, row: number): boolean {
    this.#write(number);
    const bytes = this.#kernel.measure(row);
    if (bytes <= this.#bufferBytes) return false;
    const own = this.#get(number, SpillBuffer.start);
    const larger = this.#arena.takeRun(bytes);
    this.#place(number, larger, bytes);
    const stopped = this.#kernel.scatter(this.#buffers + number * SpillBuffer.SIZE, row, row + this.#rowBytes, 0, 0);
    assert(stopped > row, "the row fits a buffer of its size");
    this.#write(number);
    this.#place(number, own, this.#bufferBytes);
    this.#arena.freeRun(larger);
    return true;
  }

  #write(number: number): void {
    const [next, low] = [this.#get(number, SpillBuffer.next), this.#get(number, SpillBuffer.low)];
    const [start, end] = [this.#get(number, SpillBuffer.start), this.#get(number, SpillBuffer.end)];
    if (next === start) return;
    const { bytes } = this.#arena.memory;
    const parts = [bytes.subarray(start, next), ...(low < end ? [bytes.subarray(low, end)] : [])];
    const offset = this.#file.append(parts);
    this.#bytes += next - start + end - low;
    defined(this.#partitions[number], "a partition").push({
      offset, rows: (next - start) / this.#rowBytes, rowBytes: next - start, stringBytes: end - low,
    });
    this.#place(number, start, end - start);
  }

  #get(number: number, field: number): number {
    return this.#arena.memory.view.getUint32(this.#buffers + number * SpillBuffer.SIZE + field, true);
  }

  /** An empty buffer. */
  #place(number: number, start: number, bytes: number): void {
    const { view } = this.#arena.memory;
    const at = this.#buffers + number * SpillBuffer.SIZE;
    view.setUint32(at + SpillBuffer.next, start, true);
    view.setUint32(at + SpillBuffer.low, start + bytes, true);
    view.setUint32(at + SpillBuffer.start, start, true);
    view.setUint32(at + SpillBuffer.end, start + bytes, true);
  }
}
