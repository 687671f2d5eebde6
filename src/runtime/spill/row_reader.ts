// Segments of rows read back into memory, as chunks that a table may have in place of its own. Read next:
// row_writer.ts, table_store.ts.
import { defined } from "#base/assert.js";
import { GroupChunk } from "#lowering/control_block.js";
import type { SpillKernel } from "#lowering/spill_module.js";
import type { Arena } from "../arena.js";
import type { Segment } from "./row_writer.js";
import type { SpillFile } from "./spill_port.js";

/** Pieces of memory that are asked for at once: large ones may not be found in one place. */
const RUN_BYTES_MAX = 4 * 1024 * 1024;
const CHUNK_ALIGN = 8;

interface Chunk {
  readonly segment: Segment;
  readonly address: number;
  readonly first: number;
  /** Where its rows end and its strings begin, and where those end. */
  readonly end: number;
  readonly stringsEnd: number;
}

const chunkBytes = ({ rowBytes, stringBytes }: Segment): number =>
  Math.ceil((GroupChunk.SIZE + rowBytes + stringBytes) / CHUNK_ALIGN) * CHUNK_ALIGN;

/** How many segments, from one on, take so many bytes at most; at least one if there is one. */
export function segmentsWithin(segments: readonly Segment[], from: number, bytesMax: number, perRow = 0): number {
  let [end, bytes] = [from, 0];
  for (; end < segments.length; end++) {
    const segment = defined(segments[end], "a segment");
    bytes += chunkBytes(segment) + segment.rows * perRow;
    if (bytes > bytesMax && end > from) break;
  }
  return end;
}

export class LoadedRows {
  readonly chunks: readonly Chunk[];
  readonly rows: number;
  readonly #arena: Arena;
  readonly #kernel: SpillKernel;
  readonly #file: SpillFile;
  readonly #runs: number[] = [];

  constructor(arena: Arena, kernel: SpillKernel, file: SpillFile, segments: readonly Segment[]) {
    this.#arena = arena;
    this.#kernel = kernel;
    this.#file = file;
    this.chunks = this.#places(segments).map((address, index) => this.#read(defined(segments[index], "it"), address));
    this.rows = segments.reduce((sum, { rows }) => sum + rows, 0);
    this.#link();
  }

  /** Writes the rows again, where they stand on disk, with what changed in them but their strings. */
  writeBack(): void {
    for (const { segment, first, end, stringsEnd } of this.chunks) {
      this.#kernel.relocate(first, end, -stringsEnd);
      this.#file.overwrite(segment.offset, this.#arena.memory.bytes.subarray(first, end));
    }
  }

  free(): void {
    for (const run of this.#runs) this.#arena.freeRun(run);
    this.#runs.length = 0;
  }

  /** Room for every segment, several in a run. */
  #places(segments: readonly Segment[]): readonly number[] {
    const places: number[] = [];
    for (let from = 0; from < segments.length;) {
      const end = segmentsWithin(segments, from, RUN_BYTES_MAX);
      const together = segments.slice(from, end);
      let place = this.#arena.takeRun(together.reduce((sum, each) => sum + chunkBytes(each), 0));
      this.#runs.push(place);
      for (const segment of together) {
        places.push(place);
        place += chunkBytes(segment);
      }
      from = end;
    }
    return places;
  }

  #read(segment: Segment, address: number): Chunk {
    const first = address + GroupChunk.SIZE;
    const end = first + segment.rowBytes;
    const stringsEnd = end + segment.stringBytes;
    this.#file.read(segment.offset, this.#arena.memory.bytes.subarray(first, stringsEnd));
    this.#kernel.relocate(first, end, stringsEnd);
    return { segment, address, first, end, stringsEnd };
  }

  #link(): void {
    const { view } = this.#arena.memory;
    this.chunks.forEach(({ address, end }, index) => {
      view.setUint32(address + GroupChunk.next, this.chunks[index + 1]?.address ?? 0, true);
      view.setUint32(address + GroupChunk.end, end, true);
    });
  }
}
