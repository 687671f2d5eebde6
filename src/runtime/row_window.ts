// A window at work over the ordered rows of a table: its arrays in memory, and compiled code called part by part, so
// that no call is long. Read next: lowering/window_module.ts, table_store.ts.
import { assert, defined } from "#base/assert.js";
import { throwTemplate } from "#functions/error_templates.js";
import { RunStatus } from "#lowering/control_block.js";
import {
  isTree, windowEntryBytes, type WindowArray, WindowPlace, type WindowPlan, WindowState,
} from "#lowering/window_plan.js";
import type { Arena } from "./arena.js";
import type { CompiledModule } from "./compiled_plan.js";

/** (state, first row, end) -> status */
type Part = (state: number, first: number, end: number) => number;

/** In the order they run, each over all rows. */
const parts = ["mark", "close", "accumulate", "grow", "results"] as const;

export interface WindowCode {
  readonly compiled: CompiledModule;
  readonly exports: Readonly<Record<(typeof parts)[number], Part>> & {
    /** Not 0 when two rows are of different partitions. */
    readonly differs: (a: number, b: number) => number;
  };
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

export class RowWindow {
  readonly #arena: Arena;
  readonly #code: WindowCode;
  readonly #rows: number;
  readonly #state: number;
  /** What is only needed until all results are there. */
  readonly #runs: number[] = [];
  #part = 0;
  #next = 0;

  /** `order` is the address of the row addresses in order. */
  constructor(arena: Arena, code: WindowCode, plan: WindowPlan, order: number, rows: number) {
    this.#arena = arena;
    this.#code = code;
    this.#rows = rows;
    this.#state = arena.allocate(plan.stateBytes);
    arena.memory.bytes.fill(0, this.#state, this.#state + plan.stateBytes);
    this.#set(WindowState.order, order);
    this.#set(WindowState.rows, rows);
    this.#set(WindowState.places, this.#take(rows * WindowPlace.SIZE));
    for (const array of plan.arrays) this.#set(array.address, this.#open(array));
    for (const { at, value, isDistance } of plan.offsets) {
      assert(value.kind === "constant" && typeof value.value === "bigint", "an offset is an int8");
      arena.memory.view.setBigInt64(this.#state + at, isDistance ? value.value : withinRows(value.value), true);
    }
  }

  /** Does a part of the work; true when all results stand in their rows. */
  advance(): boolean {
    const name = parts[this.#part];
    if (name === undefined) return true;
    // A tree's leaves were planted with the other arrays.
    const last = name === "grow" ? this.#rows - 1 : this.#rows;
    const end = Math.min(last, this.#next + ROWS_PER_CALL);
    if (this.#next < end) this.#run(name, end);
    if (end < last) return false;
    this.#next = 0;
    this.#part++;
    if (this.#part < parts.length) return false;
    for (const run of this.#runs) this.#arena.freeRun(run);
    return true;
  }

  #run(name: (typeof parts)[number], end: number): void {
    const status = this.#code.exports[name](this.#state, this.#next, end);
    if (status !== RunStatus.done)
      throwTemplate(defined(this.#code.compiled.errors[status - RunStatus.error], `status ${status}`));
    this.#next = end;
  }

  #set(field: number, value: number): void {
    this.#arena.memory.view.setUint32(this.#state + field, value, true);
  }

  #take(bytes: number): number {
    const run = this.#arena.takeRun(Math.max(1, bytes));
    this.#runs.push(run);
    return run;
  }

  #open(array: WindowArray): number {
    const { kind } = array;
    const bytes = windowEntryBytes[kind];
    const entries = isTree(array) ? 2 * this.#rows : this.#rows + 1;
    const address = this.#take(entries * bytes);
    // The entry in front of all rows.
    this.#arena.memory.bytes.fill(kind === "least" || kind === "greatest" ? 0xff : 0, address, address + bytes);
    return address;
  }
}
