// The row loop over one page: column addresses are read from the page's column table once per call, then rows are
// visited in order. It yields column values to whatever consumes the rows. Read next: pipeline_module.ts.
import { assert, defined } from "#base/assert.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import { PageColumn, PageHeader, View } from "#generated/layout.js";
import { shapeOf } from "#functions/function.js";
import { narrowDecimal, widenDecimal } from "#functions/library/int128.js";
import type { ColumnType } from "#types/column_type.js";
import { isPackedText } from "#types/encoding_of.js";
import type { Local } from "#wasm/function_builder.js";
import type { LoadInstruction } from "#wasm/opcodes.js";
import { ControlBlock, type ControlLayout } from "./control_block.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";

const loadOf: Readonly<Record<Encoding, LoadInstruction | undefined>> = {
  [Encoding.bool8]: "i32.load8_u",
  [Encoding.int8]: "i32.load8_u",
  [Encoding.int16]: "i32.load16_s",
  [Encoding.int32]: "i32.load",
  [Encoding.int64]: "i64.load",
  [Encoding.float32]: "f32.load",
  [Encoding.float64]: "f64.load",
  [Encoding.decimal64]: "i64.load",
  [Encoding.decimal128]: "i64.load",
  [Encoding.text]: undefined,
  [Encoding.datum]: undefined,
  [Encoding.text4]: "i64.load32_u",
  [Encoding.text8]: "i64.load",
};

interface ColumnAccess {
  readonly type: ColumnType;
  readonly values: Local;
  readonly validity: Local | undefined;
  /** Of packed text: where its view is put. */
  readonly view: Local | undefined;
}

export function isView(encoding: Encoding): boolean {
  return encoding === Encoding.text || encoding === Encoding.datum;
}

export class PageSource {
  readonly #context: FunctionContext;
  readonly #columns: readonly ColumnType[];
  readonly #layout: ControlLayout;
  readonly #control: Local;
  readonly #page: Local;
  readonly #row: Local;
  readonly #tail: Local;
  readonly #access = new Map<number, ColumnAccess>();
  readonly #offsets = new Map<number, Local>();

  constructor(
    context: FunctionContext,
    columns: readonly ColumnType[],
    layout: ControlLayout,
    control: Local,
    page: Local,
    row: Local,
  ) {
    this.#context = context;
    this.#columns = columns;
    this.#layout = layout;
    this.#control = control;
    this.#page = page;
    this.#row = row;
    this.#tail = context.code.local("i32");
  }

  /** Writes the loop; `used` are the columns `consume` reads. */
  produce(used: ReadonlySet<number>, consume: () => void): void {
    const { code } = this.#context;
    const rows = code.local("i32");
    this.#open(used);
    code.get(this.#page).load("i32.load", PageHeader.row_count).set(rows);
    this.#context.body(() => {
      code.loop((again) => {
        code.get(this.#row, rows).op("i32.lt_u");
        code.if([], () => {
          for (const [width, offset] of this.#offsets) {
            code.get(this.#row).i32(Math.log2(width)).op("i32.shl").set(offset);
          }
          consume();
          code.get(this.#row).i32(1).op("i32.add").set(this.#row).br(again);
        });
      });
    });
    code.get(this.#control, this.#row).store("i32.store", ControlBlock.resume);
  }

  /** The column in the current row. */
  column(index: number): LoweredValue {
    const { type, values, validity, view } = this.#of(index);
    if (view !== undefined) return this.#packedView(index, view);
    const isNull = validity && this.#nullFlag(validity);
    const shape = shapeOf(type.engine, this.#context.narrow);
    this.#pushAddress(type.encoding, values);
    if (isView(type.encoding)) {
      this.#context.code.get(this.#tail);
    } else if (type.encoding === Encoding.decimal128) {
      this.#loadPair(shape);
    } else {
      this.#context.code.load(defined(loadOf[type.encoding], "a value encoding"));
      if (shape === "i128") this.#context.code.call(this.#context.library(widenDecimal));
    }
    return { type: type.engine, shape, parts: this.#context.take(shape), isNull };
  }

  /** The 16-byte image of a column whose values are only copied or compared bit by bit: low and high word. */
  rawPair(index: number): LoweredValue {
    const { type, values, validity } = this.#of(index);
    assert(type.encoding === Encoding.decimal128, "a 16-byte number");
    const isNull = validity && this.#nullFlag(validity);
    this.#pushAddress(type.encoding, values);
    this.#loadPair("i128");
    return { type: type.engine, shape: "i128", parts: this.#context.take("i128"), isNull };
  }

  /** Packed text as the two words of its view, all zero for NULL. */
  packedWords(index: number): { readonly words: readonly [Local, Local]; readonly isNull: Local | undefined } {
    const { code } = this.#context;
    const { type, values, validity } = this.#of(index);
    assert(isPackedText(type.encoding), "packed text");
    const isNull = validity && this.#nullFlag(validity);
    const [bytes, first, second] = [code.local("i64"), code.local("i64"), code.local("i64")];
    this.#pushAddress(type.encoding, values);
    code.load(defined(loadOf[type.encoding], "a value encoding")).tee(bytes).i64(32).op("i64.shl");
    // The length is the place of the last byte that is not zero.
    code.i64(71).get(bytes).op("i64.clz", "i64.sub").i64(3).op("i64.shr_u", "i64.or").set(first);
    code.get(bytes).i64(32).op("i64.shr_u").set(second);
    return { words: [first, second], isNull };
  }

  #packedView(index: number, view: Local): LoweredValue {
    const { code } = this.#context;
    const { type } = this.#of(index);
    const { words, isNull } = this.packedWords(index);
    code.get(view, words[0]).store("i64.store").get(view, words[1]).store("i64.store", View.buffer);
    code.get(view).i32(0);
    return { type: type.engine, shape: "view", parts: this.#context.take("view"), isNull };
  }

  /** Undefined for columns that are not the page's. */
  encoding(index: number): Encoding | undefined {
    return this.#columns[index]?.encoding;
  }

  #of(index: number): ColumnAccess {
    return defined(this.#access.get(index), `column ${index} announced to produce()`);
  }

  #open(used: ReadonlySet<number>): void {
    const { code, variant } = this.#context;
    code.get(this.#page, this.#page).load("i32.load", PageHeader.tail_offset).op("i32.add").set(this.#tail);
    let views = 0;
    for (const index of used) {
      const type = defined(this.#columns[index], `column ${index}`);
      const entry = PageHeader.SIZE + index * PageColumn.SIZE;
      const [values, validity] = [code.local("i32"), code.local("i32")];
      code
        .get(this.#page, this.#page)
        .load("i32.load", entry + PageColumn.values_offset)
        .op("i32.add")
        .set(values);
      const nullable = type.nullable && variant.nullColumns.has(index);
      if (nullable) {
        code
          .get(this.#page, this.#page)
          .load("i32.load", entry + PageColumn.validity_offset)
          .op("i32.add")
          .set(validity);
      }
      const view = isPackedText(type.encoding) ? code.local("i32") : undefined;
      if (view !== undefined) code.get(this.#control).i32(this.#layout.view(views++)).op("i32.add").set(view);
      this.#access.set(index, { type, values, validity: nullable ? validity : undefined, view });
      const width = defined(encodingWidth[type.encoding], "a width");
      if (width > 1 && !this.#offsets.has(width)) this.#offsets.set(width, code.local("i32"));
    }
  }

  #nullFlag(validity: Local): Local {
    const { code } = this.#context;
    const flag = code.local("i32");
    code.get(validity, this.#row).i32(3).op("i32.shr_u", "i32.add").load("i32.load8_u");
    code.get(this.#row).i32(7).op("i32.and", "i32.shr_u").i32(1).op("i32.and", "i32.eqz").set(flag);
    return flag;
  }

  #pushAddress(encoding: Encoding, values: Local): void {
    const offset = this.#offsets.get(defined(encodingWidth[encoding], "a width")) ?? this.#row;
    this.#context.code.get(values, offset).op("i32.add");
  }

  /** An address on the stack becomes a decimal128 in the given shape. */
  #loadPair(shape: "i64" | LoweredValue["shape"]): void {
    const { code, narrow } = this.#context;
    const address = code.local("i32");
    code.tee(address).load("i64.load");
    if (narrow && shape === "i64") return;
    code.get(address).load("i64.load", 8);
    if (shape === "i64") code.call(this.#context.library(narrowDecimal));
  }
}
