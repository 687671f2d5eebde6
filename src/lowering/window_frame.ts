// Where the frame of a row begins and ends, as row numbers in locals, and the runs of rows that exclusions leave of it.
// Bounds by group or distance only ever move on from row to row, so their places are kept between rows. Read next:
// window_values.ts.
import { defined } from "#base/assert.js";
import type { Local } from "#wasm/function_builder.js";
import type { LoweredValue } from "./function_context.js";
import { pushOrder } from "./sort_module.js";
import { pushPlace, pushRow, type WindowPart } from "./window_part.js";
import type { FramePlan, MovingBound, WindowPlan } from "./window_plan.js";
import { WindowPlace, WindowStandIn, WindowState } from "./window_plan.js";
import { readStored } from "./stored_column.js";

/** What is known of the row at work. */
export interface Surroundings {
  readonly partition: Local;
  readonly group: Local;
  readonly partitionEnd: Local;
  readonly groupEnd: Local;
  readonly groupNumber: Local;
}

/** Rows from `start` on, without `end`. */
export interface Run {
  readonly start: Local;
  readonly end: Local;
  /** Where the array's entries for them stand, and the first row; these are in memory. */
  readonly from: Local;
  readonly to: Local;
}

export function readSurroundings(part: WindowPart): Surroundings {
  const { at, context: { code } } = part;
  const place = code.local("i32");
  pushPlace(part, at).set(place);
  const read = (field: number): Local => {
    const value = code.local("i32");
    code.get(place).load("i32.load", field).set(value);
    return value;
  };
  return {
    partition: read(WindowPlace.partition), group: read(WindowPlace.group),
    partitionEnd: read(WindowPlace.partitionEnd), groupEnd: read(WindowPlace.groupEnd),
    groupNumber: read(WindowPlace.groupNumber),
  };
}

export class FrameEmitter {
  readonly #part: WindowPart;
  readonly #window: WindowPlan;
  readonly #around: Surroundings;

  constructor(part: WindowPart, window: WindowPlan, around: Surroundings) {
    this.#part = part;
    this.#window = window;
    this.#around = around;
  }

  /** The runs of the frame in order, some of them empty. */
  runs(plan: FramePlan): readonly Run[] {
    const { at, context: { code } } = this.#part;
    const { group, groupEnd } = this.#around;
    const start = this.#bound(plan, plan.start, false);
    const last = this.#bound(plan, plan.end, true);
    const end = code.local("i32");
    this.#larger(start, last);
    code.set(end);
    const within = (push: () => void): Local => {
      const [place, result] = [code.local("i32"), code.local("i32")];
      push();
      code.set(place);
      this.#larger(place, start);
      code.set(result);
      this.#smaller(result, end);
      code.set(result);
      return result;
    };
    const run = (first: Local, behind: Local): Run => (
      { start: first, end: behind, from: this.#entryOf(first), to: this.#entryOf(behind) });
    const of = (local: Local, more = 0) => (): void => void code.get(local).i32(more).op("i32.add");
    switch (plan.frame.exclusion) {
      case "none": return [{ start, end, from: this.#from(plan, start), to: this.#to(plan, end) }];
      case "currentRow": return [run(start, within(of(at))), run(within(of(at, 1)), end)];
      case "group": return [run(start, within(of(group))), run(within(of(groupEnd)), end)];
      case "ties": return [
        run(start, within(of(group))), run(within(of(at)), within(of(at, 1))), run(within(of(groupEnd)), end),
      ];
    }
  }

  /** A frame starts in memory, or where the partition or the group does. */
  #from({ frame: { unit, start: { kind } } }: FramePlan, start: Local): Local {
    const { state, context: { code } } = this.#part;
    const from = code.local("i32");
    code.i32(kind === "currentRow" && unit !== "rows" ? WindowStandIn.group : WindowStandIn.partition);
    code.get(start, start, state).load("i32.load", WindowState.first).op("i32.lt_s").select().set(from);
    return from;
  }

  /** Likewise its end, which is also where the partition starts when a frame lies before it. */
  #to({ frame: { unit, end: { kind } } }: FramePlan, end: Local): Local {
    const { state, context: { code } } = this.#part;
    const to = code.local("i32");
    if (kind !== "unbounded" && (kind !== "currentRow" || unit === "rows")) {
      code.i32(WindowStandIn.partition);
      code.get(end, end, state).load("i32.load", WindowState.first).op("i32.lt_s").select().set(to);
      return to;
    }
    const standIn = kind === "unbounded" ? WindowStandIn.partitionEnd : WindowStandIn.groupEnd;
    code.get(state).load("i32.load", WindowState.rows).i32(standIn + 1).op("i32.add");
    code.get(end, end, state).load("i32.load", WindowState.rows).op("i32.gt_s").select().set(to);
    return to;
  }

  /** Where a run begins or ends that exclusions leave: in memory, or at an end of the partition or the group. */
  #entryOf(place: Local): Local {
    const { state, context: { code } } = this.#part;
    const { partition, partitionEnd } = this.#around;
    const entry = code.local("i32");
    code.get(place).set(entry);
    const standIn = (whole: Local, ofWhole: number, ofGroup: number): void =>
      void code.i32(ofWhole).i32(ofGroup).get(place, whole).op("i32.eq").select();
    code.get(place, state).load("i32.load", WindowState.first).op("i32.lt_s").if([], () => {
      standIn(partition, WindowStandIn.partition, WindowStandIn.group);
      code.set(entry);
    });
    code.get(place, state).load("i32.load", WindowState.rows).op("i32.gt_s").if([], () => {
      standIn(partitionEnd, WindowStandIn.partitionEnd + 1, WindowStandIn.groupEnd + 1);
      code.get(state).load("i32.load", WindowState.rows).op("i32.add").set(entry);
    });
    return entry;
  }

  #larger(a: Local, b: Local): void {
    this.#part.context.code.get(a, b, a, b).op("i32.gt_s").select();
  }

  #smaller(a: Local, b: Local): void {
    this.#part.context.code.get(a, b, a, b).op("i32.lt_s").select();
  }

  /** The first row of the frame, or the row behind its last. */
  #bound(plan: FramePlan, bound: MovingBound, isEnd: boolean): Local {
    const { at, context: { code } } = this.#part;
    const { partition, partitionEnd, group, groupEnd } = this.#around;
    const { unit } = plan.frame;
    if (bound.kind === "unbounded") return isEnd ? partitionEnd : partition;
    if (unit !== "rows" && bound.kind === "currentRow") return isEnd ? groupEnd : group;
    if (unit !== "rows") return this.#moved(plan, bound, isEnd);
    const place = code.local("i32");
    code.get(at);
    if (bound.kind !== "currentRow")
      code.get(this.#part.state).load("i32.load", bound.offset).op(bound.kind === "preceding" ? "i32.sub" : "i32.add");
    if (isEnd) code.i32(1).op("i32.add");
    code.set(place);
    this.#larger(place, partition);
    code.set(place);
    this.#smaller(place, partitionEnd);
    code.set(place);
    return place;
  }

  /** Goes on from where the row before left the bound, group by group. */
  #moved(plan: FramePlan, bound: MovingBound, isEnd: boolean): Local {
    const { state, context: { code } } = this.#part;
    const { partition, partitionEnd } = this.#around;
    const place = code.local("i32");
    code.get(state).load("i32.load", bound.place).set(place);
    this.#larger(place, partition);
    code.set(place);
    const pushIsBefore = plan.frame.unit === "groups" ? this.#byGroup(bound, isEnd, place)
      : bound.limit === undefined ? this.#byDistance(bound, isEnd, place)
        : this.#byLimit(plan.measure, bound.limit, isEnd, place);
    code.loop((again) => {
      code.get(place, partitionEnd).op("i32.lt_s").if([], () => {
        pushIsBefore();
        code.if([], () => {
          pushPlace(this.#part, place).load("i32.load", WindowPlace.groupEnd).set(place);
          code.br(again);
        });
      });
    });
    code.get(state, place).store("i32.store", bound.place);
    return place;
  }

  /** Pushes whether the group at `place` lies before the frame's first, or for an end not behind its last. */
  #byGroup(bound: MovingBound, isEnd: boolean, place: Local): () => void {
    const { state, context: { code } } = this.#part;
    const wanted = code.local("i32");
    code.get(this.#around.groupNumber, state).load("i32.load", bound.offset);
    code.op(bound.kind === "preceding" ? "i32.sub" : "i32.add").set(wanted);
    return () => {
      pushPlace(this.#part, place).load("i32.load", WindowPlace.groupNumber).get(wanted);
      code.op(isEnd ? "i32.le_s" : "i32.lt_s");
    };
  }

  /** The same by the order key's distance. NULLs are peers of each other and beyond every distance from values. */
  #byDistance(bound: MovingBound, isEnd: boolean, place: Local): () => void {
    const { at, state, context: { code } } = this.#part;
    const key = defined(this.#window.order[0], "a key to measure");
    const adds = (bound.kind === "following") !== key.descending;
    const [own, limit, beyond] = [this.#key(at), code.local("i64"), code.local("i32")];
    code.get(own.value, state).load("i64.load", bound.offset).op(adds ? "i64.add" : "i64.sub").set(limit);
    // Past the ends of int8 the limit is beyond every value.
    code.get(limit, own.value).op(adds ? "i64.lt_s" : "i64.gt_s").set(beyond);
    return () => {
      const other = this.#key(place);
      this.#pushIsBefore(own.isNull, other.isNull, isEnd, () => {
        code.i32(adds !== key.descending ? -1 : 1);
        const [greater, less] = key.descending ? [limit, other.value] : [other.value, limit];
        code.get(greater, less).op("i64.gt_s").get(greater, less).op("i64.lt_s", "i32.sub");
        code.get(beyond).select();
      });
    };
  }

  /** The same by how far the measure of the row at `place` may be from this row's. */
  #byLimit(measure: number | undefined, limit: number, isEnd: boolean, place: Local): () => void {
    const { at, table, context } = this.#part;
    const { descending } = defined(this.#window.order[0], "a key to measure");
    const read = (column: number, of: Local): LoweredValue => {
      const row = context.code.local("i32");
      pushRow(this.#part, of).set(row);
      return readStored(context, defined(table.columns[column], "a column"), row);
    };
    const own = read(limit, at);
    return () => {
      const other = read(defined(measure, "a measure"), place);
      this.#pushIsBefore(this.#nullFlag(own), this.#nullFlag(other), isEnd, () => {
        if (descending) pushOrder(context, own, other);
        else pushOrder(context, other, own);
      });
    };
  }

  #nullFlag({ isNull }: LoweredValue): Local {
    const { code } = this.#part.context;
    if (isNull !== undefined) return isNull;
    const flag = code.local("i32");
    code.i32(0).set(flag);
    return flag;
  }

  /** Pushes whether another row lies before a bound; `pushOrder` says where it is when neither is NULL. */
  #pushIsBefore(ownNull: Local, otherNull: Local, isEnd: boolean, pushOrder: () => void): void {
    const { code } = this.#part.context;
    const key = defined(this.#window.order[0], "a key to measure");
    code.get(ownNull, otherNull).op("i32.or").if(["i32"], () => {
      if (key.nullsFirst) code.get(ownNull, otherNull).op("i32.sub");
      else code.get(otherNull, ownNull).op("i32.sub");
    }, pushOrder);
    code.i32(0).op(isEnd ? "i32.le_s" : "i32.lt_s");
  }

  #key(at: Local): { readonly value: Local; readonly isNull: Local } {
    const { context, table } = this.#part;
    const { code } = context;
    const [row, value] = [code.local("i32"), code.local("i64")];
    pushRow(this.#part, at).set(row);
    const column = defined(table.columns[defined(this.#window.order[0], "a key to measure").column], "a key's column");
    const read = readStored(context, column, row);
    const first = defined(read.parts[0], "a number");
    code.get(first);
    if (first.type === "i32") code.op("i64.extend_i32_s");
    code.set(value);
    return { value, isNull: this.#nullFlag(read) };
  }
}
