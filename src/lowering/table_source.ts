// The row loop over a finished table: all of its rows, or those a join has matched or has not. Wide code, as over
// groups. Read next: table_plan.ts, stored_column.ts.
import { defined } from "#base/assert.js";
import type { Local } from "#wasm/function_builder.js";
import { ControlBlock, TableRow, TableRowFlag, TableState } from "./control_block.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { eachStoredRow } from "./group_memory.js";
import { readStored } from "./stored_column.js";
import type { TablePlan } from "./table_plan.js";

export type RowSelection = "all" | "matched" | "unmatched" | "ordered";

export class TableSource {
  readonly #context: FunctionContext;
  readonly #plan: TablePlan;
  readonly #control: Local;
  readonly #state: Local;
  readonly #place: Local;
  #row: Local;

  /** `place` holds where to resume, 0 to start. */
  constructor(context: FunctionContext, plan: TablePlan, control: Local, state: Local, place: Local) {
    this.#context = context;
    this.#plan = plan;
    this.#control = control;
    this.#state = state;
    this.#place = place;
    this.#row = place;
  }

  produce(selection: RowSelection, consume: () => void): void {
    if (selection === "ordered") this.#ordered(consume);
    else this.#chunks(selection, consume);
    this.#context.code.get(this.#control, this.#place).store("i32.store", ControlBlock.resume);
  }

  /** The place is in the array of row addresses. */
  #ordered(consume: () => void): void {
    const { code } = this.#context;
    const place = this.#place;
    this.#row = code.local("i32");
    code.get(place).op("i32.eqz").if([], () => {
      code.get(this.#state).load("i32.load", TableState.order).set(place);
    });
    this.#context.body(() => {
      code.loop((again) => {
        code.get(place, this.#state).load("i32.load", TableState.orderEnd).op("i32.lt_u").if([], () => {
          code.get(place).load("i32.load").set(this.#row);
          consume();
          code.get(place).i32(4).op("i32.add").set(place).br(again);
        });
      });
    });
  }

  /** The place is a row's address. */
  #chunks(selection: Exclude<RowSelection, "ordered">, consume: () => void): void {
    const { code } = this.#context;
    eachStoredRow(this.#context, this.#state, this.#row, this.#plan.rowBytes, () => {
      if (selection === "all") return consume();
      code.get(this.#row).load("i32.load", TableRow.flags).i32(TableRowFlag.matched).op("i32.and");
      if (selection === "unmatched") code.op("i32.eqz");
      code.if([], consume);
    });
  }

  /** Address of the row at hand. */
  get row(): Local {
    return this.#row;
  }

  column(index: number): LoweredValue {
    return readStored(this.#context, defined(this.#plan.columns[index], `column ${index}`), this.#row);
  }
}
