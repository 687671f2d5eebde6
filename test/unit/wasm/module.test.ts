// The assembler against V8 and wabt: what it writes validates and does what it says; mistakes are caught early.
import type { FunctionBuilder } from "#wasm/function_builder.js";
import { ByteWriter } from "#wasm/byte_writer.js";
import { ModuleBuilder } from "#wasm/module_builder.js";
import { type NumericInstruction, numericInstructions } from "#wasm/opcodes.js";
import fc from "fast-check";
import wabt from "wabt";
import { describe, expect, test } from "vitest";

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

function build(write: (builder: ModuleBuilder) => void): Record<string, (...values: unknown[]) => unknown> {
  const builder = new ModuleBuilder();
  write(builder);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(builder.finish()), { env: { memory } });
  return instance.exports as Record<string, (...values: unknown[]) => unknown>;
}

describe("numbers", () => {
  const decodeSigned = (bytes: Uint8Array): bigint => {
    let [value, shift] = [0n, 0n];
    for (const byte of bytes) {
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    }
    return BigInt.asIntN(Number(shift), value);
  };

  test("are LEB128", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(decodeSigned(new ByteWriter().s64(value).finish())).toBe(value);
        const small = Number(BigInt.asIntN(32, value));
        expect(decodeSigned(new ByteWriter().s32(small).finish())).toBe(BigInt(small));
        const unsigned = Number(BigInt.asUintN(32, value));
        expect(decodeSigned(new ByteWriter().u32(unsigned).byte(0).finish())).toBe(BigInt(unsigned));
      }),
    );
  });
});

describe("modules", () => {
  test("run", () => {
    const { factorial } = build((builder) => {
      builder.function({ parameters: ["i64"], results: ["i64"] }, "factorial", (code) => {
        const [n, product] = [code.parameter(0), code.local("i64")];
        code.i64(1).set(product);
        code.block([], (end) => {
          code.loop((again) => {
            code.get(n).op("i64.eqz").brIf(end);
            code.get(product, n).op("i64.mul").set(product).get(n).i64(1).op("i64.sub").set(n).br(again);
          });
        });
        code.get(product);
      });
    });
    expect(factorial?.(20n)).toBe(2432902008176640000n);
  });

  test("call each other, branch with values, copy memory", () => {
    const { test: run } = build((builder) => {
      const helper = builder.declare({ parameters: ["i32"], results: ["i32", "f64"] });
      builder.function({ parameters: ["i32"], results: ["f64"] }, "test", (code) => {
        const [whole, half] = [code.local("i32"), code.local("f64")];
        code.get(code.parameter(0)).call(helper).set(half).set(whole);
        code.i32(0).get(whole).store("i32.store", 8).i32(16).i32(8).i32(4).memoryCopy();
        code.block(["f64"], (end) => {
          code.get(half).i32(16).load("i32.load").i32(10).op("i32.gt_s").brIf(end);
          code.drop().f64(-1);
        });
      });
      builder.define(helper, (code) => {
        code.get(code.parameter(0)).get(code.parameter(0)).op("f64.convert_i32_s").f64(2).op("f64.div");
      });
    });
    expect(run?.(21)).toBe(10.5);
    expect(run?.(3)).toBe(-1);
  });

  test("disassemble with wabt", async () => {
    const builder = new ModuleBuilder();
    builder.function({ parameters: [], results: ["i64"] }, "answer", (code) => code.i64(42));
    const tools = await wabt();
    const text = tools.readWasm(builder.finish(), { readDebugNames: false, threads: true });
    expect(text.toText({})).toContain("i64.const 42");
    expect(text.toText({})).toContain('(import "env" "memory"');
    text.destroy();
  });

  test("know every instruction of the table as wabt does", async () => {
    const tools = await wabt();
    for (const [name, { operands, results }] of Object.entries(numericInstructions)) {
      const builder = new ModuleBuilder();
      builder.function({ parameters: operands, results }, "run", (code) => {
        operands.forEach((_, index) => code.get(code.parameter(index)));
        code.op(name as NumericInstruction);
      });
      const module = tools.readWasm(builder.finish(), { readDebugNames: false, threads: true });
      expect(new WebAssembly.Module(builder.finish())).toBeInstanceOf(WebAssembly.Module);
      expect(module.toText({})).toContain(`\n    ${name}`);
      module.destroy();
    }
  });
});

describe("mistakes", () => {
  const written = (write: (code: FunctionBuilder) => void) => () =>
    build((builder) => builder.function({ parameters: ["i32", "i64"], results: ["i32"] }, "run", write));

  test.each<[string, (code: FunctionBuilder) => void, RegExp]>([
    [
      "wrong operand type",
      (code) => code.get(code.parameter(0), code.parameter(1)).op("i32.add"),
      /i32.add expects i32, found i64/,
    ],
    ["empty stack", (code) => code.op("i32.add"), /expects i32, the stack is empty/],
    ["left-over operand", (code) => code.i32(1).i32(2), /1 operands left/],
    ["missing result", () => undefined, /end expects i32/],
    [
      "unbalanced arms",
      (code) =>
        code.i32(1).if(
          ["i32"],
          () => code.i32(1),
          () => code.i64(1),
        ),
      /end expects i32, found i64/,
    ],
    ["select of two types", (code) => code.i32(1).i64(1).i32(0).select(), /select expects i64, found i32/],
  ])("are caught: %s", (_, write, message) => expect(written(write)).toThrow(message));

  test("after a branch anything goes", () => {
    const { run } = written((code) => code.i32(7).return().op("i32.add"))();
    expect(run?.(1, 1n)).toBe(7);
  });
});
