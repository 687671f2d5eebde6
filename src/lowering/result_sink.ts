// The consuming end of a pipeline that delivers rows: writes them into the result page the host laid out in scratch
// memory. A row is written whole or not at all: when it does not fit, the call ends and resumes with that row.
import { assert, defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { narrowDecimal, widenDecimal } from "#functions/library/int128.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import { COLUMN_FLAG_SPECIAL, PageColumn, PageHeader, VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { ColumnType } from "#types/column_type.js";
import { DECIMAL64_PRECISION_MAX, LEAST64, isPackedText } from "#types/encoding_of.js";
import type { Local } from "#wasm/function_builder.js";
import type { StoreInstruction } from "#wasm/opcodes.js";
import type { Sink } from "./aggregate_sink.js";
import { ControlBlock, RunStatus } from "./control_block.js";
import type { ExpressionLowering } from "./expression_lowering.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { limitRows } from "./limit.js";
import { type PageSource, isView } from "./page_source.js";

const storeOf: Readonly<Record<Encoding, StoreInstruction | undefined>> = {
  [Encoding.bool8]: "i32.store8",
  [Encoding.int8]: "i32.store8",
  [Encoding.int16]: "i32.store16",
  [Encoding.int32]: "i32.store",
  [Encoding.int64]: "i64.store",
  [Encoding.float32]: "f32.store",
  [Encoding.float64]: "f64.store",
  [Encoding.decimal64]: "i64.store",
  [Encoding.decimal128]: undefined,
  [Encoding.text]: undefined,
  [Encoding.datum]: undefined,
  [Encoding.text4]: "i32.store",
  [Encoding.text8]: "i64.store",
};

interface OutputColumn {
  readonly type: ColumnType;
  readonly entry: number;
  readonly values: Local;
  readonly validity: Local;
}

export interface ResultColumn {
  readonly expression: Expression;
  readonly type: ColumnType;
}

export class ResultSink implements Sink {
  readonly #context: FunctionContext;
  readonly #columns: readonly ResultColumn[];
  /** Rows count against the limit in the control block. */
  readonly #limited: boolean;
  readonly #control: Local;
  readonly #source: PageSource | undefined;
  readonly #page: Local;
  readonly #rows: Local;
  readonly #capacity: Local;
  readonly #tail: Local;
  readonly #tailBytes: Local;
  readonly #tailRoom: Local;
  readonly #outputs: OutputColumn[] = [];

  constructor(
    context: FunctionContext,
    columns: readonly ResultColumn[],
    limited: boolean,
    control: Local,
    source: PageSource | undefined,
  ) {
    this.#context = context;
    this.#columns = columns;
    this.#limited = limited;
    this.#control = control;
    this.#source = source;
    const local = (): Local => context.code.local("i32");
    [this.#page, this.#rows, this.#capacity] = [local(), local(), local()];
    [this.#tail, this.#tailBytes, this.#tailRoom] = [local(), local(), local()];
  }

  open(): void {
    const { code } = this.#context;
    code.get(this.#control).load("i32.load", ControlBlock.resultPage).set(this.#page);
    const read = (target: Local, offset: number): void =>
      void code.get(this.#page).load("i32.load", offset).set(target);
    read(this.#rows, PageHeader.row_count);
    read(this.#capacity, PageHeader.row_capacity);
    read(this.#tailBytes, PageHeader.tail_bytes);
    read(this.#tail, PageHeader.tail_offset);
    code
      .get(this.#page)
      .load("i32.load", PageHeader.page_bytes)
      .get(this.#tail)
      .op("i32.sub")
      .set(this.#tailRoom);
    code.get(this.#page, this.#tail).op("i32.add").set(this.#tail);
    this.#columns.forEach(({ type }, index) => {
      const entry = PageHeader.SIZE + index * PageColumn.SIZE;
      const [values, validity] = [code.local("i32"), code.local("i32")];
      code
        .get(this.#page, this.#page)
        .load("i32.load", entry + PageColumn.values_offset)
        .op("i32.add")
        .set(values);
      code
        .get(this.#page, this.#page)
        .load("i32.load", entry + PageColumn.validity_offset)
        .op("i32.add")
        .set(validity);
      this.#outputs.push({ type, entry, values, validity });
    });
  }

  consume(lowering: ExpressionLowering, condition: Local | undefined): void {
    if (condition === undefined) this.#counted(lowering);
    else this.#context.code.get(condition).if([], () => lowering.conditionally(() => this.#counted(lowering)));
  }

  close(): void {
    const { code } = this.#context;
    code.get(this.#page, this.#rows).store("i32.store", PageHeader.row_count);
    code.get(this.#page, this.#tailBytes).store("i32.store", PageHeader.tail_bytes);
  }

  #counted(lowering: ExpressionLowering): void {
    if (!this.#limited) return this.#row(lowering);
    const place = { base: this.#control, skip: ControlBlock.skipRows, take: ControlBlock.takeRows };
    limitRows(this.#context, place, () => lowering.conditionally(() => this.#row(lowering)));
  }

  #row(lowering: ExpressionLowering): void {
    const { code } = this.#context;
    code
      .get(this.#rows, this.#capacity)
      .op("i32.ge_u")
      .if([], () => this.#context.leave(RunStatus.outputFull));
    const values = this.#columns.map((column) => this.#raw(column) ?? lowering.lower(column.expression));
    this.#reserveTail(values);
    values.forEach((value, index) => this.#write(defined(this.#outputs[index], "an output"), value));
    code.get(this.#rows).i32(1).op("i32.add").set(this.#rows);
  }

  /** A 16-byte decimal column that only passes through keeps its image: no page bound is needed to read it. */
  #raw({ expression, type }: ResultColumn): LoweredValue | undefined {
    if (this.#source === undefined || expression.kind !== "column" || type.encoding !== Encoding.decimal128)
      return undefined;
    if (this.#source.encoding(expression.index) !== Encoding.decimal128) return undefined;
    return this.#source.rawPair(expression.index);
  }

  /** Ends the call unless the tail has room for every long string of the row. */
  #reserveTail(values: readonly LoweredValue[]): void {
    const { code } = this.#context;
    const views = values.filter(({ shape }, index) => shape === "view" && !this.#isPacked(index));
    if (views.length === 0) return;
    const [need, length] = [code.local("i64"), code.local("i32")];
    code.i64(0).set(need);
    for (const view of views) {
      code
        .get(defined(view.parts[0], "a view"))
        .load("i32.load")
        .tee(length)
        .i32(VIEW_INLINE_BYTES)
        .op("i32.gt_u");
      if (view.isNull !== undefined) code.get(view.isNull).op("i32.eqz", "i32.and");
      code.if([], () => code.get(need).get(length).op("i64.extend_i32_u", "i64.add").set(need));
    }
    code.get(need).get(this.#tailRoom, this.#tailBytes).op("i32.sub", "i64.extend_i32_u", "i64.gt_u");
    code.if([], () => {
      code
        .get(this.#rows)
        .op("i32.eqz")
        .if([], () => {
          code.get(this.#control, need).store("i64.store", ControlBlock.rowBytes);
          this.#context.leave(RunStatus.rowTooLarge);
        });
      this.#context.leave(RunStatus.outputFull);
    });
  }

  #isPacked(index: number): boolean {
    return isPackedText(defined(this.#columns[index], "a column").type.encoding);
  }

  #write(output: OutputColumn, value: LoweredValue): void {
    const { code } = this.#context;
    const address = code.local("i32");
    const width = defined(encodingWidth[output.type.encoding], "a width");
    code.get(output.values, this.#rows).i32(Math.log2(width)).op("i32.shl", "i32.add").set(address);
    if (value.isNull === undefined) {
      this.#writeValue(output, address, value);
      return;
    }
    code.get(value.isNull);
    code.if(
      [],
      () => {
        this.#writeNull(output);
        // A reader may look at every slot: NULL leaves zeros.
        for (let offset = 0; offset < width; offset += 8) {
          if (width >= 8) code.get(address).i64(0).store("i64.store", offset);
          else
            code
              .get(address)
              .i32(0)
              .store(width === 4 ? "i32.store" : width === 2 ? "i32.store16" : "i32.store8");
        }
      },
      () => this.#writeValue(output, address, value),
    );
  }

  #writeNull({ entry, validity }: OutputColumn): void {
    const { code } = this.#context;
    const byte = code.local("i32");
    code.get(validity, this.#rows).i32(3).op("i32.shr_u", "i32.add").tee(byte).get(byte).load("i32.load8_u");
    code
      .i32(1)
      .get(this.#rows)
      .i32(7)
      .op("i32.and", "i32.shl")
      .i32(-1)
      .op("i32.xor", "i32.and")
      .store("i32.store8");
    const nullCount = entry + PageColumn.null_count;
    code
      .get(this.#page, this.#page)
      .load("i32.load", nullCount)
      .i32(1)
      .op("i32.add")
      .store("i32.store", nullCount);
  }

  #writeValue(output: OutputColumn, address: Local, value: LoweredValue): void {
    const { code } = this.#context;
    const { encoding } = output.type;
    if (isView(encoding)) return this.#writeView(address, value);
    if (encoding === Encoding.decimal64 || encoding === Encoding.decimal128)
      return this.#writeDecimal(output, address, value);
    code.get(address, ...value.parts);
    if (isPackedText(encoding)) {
      // What follows a short string in its view is zero.
      code.drop().load(encoding === Encoding.text4 ? "i32.load" : "i64.load", View.prefix);
    }
    code.store(defined(storeOf[encoding], "a value encoding"));
  }

  #writeDecimal(output: OutputColumn, address: Local, value: LoweredValue): void {
    const { code, narrow } = this.#context;
    const [low, high] = [code.local("i64"), code.local("i64")];
    code.get(...value.parts);
    if (output.type.encoding === Encoding.decimal64) {
      if (value.shape === "i128") {
        assert(
          output.type.engine.kind === "decimal" && output.type.engine.precision <= DECIMAL64_PRECISION_MAX,
          "18 digits",
        );
        code.call(this.#context.library(narrowDecimal));
      }
      code.set(low).get(address, low).store("i64.store");
      this.#flagSpecial(output, () => void code.get(low).i64(LEAST64).op("i64.eq"));
      return;
    }
    if (value.shape === "i64") {
      if (narrow || value.type.kind === "int8")
        code
          .get(...value.parts)
          .i64(63)
          .op("i64.shr_s");
      else code.call(this.#context.library(widenDecimal));
    }
    code.set(high).set(low);
    code.get(address, low).store("i64.store").get(address, high).store("i64.store", 8);
    this.#flagSpecial(
      output,
      () => void code.get(high).i64(LEAST64).op("i64.eq").get(low).op("i64.eqz", "i32.and"),
    );
  }

  #flagSpecial({ entry }: OutputColumn, pushIsNan: () => void): void {
    const { code } = this.#context;
    pushIsNan();
    code.if([], () =>
      code
        .get(this.#page)
        .i32(COLUMN_FLAG_SPECIAL)
        .store("i32.store16", entry + PageColumn.flags),
    );
  }

  #writeView(address: Local, value: LoweredValue): void {
    const { code } = this.#context;
    const [view, base] = [defined(value.parts[0], "a view"), defined(value.parts[1], "a tail")];
    const length = code.local("i32");
    code.get(address).get(view).load("i64.load").store("i64.store");
    code.get(view).load("i32.load").tee(length).i32(VIEW_INLINE_BYTES).op("i32.le_u");
    code.if(
      [],
      () => code.get(address).get(view).load("i64.load", View.buffer).store("i64.store", View.buffer),
      () => {
        code.get(address).i32(0).store("i32.store", View.buffer);
        code.get(address, this.#tailBytes).store("i32.store", View.offset);
        code
          .get(this.#tail, this.#tailBytes)
          .op("i32.add")
          .get(view)
          .load("i32.load", View.offset)
          .get(base)
          .op("i32.add");
        code.get(length).memoryCopy();
        code.get(this.#tailBytes, length).op("i32.add").set(this.#tailBytes);
      },
    );
  }
}
