// Makes one runtime filter of a finished table, a run of its rows at a time so that no call is long. What a filter is
// made of is behind the port (native/shm/runtime_filter.c); this file only says which rows and which of their words.
import { defined } from "#base/assert.js";
import type { FilterRows } from "#base/filter_rows.js";
import { TableRow, TableRowFlag } from "#lowering/control_block.js";
import type { TableFilter } from "#lowering/pipeline.js";
import type { TableKey, TablePlan } from "#lowering/table_plan.js";
import type { TableStore } from "./table_store.js";

/**
 * Where filters go, by their number in the plan. False: this one will not come, and nothing more is to be said about
 * it but that it is declined. Nothing here may fail an execution: a filter is advice.
 */
export interface FilterPort {
  begin(filter: number): boolean;
  measure(filter: number, rows: FilterRows): boolean;
  size(filter: number, rows: number, isOneWord: boolean): boolean;
  enter(filter: number, rows: FilterRows): boolean;
  publish(filter: number): boolean;
  decline(filter: number): void;
}

/**
 * Entering a build row costs about what testing a leaf's row does, so many more of them than the leaf has cannot pay.
 * Estimates of the leaf err, hence the factor; so many rows are entered in under a millisecond, hence the minimum.
 */
const BUILD_ROWS_PER_LEAF_ROW_MAX = 4;
const BUILD_ROWS_ANYWAY = 100_000;

function kindOf(key: TableKey): "word" | "pair" | "bytes" {
  switch (key.image) {
    case "words": return key.compared === 1 ? "word" : "pair";
    case "short": case "long": return "bytes";
    // The first word is what floats are compared by.
    case "float": return "word";
  }
}

export class FilterBuild {
  readonly table: number;
  readonly #number: number;
  readonly #rowsMax: number;
  readonly #store: TableStore;
  readonly #port: FilterPort;
  readonly #layout: Omit<FilterRows, "first" | "end">;
  #phase: "waiting" | "measuring" | "entering" | "done" = "waiting";
  #runs: ReturnType<TableStore["runs"]> | undefined;

  constructor({ table, filter }: TableFilter, plan: TablePlan, store: TableStore, port: FilterPort) {
    this.table = table;
    this.#number = filter.number;
    this.#rowsMax = Math.max(BUILD_ROWS_ANYWAY, filter.rowsEstimate * BUILD_ROWS_PER_LEAF_ROW_MAX);
    this.#store = store;
    this.#port = port;
    const keys = filter.keys.map(({ key: index }) => {
      const key = defined(plan.keys[index], "a key of the table");
      return { kind: kindOf(key), offset: key.offset };
    });
    this.#layout = {
      rowBytes: plan.rowBytes, flagsOffset: TableRow.flags, flagsSkip: TableRowFlag.unlinked, keys,
    };
  }

  /** Does a part of the work on a table whose rows have all come; true when nothing is left to do. */
  advance(): boolean {
    switch (this.#phase) {
      case "waiting":
        this.#begin();
        break;
      case "measuring":
        if (!this.#eachRun((rows) => this.#port.measure(this.#number, rows))) this.#size();
        break;
      case "entering":
        if (!this.#eachRun((rows) => this.#port.enter(this.#number, rows))) this.#publish();
        break;
      case "done":
        break;
    }
    return this.#phase === "done";
  }

  get #isOneWord(): boolean {
    return this.#layout.keys.length === 1 && this.#layout.keys[0]?.kind === "word";
  }

  #begin(): void {
    if (this.#store.rows > this.#rowsMax || !this.#port.begin(this.#number)) return this.#decline();
    this.#runs = this.#store.runs();
    this.#phase = "measuring";
    if (!this.#isOneWord) this.#size();
  }

  #size(): void {
    if (this.#phase === "done") return;
    if (!this.#port.size(this.#number, this.#store.rows, this.#isOneWord)) return this.#decline();
    this.#runs = this.#store.runs();
    this.#phase = "entering";
  }

  #publish(): void {
    if (this.#phase === "done") return;
    if (!this.#port.publish(this.#number)) return this.#decline();
    this.#phase = "done";
  }

  /** Takes the next run; false when there was none, or when the filter ended with it. */
  #eachRun(take: (rows: FilterRows) => boolean): boolean {
    const next = this.#runs?.next();
    if (next === undefined || next.done === true) return false;
    if (take({ ...this.#layout, ...next.value })) return true;
    this.#decline();
    return false;
  }

  #decline(): void {
    this.#runs?.return();
    this.#port.decline(this.#number);
    this.#phase = "done";
  }
}
