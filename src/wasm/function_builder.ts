// Builds the body of one WebAssembly function, instruction by instruction, and checks operand types as they are
// written: a mistake throws at the author's line instead of failing validation later. It optimises nothing;
// V8's compiler removes needless locals. Read next: module_builder.ts.
import { assert, defined } from "#base/assert.js";
import { ByteWriter } from "./byte_writer.js";
import {
  type LoadInstruction,
  type NumericInstruction,
  type StoreInstruction,
  loadInstructions,
  numericInstructions,
  storeInstructions,
  structureCode,
} from "./opcodes.js";
import { type FunctionType, type ValueType, valueTypeCode } from "./value_type.js";

/** A local variable or parameter. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** What `call` needs of a callee; `index` is its place in the module's function space. */
export interface Callable {
  readonly index: number;
  readonly type: FunctionType;
}

/** A branch target: a block's end or a loop's start. */
export interface Label {
  readonly depth: number;
  readonly types: readonly ValueType[];
}

interface Frame {
  readonly results: readonly ValueType[];
  readonly height: number;
  /** After a branch the rest of the block is dead: its operand stack is whatever the next instruction wants. */
  dead: boolean;
}

export class FunctionBuilder {
  readonly type: FunctionType;
  readonly #code = new ByteWriter();
  readonly #locals: ValueType[] = [];
  readonly #stack: ValueType[] = [];
  readonly #frames: Frame[];

  constructor(type: FunctionType) {
    this.type = type;
    this.#frames = [{ results: type.results, height: 0, dead: false }];
  }

  parameter(index: number): Local {
    return { index, type: defined(this.type.parameters[index], `parameter ${index}`) };
  }

  /** Declares a local; it is zero when the function starts, not when the enclosing block does. */
  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.type.parameters.length + this.#locals.length - 1, type };
  }

  get(...locals: readonly Local[]): this {
    for (const local of locals) {
      this.#code.byte(structureCode["local.get"]).u32(local.index);
      this.#stack.push(local.type);
    }
    return this;
  }

  set(local: Local): this {
    this.#pop(local.type, "local.set");
    this.#code.byte(structureCode["local.set"]).u32(local.index);
    return this;
  }

  tee(local: Local): this {
    this.#pop(local.type, "local.tee");
    this.#code.byte(structureCode["local.tee"]).u32(local.index);
    this.#stack.push(local.type);
    return this;
  }

  i32(value: number): this {
    this.#code.byte(structureCode["i32.const"]).s32(value);
    this.#stack.push("i32");
    return this;
  }

  i64(value: bigint | number): this {
    this.#code.byte(structureCode["i64.const"]).s64(BigInt(value));
    this.#stack.push("i64");
    return this;
  }

  f32(value: number): this {
    this.#code.byte(structureCode["f32.const"]).f32(value);
    this.#stack.push("f32");
    return this;
  }

  f64(value: number): this {
    this.#code.byte(structureCode["f64.const"]).f64(value);
    this.#stack.push("f64");
    return this;
  }

  /** Numeric instructions in order. */
  op(...names: readonly NumericInstruction[]): this {
    for (const name of names) {
      const { code, operands, results } = numericInstructions[name];
      for (let i = operands.length - 1; i >= 0; i--) this.#pop(defined(operands[i], name), name);
      this.#code.byte(code);
      this.#stack.push(...results);
    }
    return this;
  }

  load(name: LoadInstruction, offset = 0): this {
    const { code, type } = loadInstructions[name];
    this.#pop("i32", name);
    this.#memoryAccess(code, offset);
    this.#stack.push(type);
    return this;
  }

  store(name: StoreInstruction, offset = 0): this {
    const { code, type } = storeInstructions[name];
    this.#pop(type, name);
    this.#pop("i32", name);
    this.#memoryAccess(code, offset);
    return this;
  }

  /** (value if true, value if false, condition) -> value */
  select(): this {
    this.#pop("i32", "select");
    const second = this.#popAny("select");
    this.#pop(second, "select");
    this.#code.byte(structureCode.select);
    this.#stack.push(second);
    return this;
  }

  drop(): this {
    this.#popAny("drop");
    this.#code.byte(structureCode.drop);
    return this;
  }

  call(callee: Callable): this {
    for (let i = callee.type.parameters.length - 1; i >= 0; i--) {
      this.#pop(defined(callee.type.parameters[i], "call"), "call");
    }
    this.#code.byte(structureCode.call).u32(callee.index);
    this.#stack.push(...callee.type.results);
    return this;
  }

  /** (destination, source, length) */
  memoryCopy(): this {
    for (let i = 0; i < 3; i++) this.#pop("i32", "memory.copy");
    this.#code.byte(structureCode.bulk).u32(10).byte(0).byte(0);
    return this;
  }

  /** (destination, byte, length) */
  memoryFill(): this {
    for (let i = 0; i < 3; i++) this.#pop("i32", "memory.fill");
    this.#code.byte(structureCode.bulk).u32(11).byte(0);
    return this;
  }

  /** A block with at most one result; branches to the label go to its end. */
  block(results: readonly ValueType[], body: (label: Label) => void): this {
    this.#open(structureCode.block, results, results, body);
    return this.#close(results);
  }

  /** A loop without results; branches to the label go to its start. */
  loop(body: (label: Label) => void): this {
    this.#open(structureCode.loop, [], [], body);
    return this.#close([]);
  }

  /** (condition); both arms leave `results`. */
  if(results: readonly ValueType[], then: () => void, otherwise?: () => void): this {
    this.#pop("i32", "if");
    this.#open(structureCode.if, results, results, then);
    if (otherwise !== undefined) {
      this.#endFrame(results);
      this.#code.byte(structureCode.else);
      this.#frames.push({ results, height: this.#stack.length, dead: false });
      otherwise();
    }
    return this.#close(results);
  }

  br(label: Label): this {
    this.#popAll(label.types, "br");
    this.#code.byte(structureCode.br).u32(this.#frames.length - label.depth);
    return this.#die();
  }

  /** (condition) */
  brIf(label: Label): this {
    this.#pop("i32", "br_if");
    this.#popAll(label.types, "br_if");
    this.#stack.push(...label.types);
    this.#code.byte(structureCode.br_if).u32(this.#frames.length - label.depth);
    return this;
  }

  return(): this {
    this.#popAll(this.type.results, "return");
    this.#code.byte(structureCode.return);
    return this.#die();
  }

  unreachable(): this {
    this.#code.byte(structureCode.unreachable);
    return this.#die();
  }

  /** The function body: locals in runs of equal type, code, end. */
  finish(): ByteWriter {
    assert(this.#frames.length === 1, "every block is closed");
    this.#endFrame(this.type.results);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    const body = new ByteWriter().u32(runs.length);
    for (const run of runs) body.u32(run.count).byte(valueTypeCode[run.type]);
    return body.bytes(this.#code.view()).byte(structureCode.end);
  }

  #memoryAccess(code: number, offset: number): void {
    // Alignment exponent 0: a hint only, and pages promise no more than V8 needs, which is nothing.
    this.#code.byte(code).u32(0).u32(offset);
  }

  #open(
    code: number,
    results: readonly ValueType[],
    labelTypes: readonly ValueType[],
    body: (label: Label) => void,
  ): void {
    assert(results.length <= 1, "a block has at most one result");
    const result = results[0];
    this.#code.byte(code).byte(result === undefined ? 0x40 : valueTypeCode[result]);
    this.#frames.push({ results, height: this.#stack.length, dead: false });
    body({ depth: this.#frames.length, types: labelTypes });
  }

  #close(results: readonly ValueType[]): this {
    this.#endFrame(results);
    this.#code.byte(structureCode.end);
    this.#stack.push(...results);
    return this;
  }

  #endFrame(results: readonly ValueType[]): void {
    this.#popAll(results, "end");
    const frame = defined(this.#frames.pop(), "an open block");
    assert(this.#stack.length === frame.height, `${this.#stack.length - frame.height} operands left at end`);
  }

  #popAll(types: readonly ValueType[], by: string): void {
    for (let i = types.length - 1; i >= 0; i--) this.#pop(defined(types[i], by), by);
  }

  #pop(expected: ValueType, by: string): void {
    const frame = defined(this.#frames.at(-1), "an open block");
    if (this.#stack.length === frame.height) {
      assert(frame.dead, `${by} expects ${expected}, the stack is empty`);
      return;
    }
    const found = this.#stack.pop();
    assert(found === expected, `${by} expects ${expected}, found ${found}`);
  }

  #popAny(by: string): ValueType {
    const frame = defined(this.#frames.at(-1), "an open block");
    assert(this.#stack.length > frame.height, `${by} finds no operand`);
    return defined(this.#stack.pop(), by);
  }

  #die(): this {
    const frame = defined(this.#frames.at(-1), "an open block");
    this.#stack.length = frame.height;
    frame.dead = true;
    return this;
  }
}
