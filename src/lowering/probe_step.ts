// Probing a table inside a pipeline: each row that comes meets the build rows of equal keys, in one loop whose place
// survives the call. A call may leave anywhere below this loop and comes back to the same match; `depth` says how many
// probes, outermost first, stand at a saved place. Read next: table_plan.ts, control_block.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { JoinKind } from "#plan/physical.js";
import type { Label, Local } from "#wasm/function_builder.js";
import { RunStatus, TableRow, TableRowFlag, TableState } from "./control_block.js";
import type { ExpressionLowering } from "./expression_lowering.js";
import type { FunctionContext } from "./function_context.js";
import { type LoweredKey, hashKeys, lowerKey } from "./group_keys.js";
import { compareKeys } from "./group_table.js";
import type { PageSource } from "./page_source.js";
import { type TablePlan, marksBuildRows } from "./table_plan.js";
import type { TableSource } from "./table_source.js";

export interface ProbeStep {
  readonly kind: "probe";
  readonly join: JoinKind;
  readonly table: number;
  readonly plan: TablePlan;
  readonly keys: readonly Expression[];
  readonly residual: Expression | undefined;
  /** The table's first column among the pipeline's. */
  readonly firstColumn: number;
  /** Operators below the join, for their row counts. */
  readonly operators: readonly number[];
  /** The table comes in parts, and the rows of the source, a table as well, remember whether one has matched them. */
  readonly carriesMatches?: boolean;
}

/** What the probes of one function share. */
export interface ProbeLocals {
  /** Probes whose saved place is still to be taken up; 0 once all have. */
  readonly resuming: Local;
  readonly depth: Local;
  /** Matches this call may still look at. */
  readonly visits: Local;
}

export class Probe {
  readonly step: ProbeStep;
  /** The build row at hand: its columns are read from here. */
  readonly row: Local;
  readonly #context: FunctionContext;
  readonly #locals: ProbeLocals;
  readonly #number: number;
  readonly #state: Local;
  readonly #source: PageSource | undefined;
  readonly #cursor: Local;
  readonly #matched: Local;
  readonly #entered: Local;
  /** Rows that remember their matches. */
  readonly #carrier: TableSource | undefined;
  /** 1 when an earlier part of the table has matched the row. */
  readonly #before: Local;
  readonly #usesScratch: boolean;
  /** Where the values of one match begin in the row's own room. */
  #scratchMark: Local | undefined;

  /** `number` counts the pipeline's probes from 1; `state` holds the address of the table's state. */
  constructor(
    context: FunctionContext, step: ProbeStep, number: number, state: Local, locals: ProbeLocals,
    source: PageSource | undefined, carrier: TableSource | undefined, usesScratch: boolean,
  ) {
    this.#usesScratch = usesScratch;
    const local = (): Local => context.code.local("i32");
    this.step = step;
    this.#context = context;
    this.#locals = locals;
    this.#number = number;
    this.#state = state;
    this.#source = source;
    this.#carrier = carrier;
    this.#before = local();
    [this.row, this.#cursor, this.#matched, this.#entered] = [local(), local(), local(), local()];
  }

  /** After the loop, however it ended. */
  close(): void {
    const { code } = this.#context;
    const state = this.#state;
    code.get(state, this.#cursor).store("i32.store", TableState.cursor);
    code.get(state, this.#matched).store("i32.store", TableState.matched);
    code.get(state, this.#entered).store("i32.store", TableState.entered);
  }

  /** Writes the loop; `consume` is everything the joined rows meet. */
  emit(lowering: ExpressionLowering, consume: () => void): void {
    const { join, plan, keys } = this.step;
  
    const lowered = plan.keys.map((key, index) => lowerKey(this.#context, lowering, this.#source, {
      ...key,
      expression: defined(keys[index], "a key"),
    }));
    const { code } = this.#context;
    this.#enter(lowered);
    if (this.#usesScratch) this.#scratchMark = this.#context.scratchMark();
    switch (join) {
      case "inner":
      case "right":
      case "left":
      case "full":
        this.#pairs(lowering, lowered, consume);
        this.#remember();
        return;
      case "semi":
        this.#search(lowering, lowered);
        code.get(this.#matched);
        if (this.#carrier !== undefined) code.get(this.#before).op("i32.eqz", "i32.and");
        code.if([], () => lowering.conditionally(consume));
        this.#remember();
        return;
      case "anti":
      case "nullAwareAnti":
        this.#search(lowering, lowered);
        if (join === "anti") code.get(this.#matched).op("i32.eqz");
        else this.#pushNotIn(lowered);
        this.#andIsLastPart();
        code.if([], () => lowering.conditionally(consume));
        this.#remember();
        return;
      case "rightSemi":
      case "rightAnti":
        this.#mark(lowering, lowered);
    }
  }

  /** Takes up the saved place, or looks for the first build row of the same hash. */
  #enter(keys: readonly LoweredKey[]): void {
    const { code } = this.#context;
    const { resuming, depth } = this.#locals;
    if (this.#carrier !== undefined)
      code.get(this.#carrier.row).load("i32.load", TableRow.flags).i32(TableRowFlag.matched).op("i32.and")
        .set(this.#before);
    code.get(resuming).if([], () => {
      code.get(this.#state).load("i32.load", TableState.cursor).set(this.#cursor);
      code.get(this.#state).load("i32.load", TableState.matched).set(this.#matched);
      code.i32(0).get(resuming, resuming).i32(this.#number).op("i32.eq").select().set(resuming);
    }, () => {
      code.get(this.#entered).i32(1).op("i32.add").set(this.#entered);
      if (this.#carrier === undefined) code.i32(0).set(this.#matched);
      else code.get(this.#before).set(this.#matched);
      code.i32(0).set(this.#cursor);
      const isNull = this.#context.anyNull(keys);
      if (isNull === undefined) return this.#lookUp(keys);
      code.get(isNull).op("i32.eqz").if([], () => this.#lookUp(keys));
    });
    code.i32(this.#number).set(depth);
  }

  #lookUp(keys: readonly LoweredKey[]): void {
    const { code } = this.#context;
    const hash = hashKeys(this.#context, keys, []);
    const [place, entry] = [code.local("i32"), code.local("i64")];
    code.get(hash).set(place);
    code.block([], (out) => {
      code.loop((again) => {
        code.get(this.#state).load("i32.load", TableState.directory);
        code.get(place, this.#state).load("i32.load", TableState.mask).op("i32.and").tee(place);
        code.i32(3).op("i32.shl", "i32.add").load("i64.load").tee(entry).op("i64.eqz").brIf(out);
        code.get(entry).i64(32).op("i64.shr_u", "i32.wrap_i64").get(hash).op("i32.eq").if([], () => {
          code.get(entry).op("i32.wrap_i64").set(this.#cursor).br(out);
        });
        code.get(place).i32(1).op("i32.add").set(place).br(again);
      });
    });
  }

  /** One visit of a match; a call that has made all it may leaves here. */
  #visit(): void {
    const { code } = this.#context;
    const { visits, depth } = this.#locals;
    code.i32(this.#number).set(depth);
    code.get(visits).i32(1).op("i32.sub").tee(visits).i32(0).op("i32.lt_s");
    code.if([], () => this.#context.leave(RunStatus.paused));
    if (this.#scratchMark !== undefined) this.#context.freeScratch(this.#scratchMark);
  }

  /** Branches to `next` unless the build row at hand satisfies the join's condition. */
  #condition(lowering: ExpressionLowering, keys: readonly LoweredKey[], next: Label): void {
    const { code } = this.#context;
    compareKeys(this.#context, keys, [], this.row, next);
    const { residual } = this.step;
    if (residual === undefined) return;
    lowering.conditionally(() => {
      lowering.pushIsTrue(lowering.lower(residual));
      code.op("i32.eqz").brIf(next);
    });
  }

  /** Every match, and for joins that keep probe rows a row of NULLs when there was none. */
  #pairs(lowering: ExpressionLowering, keys: readonly LoweredKey[], consume: () => void): void {
    const { code } = this.#context;
    const { join } = this.step;
    const keepsProbeRows = join === "left" || join === "full";
    code.block([], (exit) => {
      code.loop((again) => {
        code.get(this.#cursor).tee(this.row).op("i32.eqz");
        if (!keepsProbeRows) code.brIf(exit);
        else code.if([], () => {
          code.get(this.#matched).brIf(exit);
          if (this.#carrier !== undefined)
            code.get(this.#state).load("i32.load", TableState.lastPart).op("i32.eqz").brIf(exit);
          code.get(this.#state).load("i32.load", TableState.nullRow).set(this.row);
        });
        this.#visit();
        code.block([], (next) => {
          const test = (): void => this.#condition(lowering, keys, next);
          if (keepsProbeRows) code.get(this.#cursor).if([], () => {
            test();
            code.i32(1).set(this.#matched);
            if (marksBuildRows[join]) this.#setMatched();
          });
          else {
            test();
            if (marksBuildRows[join]) this.#setMatched();
          }
          lowering.conditionally(consume);
        });
        if (keepsProbeRows) code.get(this.#cursor).op("i32.eqz").brIf(exit);
        code.get(this.#cursor).load("i32.load", TableRow.next).set(this.#cursor).br(again);
      });
    });
  }

  /** What the next part of the table must know of a row. Last of all: a call that leaves before comes back to it. */
  #remember(): void {
    const { code } = this.#context;
    if (this.#carrier === undefined) return;
    const { row } = this.#carrier;
    code.get(row, row).load("i32.load", TableRow.flags).get(this.#matched).op("i32.or");
    code.store("i32.store", TableRow.flags);
  }

  /** What no part of the table has matched is known only at the last. */
  #andIsLastPart(): void {
    if (this.#carrier === undefined) return;
    this.#context.code.get(this.#state).load("i32.load", TableState.lastPart).op("i32.and");
  }

  #setMatched(): void {
    const { code } = this.#context;
    code.get(this.row, this.row).load("i32.load", TableRow.flags).i32(TableRowFlag.matched).op("i32.or");
    code.store("i32.store", TableRow.flags);
  }

  /** Looks for one match; afterwards the cursor is 0, so that a resumed call does not look again. */
  #search(lowering: ExpressionLowering, keys: readonly LoweredKey[]): void {
    this.#eachMatch((next, exit) => {
      this.#condition(lowering, keys, next);
      this.#context.code.i32(1).set(this.#matched).i32(0).set(this.#cursor).br(exit);
    });
  }

  /** Marks every match that is not marked yet. */
  #mark(lowering: ExpressionLowering, keys: readonly LoweredKey[]): void {
    const { code } = this.#context;
    this.#eachMatch((next) => {
      code.get(this.row).load("i32.load", TableRow.flags).i32(TableRowFlag.matched).op("i32.and").brIf(next);
      this.#condition(lowering, keys, next);
      this.#setMatched();
    });
  }

  /** The loop over build rows of the same hash; `visit` may branch to the next or leave. */
  #eachMatch(visit: (next: Label, exit: Label) => void): void {
    const { code } = this.#context;
    code.block([], (exit) => {
      code.loop((again) => {
        code.get(this.#cursor).tee(this.row).op("i32.eqz").brIf(exit);
        this.#visit();
        code.block([], (next) => visit(next, exit));
        code.get(this.#cursor).load("i32.load", TableRow.next).set(this.#cursor).br(again);
      });
    });
  }

  /** NOT IN is true when there is no build row at all, or when neither side is NULL and nothing matched. */
  #pushNotIn(keys: readonly LoweredKey[]): void {
    const { code } = this.#context;
    const state = this.#state;
    code.get(this.#matched).get(state).load("i32.load", TableState.nullKeys).op("i32.or");
    for (const { isNull } of keys) {
      if (isNull === undefined) continue;
      code.get(isNull).get(state).load("i32.load", TableState.groups).i32(0).op("i32.ne", "i32.and", "i32.or");
    }
    code.op("i32.eqz");
  }
}
