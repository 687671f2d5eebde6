// What a table needs to go to disk: its place among the stores that share the budget, its kernel, and, once rows are
// there, the file they are in. Read next: table_store.ts, row_writer.ts, sorted_runs.ts.
import { assert, defined } from "#base/assert.js";
import type { SpillKernel } from "#lowering/spill_module.js";
import type { Arena } from "../arena.js";
import type { MemoryBudget } from "../memory_budget.js";
import { LoadedRows } from "./row_reader.js";
import type { SpillPort } from "./spill_port.js";
import { RowWriter, type Segment, type SpilledRows, partitioning } from "./row_writer.js";

export interface SpillableTable {
  readonly budget: MemoryBudget;
  readonly port: SpillPort;
  /** Place among the stores, by the order in which they fill. */
  readonly store: number;
  readonly kernel: () => SpillKernel;
  /** Every row goes to disk: the table stands between two parts of a pipeline. */
  readonly always: boolean;
}

export class TableSpill {
  readonly #arena: Arena;
  readonly #options: SpillableTable;
  readonly #rowBytes: number;
  #kernel: SpillKernel | undefined;
  #writer: RowWriter | undefined;

  constructor(arena: Arena, options: SpillableTable, rowBytes: number) {
    this.#arena = arena;
    this.#options = options;
    this.#rowBytes = rowBytes;
  }

  get always(): boolean {
    return this.#options.always;
  }

  get writing(): boolean {
    return this.#writer !== undefined;
  }

  /** To the open file. */
  get bytesWritten(): number {
    return this.#writer?.bytes ?? 0;
  }

  allows(more: number): boolean {
    return this.#options.budget.allows(this.#options.store, more);
  }

  get kernel(): SpillKernel {
    this.#kernel ??= this.#options.kernel();
    return this.#kernel;
  }

  /** Opens a file whose partitions are those of a level. */
  open(level: number): void {
    assert(this.#writer === undefined, "one file at a time");
    this.#writer = this.newPartitions(level);
  }

  scatter(first: number, end: number): void {
    defined(this.#writer, "an open file").scatter(first, end);
  }

  /** Everything is on disk; a next file may be opened. */
  seal(): SpilledRows {
    const writer = defined(this.#writer, "an open file");
    writer.flush();
    writer.close();
    this.#writer = undefined;
    return writer.spilled;
  }

  /** What is on disk so far, to the last row that was scattered. */
  flushed(): SpilledRows {
    const writer = defined(this.#writer, "an open file");
    writer.flush();
    return writer.spilled;
  }

  /** A file with rows in one order. */
  newRun(): RowWriter {
    return this.#newWriter({ shift: 0, count: 1 });
  }

  /** A file with the partitions of a level, for rows that are on disk already. */
  newPartitions(level: number): RowWriter {
    return this.#newWriter(partitioning(level));
  }

  load({ file }: Pick<SpilledRows, "file">, segments: readonly Segment[]): LoadedRows {
    return new LoadedRows(this.#arena, this.kernel, file, segments);
  }

  get budget(): MemoryBudget {
    return this.#options.budget;
  }

  #newWriter(into: ReturnType<typeof partitioning>): RowWriter {
    const { budget, port } = this.#options;
    return new RowWriter(this.#arena, this.kernel, this.#rowBytes, port.open(), into, budget.bufferBytes);
  }
}
