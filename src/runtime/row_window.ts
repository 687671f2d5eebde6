// A window at work over the ordered rows of a table, or over a piece of a partition that is larger than memory: its
// arrays in memory, and compiled code called part by part, so that no call is long. Read next:
// lowering/window_module.ts, table_store.ts, spill/window_chain.ts.
import { assert, defined } from "#base/assert.js";
import { throwTemplate } from "#functions/error_templates.js";
import { RunStatus } from "#lowering/control_block.js";
import {
  isRunningPlace, isTree, windowEntryBytes, type WindowArray, WindowPlace, type WindowPlan, WindowStandIn, WindowState,
} from "#lowering/window_plan.js";
import type { Arena } from "./arena.js";
import type { CompiledModule } from "./compiled_plan.js";

/** (state, first row, end) -> status */
type Part = (state: number, first: number, end: number) => number;

type PartName = "mark" | "close" | "accumulate" | "grow" | "results";

export interface WindowCode {
  readonly compiled: CompiledModule;
  readonly exports: Readonly<Record<PartName, Part>> & {
    /** Not 0 when two rows are of different partitions. */
    readonly differs: (a: number, b: number) => number;
  };
}

/** A row's surroundings by the numbers of rows. */
export interface RowPlace {
  readonly partition: number;
  readonly group: number;
  readonly groupNumber: number;
}

/** Of rows that are not all of their partitions. */
export interface WindowPiece {
  /** Rows in front of it stand for others; what is known of it and them was written into the arrays. */
  readonly first: number;
  /** What the first row is to its partition, where an earlier piece said so. */
  readonly place: RowPlace | undefined;
  /** Where the partition and group of the last row end. */
  readonly partitionEnd: number;
  readonly groupEnd: number;
  /** Rows with results of their own; none: only what the arrays come to is asked for. */
  readonly wanted: { readonly first: number; readonly end: number };
}

/** Rows a part of the work goes over, in the order in which the parts run. */
interface Task {
  readonly name: PartName;
  readonly first: number;
  readonly end: number;
}

/** What a window takes for each of its rows beside them. */
export function windowBytesPerRow({ arrays }: WindowPlan): number {
  const entries = arrays.map((array) => windowEntryBytes[array.kind] * (isTree(array) ? 2 : 1));
  return WindowPlace.SIZE + entries.reduce((sum, bytes) => sum + bytes, 0);
}

/** About a few milliseconds. */
const ROWS_PER_CALL = 1 << 15;
/** More rows than any memory holds; a bound that far away is the partition's. */
const ROWS_MAX = 1n << 29n;

function withinRows(offset: bigint): bigint {
  if (offset > ROWS_MAX) return ROWS_MAX;
  return offset < -ROWS_MAX ? -ROWS_MAX : offset;
}

function tasksOf(rows: number, { first, place, wanted }: WindowPiece): Task[] {
  const marked: Task[] = [
    { name: "mark", first: place === undefined ? first : first + 1, end: rows },
    { name: "accumulate", first, end: rows },
  ];
  if (wanted.first >= wanted.end) return marked;
  return [
    ...marked,
    { name: "close", first: 0, end: rows - first },
    // A tree's leaves were planted with the other arrays.
    { name: "grow", first: 0, end: rows - 1 },
    { name: "results", first: wanted.first, end: wanted.end },
  ];
}

export class RowWindow {
  readonly #arena: Arena;
  readonly #code: WindowCode;
  readonly #plan: WindowPlan;
  readonly #rows: number;
  readonly #state: number;
  readonly #tasks: Task[];
  /** What is only needed until all results are there. */
  readonly #runs: number[] = [];
  #next: number | undefined;

  /** `order` is the address of the row addresses in order. */
  constructor(
    arena: Arena, code: WindowCode, plan: WindowPlan, order: number, rows: number,
    piece: WindowPiece = {
      first: 0, place: undefined, partitionEnd: rows, groupEnd: rows, wanted: { first: 0, end: rows },
    },
  ) {
    this.#arena = arena;
    this.#code = code;
    this.#plan = plan;
    this.#rows = rows;
    this.#tasks = tasksOf(rows, piece);
    this.#state = arena.allocate(plan.stateBytes);
    arena.memory.bytes.fill(0, this.#state, this.#state + plan.stateBytes);
    this.#set(WindowState.order, order);
    this.#set(WindowState.rows, rows);
    this.#set(WindowState.first, piece.first);
    this.#set(WindowState.partitionEnd, piece.partitionEnd);
    this.#set(WindowState.groupEnd, piece.groupEnd);
    this.#set(WindowState.places, this.#take(rows * WindowPlace.SIZE));
    for (const array of plan.arrays) this.#set(array.address, this.#open(array, piece.first));
    for (const { at, value, isDistance } of plan.offsets) {
      assert(value.kind === "constant" && typeof value.value === "bigint", "an offset is an int8");
      arena.memory.view.setBigInt64(this.#state + at, isDistance ? value.value : withinRows(value.value), true);
    }
    if (piece.place !== undefined) this.#setPlace(piece.first, piece.place);
  }

  /** Does a part of the work; true when all results stand in their rows. */
  advance(): boolean {
    const task = this.#tasks[0];
    if (task === undefined) return true;
    const first = this.#next ?? task.first;
    const end = Math.min(task.end, first + ROWS_PER_CALL);
    if (first < end) this.#run(task.name, first, end);
    this.#next = end;
    if (end < task.end) return false;
    this.#next = undefined;
    this.#tasks.shift();
    return this.#tasks.length === 0;
  }

  /** Gives up what nobody needs but the window, whose results stay in the rows. */
  free(): void {
    for (const run of this.#runs) this.#arena.freeRun(run);
    this.#runs.length = 0;
  }

  placeAt(row: number): RowPlace {
    const { view } = this.#arena.memory;
    const address = this.#get(WindowState.places) + row * WindowPlace.SIZE;
    const read = (field: number): number => view.getInt32(address + field, true);
    return {
      partition: read(WindowPlace.partition), group: read(WindowPlace.group),
      groupNumber: read(WindowPlace.groupNumber),
    };
  }

  /** The arrays' entries of all rows before one, but trees', in the order of the arrays. */
  entriesAt(row: number): readonly Uint8Array[] {
    return this.#entries(row).map((entry) => entry.slice());
  }

  setEntries(row: number, entries: readonly Uint8Array[]): void {
    this.#entries(row).forEach((entry, index) => entry.set(defined(entries[index], "an entry")));
  }

  #entries(row: number): readonly Uint8Array[] {
    const { bytes } = this.#arena.memory;
    return this.#plan.arrays.filter((array) => !isTree(array)).map((array) => {
      const size = windowEntryBytes[array.kind];
      const address = this.#get(array.address) + row * size;
      return bytes.subarray(address, address + size);
    });
  }

  #run(name: PartName, first: number, end: number): void {
    const status = this.#code.exports[name](this.#state, first, end);
    if (status !== RunStatus.done)
      throwTemplate(defined(this.#code.compiled.errors[status - RunStatus.error], `status ${status}`));
  }

  #setPlace(row: number, place: RowPlace): void {
    const { view } = this.#arena.memory;
    const address = this.#get(WindowState.places) + row * WindowPlace.SIZE;
    view.setInt32(address + WindowPlace.partition, place.partition, true);
    view.setInt32(address + WindowPlace.group, place.group, true);
    view.setInt32(address + WindowPlace.groupNumber, place.groupNumber, true);
  }

  #get(field: number): number {
    return this.#arena.memory.view.getUint32(this.#state + field, true);
  }

  #set(field: number, value: number): void {
    this.#arena.memory.view.setUint32(this.#state + field, value, true);
  }

  #take(bytes: number): number {
    const run = this.#arena.takeRun(Math.max(1, bytes));
    this.#runs.push(run);
    return run;
  }

  /** Rows in front of the first are in no tree, and before it there is nothing but what a piece is told. */
  #open(array: WindowArray, first: number): number {
    const bytes = windowEntryBytes[array.kind];
    const entries = isTree(array) ? 2 * this.#rows : this.#rows + 1 + WindowStandIn.BEHIND;
    const address = this.#take(entries * bytes);
    const memory = this.#arena.memory.bytes;
    if (isTree(array)) memory.fill(0xff, address + this.#rows * bytes, address + (this.#rows + first) * bytes);
    else memory.fill(isRunningPlace(array) ? 0xff : 0, address, address + bytes * (first + 1));
    return address;
  }
}
