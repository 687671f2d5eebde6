// The columns a window makes of a row: ranks from its place, values of other rows copied, aggregates out of the
// arrays over the runs of its frame. Read next: window_frame.ts, window_plan.ts.
import { assert, defined } from "#base/assert.js";
import { type Shape, shapeOf } from "#functions/function.js";
import { LEAST64 } from "#types/encoding_of.js";
import type { LoadInstruction, StoreInstruction } from "#wasm/opcodes.js";
import type { Local } from "#wasm/function_builder.js";
import { readStored, writeNullBit, writeStored } from "./stored_column.js";
import type { StoredColumn } from "./table_plan.js";
import { FrameEmitter, readSurroundings, type Run, type Surroundings } from "./window_frame.js";
import { add192, type Choices, pushEntry, pushRow, type WindowPart } from "./window_part.js";
import type { FramePlan, WindowArray, WindowPlan, WindowValue } from "./window_plan.js";
import { isTree, WindowState } from "./window_plan.js";

/** Writes the columns of the row at work. */
export function writeResults(part: WindowPart, window: WindowPlan, choices: Choices): void {
  const { context: { code } } = part;
  const around = readSurroundings(part);
  const row = code.local("i32");
  pushRow(part, part.at).set(row);
  const frames = new FrameEmitter(part, window, around);
  const known = new Map<FramePlan, readonly Run[]>();
  const runsOf = (frame: FramePlan): readonly Run[] => {
    const runs = known.get(frame) ?? frames.runs(frame);
    known.set(frame, runs);
    return runs;
  };
  for (const value of window.values) new ValueEmitter(part, value, row, around, choices).emit(runsOf);
}

class ValueEmitter {
  readonly #part: WindowPart;
  readonly #value: WindowValue;
  readonly #row: Local;
  readonly #around: Surroundings;
  readonly #choices: Choices;
  readonly #result: StoredColumn;

  constructor(part: WindowPart, value: WindowValue, row: Local, around: Surroundings, choices: Choices) {
    this.#part = part;
    this.#value = value;
    this.#row = row;
    this.#around = around;
    this.#choices = choices;
    this.#result = defined(part.table.columns[value.result], "a result's column");
  }

  emit(runsOf: (frame: FramePlan) => readonly Run[]): void {
    const { code } = this.#part.context;
    const { at } = this.#part;
    const { partition, group, groupEnd, partitionEnd, groupNumber } = this.#around;
    const runs = (): readonly Run[] => runsOf(this.#value.frame);
    switch (this.#value.call.function) {
      case "rowNumber": return this.#number(() => code.get(at, partition).op("i32.sub"), 1);
      case "rank": return this.#number(() => code.get(group, partition).op("i32.sub"), 1);
      case "denseRank": return this.#number(() => code.get(groupNumber), 1);
      case "percentRank": return this.#share(
        () => code.get(group, partition).op("i32.sub"),
        () => code.get(partitionEnd, partition).op("i32.sub").i32(1).op("i32.sub"));
      case "cumeDist": return this.#share(
        () => code.get(groupEnd, partition).op("i32.sub"), () => code.get(partitionEnd, partition).op("i32.sub"));
      case "ntile": return this.#bucket();
      case "lag": return this.#away("i32.sub");
      case "lead": return this.#away("i32.add");
      case "firstValue": return this.#copyAt(this.#nth(runs(), undefined));
      case "lastValue": return this.#copyAt(this.#last(runs()));
      case "nthValue": {
        const rows = code.local("i32");
        code.get(this.#part.state).load("i32.load", this.#value.offset).i32(1).op("i32.sub").set(rows);
        return this.#copyAt(this.#nth(runs(), rows));
      }
      case "countRows": case "count": return this.#number(() => this.#pushCount(this.#value.arrays[0], runs()), 0);
      case "sum": return this.#sum(runs());
      case "boolAnd": case "boolOr": return this.#truth(runs());
      case "min": case "max": return this.#copyAt(this.#best(runs()));
    }
  }

  /** An int8 that is what an i32 says and a little more. */
  #number(push: () => void, more: number): void {
    const { code } = this.#part.context;
    const value = code.local("i64");
    push();
    code.op("i64.extend_i32_u").i64(more).op("i64.add").set(value);
    this.#store("i64", [value], undefined);
  }

  /** A quotient of two numbers of rows; 0 of a partition of one. */
  #share(pushPart: () => void, pushWhole: () => void): void {
    const { code } = this.#part.context;
    const [whole, value] = [code.local("i32"), code.local("f64")];
    pushWhole();
    code.set(whole).get(whole).if(["f64"], () => {
      pushPart();
      code.op("f64.convert_i32_s").get(whole).op("f64.convert_i32_s", "f64.div");
    }, () => code.f64(0));
    code.set(value);
    this.#store("f64", [value], undefined);
  }

  #store(shape: Shape, parts: readonly Local[], isNull: Local | undefined): void {
    const { context } = this.#part;
    assert(shapeOf(this.#result.type, false) === shape, "a result of its column's shape");
    writeStored(context, this.#result, { type: this.#result.type, shape, parts, isNull }, this.#row);
    this.#storeNull(() => {
      if (isNull === undefined) context.code.i32(0);
      else context.code.get(isNull);
    });
  }

  #storeNull(push: () => void): void {
    writeNullBit(this.#part.context, defined(this.#result.nullBit, "a result may be NULL"), this.#row, push);
  }

  /** The first buckets have one row more. */
  #bucket(): void {
    const { at, state, context: { code } } = this.#part;
    const { partition, partitionEnd } = this.#around;
    const [count, rows, most, place, bucket] = Array.from({ length: 5 }, () => code.local("i32")) as
      [Local, Local, Local, Local, Local];
    code.get(state).load("i32.load", this.#value.offset).set(count);
    code.get(partitionEnd, partition).op("i32.sub").get(count).op("i32.div_u").set(rows);
    code.get(partitionEnd, partition).op("i32.sub").get(count).op("i32.rem_u").set(most);
    code.get(at, partition).op("i32.sub").set(place);
    const pushLonger = (): void => void code.get(rows).i32(1).op("i32.add");
    pushLonger();
    code.get(most).op("i32.mul").get(place).op("i32.gt_u").if(["i32"], () => {
      code.get(place);
      pushLonger();
      code.op("i32.div_u");
    }, () => {
      code.get(most).get(place);
      pushLonger();
      code.get(most).op("i32.mul", "i32.sub").get(rows).op("i32.div_u", "i32.add");
    });
    code.i32(1).op("i32.add").set(bucket);
    this.#store("i32", [bucket], undefined);
  }

  #away(direction: "i32.sub" | "i32.add"): void {
    const { at, state, context: { code } } = this.#part;
    const { partition, partitionEnd } = this.#around;
    const place = code.local("i32");
    code.get(at, state).load("i32.load", this.#value.offset).op(direction).set(place);
    code.get(place, partition).op("i32.lt_s").get(place, partitionEnd).op("i32.ge_s", "i32.or");
    code.if([], () => code.i32(-1).set(place));
    this.#copyAt(place);
  }

  /** Copies the argument from the row at a place; -1 is none. */
  #copyAt(place: Local): void {
    const { table, context: { code } } = this.#part;
    const { argument, otherwise } = this.#value;
    const columnAt = (index: number): StoredColumn => defined(table.columns[index], "an argument's column");
    code.get(place).i32(0).op("i32.ge_s").if([], () => {
      const source = code.local("i32");
      pushRow(this.#part, place).set(source);
      this.#copy(columnAt(defined(argument, "an argument")), source);
    }, () => {
      if (otherwise === undefined) this.#storeNull(() => code.i32(1));
      else this.#copy(columnAt(otherwise), this.#row);
    });
  }

  /** Strings stay where they are: the words that say where are copied. */
  #copy(column: StoredColumn, source: Local): void {
    const { context } = this.#part;
    const { code } = context;
    const shape = shapeOf(column.type, false);
    assert(shapeOf(this.#result.type, false) === shape, "values of one shape");
    const move = (type: "i32" | "i64" | "f32" | "f64", more: number): void => {
      const [load, store] = [`${type}.load`, `${type}.store`] as [LoadInstruction, StoreInstruction];
      code.get(this.#row, source).load(load, column.offset + more).store(store, this.#result.offset + more);
    };
    if (shape === "view" || shape === "i128") {
      move("i64", 0);
      move("i64", 8);
    } else move(shape, 0);
    const { isNull } = readStored(context, column, source);
    this.#storeNull(() => {
      if (isNull === undefined) code.i32(0);
      else code.get(isNull);
    });
  }

  /** The place of the row that has so many rows of the frame before it; -1 when there is none. */
  #nth(runs: readonly Run[], before: Local | undefined): Local {
    const { code } = this.#part.context;
    const [place, left] = [code.local("i32"), code.local("i32")];
    code.i32(-1).set(place);
    if (before === undefined) code.i32(0);
    else code.get(before);
    code.set(left);
    for (const { start, end, from } of runs) {
      code.get(place).i32(0).op("i32.lt_s").if([], () => {
        code.get(left, end, start).op("i32.sub", "i32.lt_s");
        code.if([], () => code.get(from, left).op("i32.add").set(place),
          () => code.get(left, end, start).op("i32.sub", "i32.sub").set(left));
      });
    }
    return place;
  }

  #last(runs: readonly Run[]): Local {
    const { code } = this.#part.context;
    const place = code.local("i32");
    code.i32(-1).set(place);
    for (const { start, end, to } of runs)
      code.get(to).i32(1).op("i32.sub").get(place, end, start).op("i32.gt_s").select().set(place);
    return place;
  }

  /** Pushes how many rows the frame has, or how many of them an array counts. */
  #pushCount(array: WindowArray | undefined, runs: readonly Run[]): void {
    const { code } = this.#part.context;
    code.i32(0);
    for (const { start, end, from, to } of runs) {
      if (array === undefined) code.get(end, start);
      else {
        pushEntry(this.#part, array, to).load("i32.load");
        pushEntry(this.#part, array, from).load("i32.load");
      }
      code.op("i32.sub", "i32.add");
    }
  }

  #countOf(array: WindowArray | undefined, runs: readonly Run[]): Local {
    const { code } = this.#part.context;
    const count = code.local("i32");
    this.#pushCount(defined(array, "an array that counts"), runs);
    code.set(count);
    return count;
  }

  #isNone(array: WindowArray | undefined, runs: readonly Run[]): Local {
    const { code } = this.#part.context;
    const isNone = code.local("i32");
    code.get(this.#countOf(array, runs)).op("i32.eqz").set(isNone);
    return isNone;
  }

  /** bool_and is that nothing is false, bool_or that something is true. */
  #truth(runs: readonly Run[]): void {
    const { code } = this.#part.context;
    const [present, decisive] = this.#value.arrays;
    const isNull = this.#isNone(present, runs);
    const value = code.local("i32");
    code.get(this.#countOf(decisive, runs)).i32(0);
    code.op(this.#value.call.function === "boolAnd" ? "i32.eq" : "i32.ne").set(value);
    this.#store("i32", [value], isNull);
  }

  #sum(runs: readonly Run[]): void {
    const { code } = this.#part.context;
    const [present, sums, nans] = this.#value.arrays;
    const isNull = this.#isNone(present, runs);
    const array = defined(sums, "running sums");
    if (array.kind === "sum192") return this.#sumWide(array, nans, runs, isNull);
    const value = code.local("i64");
    code.i64(0);
    for (const { from, to } of runs) {
      pushEntry(this.#part, array, to).load("i64.load");
      pushEntry(this.#part, array, from).load("i64.load");
      code.op("i64.sub", "i64.add");
    }
    code.set(value);
    this.#store("i64", [value], isNull);
  }

  #sumWide(array: WindowArray, nans: WindowArray | undefined, runs: readonly Run[], isNull: Local): void {
    const { context } = this.#part;
    const { code } = context;
    const words = (): [Local, Local, Local] => [code.local("i64"), code.local("i64"), code.local("i64")];
    const [total, term] = [words(), words()];
    for (const word of total) code.i64(0).set(word);
    for (const { from, to } of runs)
      for (const [at, subtract] of [[to, false], [from, true]] as const) {
        const entry = code.local("i32");
        pushEntry(this.#part, array, at).set(entry);
        term.forEach((word, index) => code.get(entry).load("i64.load", 8 * index).set(word));
        add192(code, total, term, subtract);
      }
    const [low, high] = total;
    if (nans !== undefined)
      code.get(this.#countOf(nans, runs)).if([], () => code.i64(0).set(low).i64(LEAST64).set(high));
    this.#store("i128", [low, high], isNull);
  }

  /** The place of the least or greatest value in the frame. */
  #best(runs: readonly Run[]): Local {
    const { code } = this.#part.context;
    const array = defined(this.#value.arrays[0], "an array of places");
    const best = code.local("i32");
    code.i32(-1).set(best);
    for (const run of runs) {
      if (isTree(array)) this.#inTree(array, run, best);
      else code.get(run.start, run.end).op("i32.lt_s").if([], () =>
        pushEntry(this.#part, array, run.to).load("i32.load").set(best));
    }
    return best;
  }

  /** Goes up from both ends of the run; what is left of it counts before what is right. */
  #inTree(array: WindowArray, { start, end }: Run, best: Local): void {
    const { state, context: { code } } = this.#part;
    const choice = defined(this.#choices.get(array), "a choice");
    const [left, right, fromLeft, fromRight] = Array.from({ length: 4 }, () => code.local("i32")) as
      [Local, Local, Local, Local];
    for (const [node, row] of [[left, start], [right, end]] as const)
      code.get(row, state).load("i32.load", WindowState.rows).op("i32.add").set(node);
    for (const side of [fromLeft, fromRight]) code.i32(-1).set(side);
    const choose = (push: () => void, into: Local): void => {
      code.get(state);
      push();
      code.call(choice).set(into);
    };
    const node = (at: Local): void => void pushEntry(this.#part, array, at).load("i32.load");
    const isOdd = (at: Local): void => void code.get(at).i32(1).op("i32.and");
    code.loop((again) => {
      code.get(left, right).op("i32.lt_u").if([], () => {
        isOdd(left);
        code.if([], () => {
          choose(() => { code.get(fromLeft); node(left); }, fromLeft);
          code.get(left).i32(1).op("i32.add").set(left);
        });
        isOdd(right);
        code.if([], () => {
          code.get(right).i32(1).op("i32.sub").set(right);
          choose(() => { node(right); code.get(fromRight); }, fromRight);
        });
        for (const each of [left, right]) code.get(each).i32(1).op("i32.shr_u").set(each);
        code.br(again);
      });
    });
    for (const side of [fromLeft, fromRight]) choose(() => void code.get(best, side), best);
  }
}
