// One compiled function being emitted: where scalar functions write, and how an error leaves the row loop. The first
// error met ends the call, so its row and place in the expression are the ones PostgreSQL reports.
import { defined } from "#base/assert.js";
import {
  type CallTypes, type Emission, type ErrorTemplate, type LibraryFunction, type Operand, type ScalarFunction,
  type Shape, shapeOf,
} from "#functions/function.js";
import { numberOfTemplate } from "#functions/held_errors.js";
import type { EngineType } from "#types/engine_type.js";
import type { Callable, FunctionBuilder, Label, Local } from "#wasm/function_builder.js";
import type { LoadInstruction, StoreInstruction } from "#wasm/opcodes.js";
import type { ValueType } from "#wasm/value_type.js";
import { ControlBlock, type ControlLayout, RunStatus } from "./control_block.js";
import type { ModuleContext } from "./module_context.js";

/** A value in locals with its null flag: an i32 that is 1 for NULL, or nothing when it cannot be NULL. */
export interface LoweredValue extends Operand {
  readonly type: EngineType;
  readonly isNull: Local | undefined;
}

/** What the code of a pipeline may take for granted about its input. */
export interface Variant {
  /** Columns that may hold NULLs; the others' validity is not looked at. */
  readonly nullColumns: ReadonlySet<number>;
  /**
   * - `narrow`: decimals are plain i64 (see functions/function.ts), and so are sums until the host flushes them.
   * - `wideSums`: decimals as above, sums of 128 bits.
   * - `wide`: decimals as their types say, NaN included.
   */
  readonly numbers: "narrow" | "wideSums" | "wide";
}

/** Code that is right for every input of a pipeline whose source has no pages. */
export const GROUPS_VARIANT: Variant = { nullColumns: new Set(), numbers: "wide" };

const shapeParts: Readonly<Record<Shape, readonly ValueType[]>> = {
  i32: ["i32"],
  i64: ["i64"],
  f32: ["f32"],
  f64: ["f64"],
  i128: ["i64", "i64"],
  view: ["i32", "i32"],
};

export class FunctionContext implements Emission {
  readonly code: FunctionBuilder;
  readonly module: ModuleContext;
  readonly variant: Variant;
  readonly status: Local;
  readonly #layout: ControlLayout | undefined;
  #exit: Label | undefined;
  #held: { readonly end: Label; readonly failure: Local } | undefined;

  /** With a layout, the function's first parameter is the address of the control block. */
  constructor(code: FunctionBuilder, module: ModuleContext, variant: Variant, layout?: ControlLayout) {
    this.code = code;
    this.module = module;
    this.variant = variant;
    this.status = code.local("i32");
    this.#layout = layout;
  }

  get control(): Local {
    return this.code.parameter(0);
  }

  /** Room of the row's own for the number of bytes in a local: its address in a fresh one. */
  allocate(bytes: Local): Local {
    const { code, control } = this;
    const address = code.local("i32");
    code.get(control).load("i32.load", ControlBlock.scratchEnd);
    code.get(control).load("i32.load", ControlBlock.scratchNext).op("i32.sub").get(bytes).op("i32.lt_u");
    code.if([], () => code.get(bytes).call(this.module.host.addScratch));
    code.get(control).load("i32.load", ControlBlock.scratchNext).set(address);
    code.get(control, address, bytes).op("i32.add").store("i32.store", ControlBlock.scratchNext);
    return address;
  }

  /** Where the free part of the row's own room begins, to come back to. */
  scratchMark(): Local {
    const { code, control } = this;
    const mark = code.local("i32");
    code.get(control).load("i32.load", ControlBlock.scratchNext).set(mark);
    return mark;
  }

  /** Frees what was allocated since the mark; all of the room without one. */
  freeScratch(mark?: Local): void {
    const { code, control } = this;
    const field = (offset: number): FunctionBuilder => code.get(control).load("i32.load", offset);
    code.get(control);
    field(ControlBlock.scratchStart);
    if (mark !== undefined) {
      // All of a room that was opened since the mark is free.
      const start = code.local("i32");
      code.set(start).get(mark, start).get(mark, start).op("i32.sub");
      field(ControlBlock.scratchEnd).get(start).op("i32.sub", "i32.le_u").select();
    }
    code.store("i32.store", ControlBlock.scratchNext);
  }

  /** A registered function: leaves the parts of its result on the stack. None of its operands is NULL. */
  call(callee: ScalarFunction, operands: readonly Operand[], types: CallTypes): void {
    if (callee.emit === undefined) this.callHost(callee.key, operands, types);
    else callee.emit(this, operands, types);
  }

  /** A function evaluated by the host: leaves the parts of its result on the stack. */
  callHost(name: string, operands: readonly Operand[], types: CallTypes): void {
    const { code, control } = this;
    const layout = defined(this.#layout, "a control block");
    operands.forEach(({ parts }, index) => {
      let offset = layout.hostArgument(index);
      for (const part of parts) {
        code.get(control, part).store(`${part.type}.store` as StoreInstruction, offset);
        offset += part.type === "i64" || part.type === "f64" ? 8 : 4;
      }
    });
    const number = this.module.hostCallNumber({ function: name, types, narrow: this.narrow });
    code.i32(number).call(this.module.host.evaluate);
    let offset = layout.hostArgument(0);
    for (const type of shapeParts[shapeOf(types.result, this.narrow)]) {
      code.get(control).load(`${type}.load` as LoadInstruction, offset);
      offset += type === "i64" || type === "f64" ? 8 : 4;
    }
  }

  get narrow(): boolean {
    return this.variant.numbers !== "wide";
  }

  library(callee: LibraryFunction): Callable {
    return this.module.library(callee);
  }

  raiseIf(error: ErrorTemplate): void {
    const { code } = this;
    const held = this.#held;
    const number = numberOfTemplate(error);
    if (held === undefined || number === undefined)
      code.if([], () => this.leave(RunStatus.error + this.module.errorNumber(error)));
    else code.if([], () => code.i32(number).set(held.failure).br(held.end));
  }

  /** Code whose error ends it alone: its number is in the local then, which is 0 without one. */
  holding(write: () => void): Local {
    const outer = this.#held;
    const failure = this.code.local("i32");
    this.code.i32(0).set(failure);
    this.code.block([], (end) => {
      this.#held = { end, failure };
      write();
    });
    this.#held = outer;
    return failure;
  }

  /** Ends the call with a status; state behind the saved place is the host's to judge. */
  leave(status: number): void {
    const { code } = this;
    code.i32(status).set(this.status);
    if (this.#exit === undefined) throw new Error("leave() outside of body()");
    code.br(this.#exit);
  }

  /** Everything that may leave early. */
  body(write: () => void): void {
    this.code.block([], (exit) => {
      this.#exit = exit;
      write();
      this.#exit = undefined;
    });
  }

  /** Fresh locals of a shape. */
  locals(shape: Shape): Local[] {
    return shapeParts[shape].map((type) => this.code.local(type));
  }

  /** Takes the parts of a value off the stack into fresh locals. */
  take(shape: Shape): Local[] {
    const parts = this.locals(shape);
    this.setAll(parts);
    return parts;
  }

  setAll(parts: readonly Local[]): void {
    for (let i = parts.length - 1; i >= 0; i--) {
      const part = parts[i];
      if (part !== undefined) this.code.set(part);
    }
  }

  /** An i32 that combines null flags, or undefined when none can be set. */
  anyNull(values: readonly Pick<LoweredValue, "isNull">[]): Local | undefined {
    const flags = values.flatMap(({ isNull }) => (isNull === undefined ? [] : [isNull]));
    const [head, ...rest] = [...new Set(flags)];
    if (head === undefined) return undefined;
    if (rest.length === 0) return head;
    const combined = this.code.local("i32");
    this.code.get(head);
    for (const flag of rest) this.code.get(flag).op("i32.or");
    this.code.set(combined);
    return combined;
  }
}
