// The consuming end of a pipeline that fills a table of rows: keys as words, columns in their shapes, strings copied.
// Nothing is looked up here: the host links the rows when all have come. Read next: table_plan.ts, probe_step.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { errorTemplates } from "#functions/error_templates.js";
import { shapeOf } from "#functions/function.js";
import type { Local } from "#wasm/function_builder.js";
import type { Sink } from "./aggregate_sink.js";
import { RunStatus, TableRow, TableRowFlag, TableState } from "./control_block.js";
import type { ExpressionLowering } from "./expression_lowering.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { type LoweredKey, hashKeys, keepsValue, lowerKey, storedImage } from "./group_keys.js";
import { copyBytes } from "./group_memory.js";
import { keepBytes, reserveRow } from "./group_table.js";
import { limitRows } from "./limit.js";
import type { PageSource } from "./page_source.js";
import { rowComparison } from "./sort_module.js";
import { writeNullMasks, writeStored } from "./stored_column.js";
import type { StoredColumn, TableKey, TablePlan } from "./table_plan.js";

export interface TableInput {
  readonly plan: TablePlan;
  readonly keys: readonly Expression[];
  readonly columns: readonly Expression[];
}

/** A column of the current row on its way into the table: a value, or for strings the words of a view. */
interface Arriving {
  readonly column: StoredColumn;
  readonly isNull: Local | undefined;
  readonly value: LoweredValue | undefined;
  readonly words: readonly Local[];
}

interface StringsEnd {
  readonly next: Local;
  readonly end: Local;
}

export class TableSink implements Sink {
  readonly #context: FunctionContext;
  readonly #input: TableInput;
  readonly #state: Local;
  readonly #source: PageSource | undefined;
  readonly #magnitudes = new Map<StoredColumn, Local>();

  /** `state` holds the address of the table's state. */
  constructor(context: FunctionContext, input: TableInput, state: Local, source: PageSource | undefined) {
    this.#context = context;
    this.#input = input;
    this.#state = state;
    this.#source = source;
  }

  open(): void {
    this.#eachMagnitude((column, push) => {
      const bits = this.#context.code.local("i64");
      push();
      this.#context.code.set(bits);
      this.#magnitudes.set(column, bits);
    });
  }

  consume(lowering: ExpressionLowering, condition: Local | undefined): void {
    if (condition === undefined) this.#row(lowering);
    else this.#context.code.get(condition).if([], () => lowering.conditionally(() => this.#row(lowering)));
  }

  close(): void {
    const { code } = this.#context;
    this.#eachMagnitude((column, _, offset) => {
      code.get(this.#state).load("i32.load", TableState.magnitudes);
      code.get(defined(this.#magnitudes.get(column), "a measured column")).store("i64.store", offset);
    });
  }

  #eachMagnitude(visit: (column: StoredColumn, push: () => void, offset: number) => void): void {
    this.#input.plan.columns.forEach((column, index) => {
      if (!column.isMeasured) return;
      const push = (): void => {
        const { code } = this.#context;
        code.get(this.#state).load("i32.load", TableState.magnitudes).load("i64.load", 8 * index);
      };
      visit(column, push, 8 * index);
    });
  }

  #row(lowering: ExpressionLowering): void {
    const { plan } = this.#input;
    if (plan.single) this.#refuseSecond();
    const store = (): void => {
      lowering.conditionally(() => this.#keep(lowering, keys, nullKey));
    };
    const keys = plan.keys.map((key, index) => lowerKey(this.#context, lowering, this.#source, {
      ...key,
      expression: defined(this.#input.keys[index], "a key"),
    }));
    const { code } = this.#context;
    const nullKey = this.#context.anyNull(keys);
    if (nullKey === undefined) return store();
    if (plan.nullKeys === "keep") return store();
    code.get(nullKey).op("i32.eqz").if([], store, () => {
      if (plan.nullKeys === "note") code.get(this.#state).i32(1).store("i32.store", TableState.nullKeys);
    });
  }

  #refuseSecond(): void {
    const { code } = this.#context;
    code.get(this.#state).load("i32.load", TableState.groups);
    this.#context.raiseIf(errorTemplates.moreThanOneRow);
  }

  #keep(lowering: ExpressionLowering, keys: readonly LoweredKey[], nullKey: Local | undefined): void {
    const { plan } = this.#input;
    if (plan.limit === undefined) return this.#store(lowering, keys, nullKey);
    const place = { base: this.#state, skip: TableState.skipRows, take: TableState.takeRows };
    limitRows(this.#context, place, () =>
      lowering.conditionally(() => this.#store(lowering, keys, nullKey)));
  }

  #store(lowering: ExpressionLowering, keys: readonly LoweredKey[], nullKey: Local | undefined): void {
    const { code, module } = this.#context;
    const { plan } = this.#input;
    const arriving = plan.columns.map((column, index) => this.#arriving(lowering, keys, column, index));
    const hash = hashKeys(this.#context, keys, []);
    const row = code.local("i32");
    reserveRow(code, this.#state, row, plan.rowBytes, module.host.addRows, () =>
      this.#context.leave(RunStatus.memoryFull));
    const strings = plan.order?.rows === undefined ? undefined : this.#stringsEnd();
    code.get(row).i32(0).store("i32.store", TableRow.next);
    code.get(row, hash).store("i32.store", TableRow.hash);
    code.get(row);
    if (nullKey === undefined) code.i32(0);
    else code.get(nullKey).i32(Math.log2(TableRowFlag.unlinked)).op("i32.shl");
    code.store("i32.store", TableRow.flags);
    const flags = arriving.flatMap(({ column, isNull }) =>
      (isNull === undefined || column.nullBit === undefined ? [] : [{ bit: column.nullBit, isNull }]));
    writeNullMasks(this.#context, plan.maskWords, flags, row);
    keys.forEach(({ words }, index) => {
      const key = defined(plan.keys[index], "a key");
      this.#writeWords(key.offset, key, words, row);
    });
    for (const each of arriving) this.#write(each, row);
    const count = (): void => {
      code.get(this.#state, this.#state).load("i32.load", TableState.groups).i32(1).op("i32.add");
      code.store("i32.store", TableState.groups);
    };
    if (strings === undefined) count();
    else this.#unlessBeyond(row, count, strings);
  }

  /** Where strings end, to go back to. */
  #stringsEnd(): StringsEnd {
    const { code } = this.#context;
    const [next, end] = [code.local("i32"), code.local("i32")];
    code.get(this.#state).load("i32.load", TableState.bytesNext).set(next);
    code.get(this.#state).load("i32.load", TableState.bytesEnd).set(end);
    return { next, end };
  }

  /**
   * Takes the row back when as many as are wanted come before it. One that is equal to the last of them comes after it,
   * for they came before.
   */
  #unlessBeyond(row: Local, count: () => void, { next, end }: StringsEnd): void {
    const { code, module } = this.#context;
    const { plan } = this.#input;
    const [bound, isBeyond] = [code.local("i32"), code.local("i32")];
    const compare = rowComparison(module, plan, defined(plan.order, "an order"));
    code.get(this.#state).load("i32.load", TableState.bound).tee(bound).if(["i32"], () => {
      code.get(row, bound).call(compare).i32(0).op("i32.ge_s");
    }, () => code.i32(0)).set(isBeyond);
    code.get(isBeyond).if([], () => {
      code.get(this.#state, row).store("i32.store", TableState.rowNext);
      // Strings that went to another piece of memory stay there.
      code.get(this.#state).load("i32.load", TableState.bytesEnd).get(end).op("i32.eq").if([], () =>
        code.get(this.#state, next).store("i32.store", TableState.bytesNext));
    }, count);
  }

  #arriving(
    lowering: ExpressionLowering, keys: readonly LoweredKey[], column: StoredColumn, index: number,
  ): Arriving {
    if (column.key !== undefined) {
      const key = keys.find(({ plan }) => plan.offset === column.offset);
      const { words, isNull } = defined(key, "the column's key");
      return { column, isNull, value: undefined, words };
    }
    const expression = defined(this.#input.columns[index], `column ${index}`);
    if (shapeOf(column.type, false) === "view") {
      const plan = { expression, type: column.type, ...storedImage(column.type), offset: column.offset };
      const { words, isNull } = lowerKey(this.#context, lowering, this.#source, plan);
      return { column, isNull, value: undefined, words };
    }
    const value = lowering.lower(expression);
    return { column, isNull: value.isNull, value, words: [] };
  }

  #write({ column, value, words, isNull }: Arriving, row: Local): void {
    if (value !== undefined) writeStored(this.#context, column, value, row);
    else if (column.key === undefined)
      this.#writeWords(column.offset, storedImage(column.type), words, row);
    if (!column.isMeasured) return;
    this.#measure(column, value?.parts ?? words, isNull);
  }

  #writeWords(
    offset: number, key: Pick<TableKey, "image" | "compared" | "stored">, words: readonly Local[], row: Local,
  ): void {
    const { code, module } = this.#context;
    const keep = (at: number): void => {
      const copy = module.library(copyBytes(module.host));
      keepBytes(code, this.#state, defined(words[at], "a word"), defined(words[at + 1], "a second word"), copy);
    };
    if (key.image === "long") keep(0);
    if (keepsValue(key)) keep(key.compared);
    words.forEach((word, index) => code.get(row, word).store("i64.store", offset + 8 * index));
  }

  #wide(value: Local): Local {
    if (value.type === "i64") return value;
    const { code } = this.#context;
    const wide = code.local("i64");
    code.get(value).op("i64.extend_i32_s").set(wide);
    return wide;
  }

  /** Ors v ^ (v >> 63), whose bits bound |v|; all ones when v needs more than 64 bits. */
  #measure(column: StoredColumn, parts: readonly Local[], isNull: Local | undefined): void {
    const { code } = this.#context;
    const bits = defined(this.#magnitudes.get(column), "a measured column");
    const [low, high] = parts;
    const value = this.#wide(defined(low, "a value"));
    code.get(bits).get(value).get(value).i64(63).op("i64.shr_s", "i64.xor");
    if (high !== undefined) {
      const own = code.local("i64");
      code.set(own).i64(-1n).get(own);
      code.get(high).get(value).i64(63).op("i64.shr_s", "i64.ne").select();
    }
    if (isNull !== undefined) {
      const own = code.local("i64");
      code.set(own).i64(0).get(own, isNull).select();
    }
    code.op("i64.or").set(bits);
  }
}
