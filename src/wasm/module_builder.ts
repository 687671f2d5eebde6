// Collects functions and imports into one WebAssembly module and encodes it. Modules of the engine import one
// shared memory and perhaps host functions, and export functions; they own no tables, data or globals, so that
// equal plans give equal bytes. Read next: function_builder.ts.
import { assert } from "#base/assert.js";
import { ByteWriter } from "./byte_writer.js";
import { type Callable, FunctionBuilder } from "./function_builder.js";
import { type FunctionType, valueTypeCode } from "./value_type.js";

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const EXTERNAL_FUNCTION = 0;
const EXTERNAL_MEMORY = 2;
/** Limits byte of a shared memory with a maximum. */
const SHARED_LIMITS = 3;
/** Pages of a 4 GiB memory: an import may promise less than the actual memory but not more. */
const MEMORY_PAGES_MAX = 65_536;

interface ImportedFunction extends Callable {
  readonly module: string;
  readonly name: string;
}

interface DefinedFunction extends Callable {
  readonly exportName: string | undefined;
  body: ByteWriter | undefined;
}

export class ModuleBuilder {
  readonly #types: FunctionType[] = [];
  readonly #typeIndex = new Map<string, number>();
  readonly #imports: ImportedFunction[] = [];
  readonly #functions: DefinedFunction[] = [];

  /** Imports come before every definition: their indexes precede. */
  importFunction(module: string, name: string, type: FunctionType): Callable {
    assert(this.#functions.length === 0, "imports precede definitions");
    const imported = { module, name, type, index: this.#imports.length };
    this.#imports.push(imported);
    return imported;
  }

  /** Reserves a function's index, so that others may call it; `define` gives it a body. */
  declare(type: FunctionType, exportName?: string): Callable {
    const declared = {
      type,
      exportName,
      index: this.#imports.length + this.#functions.length,
      body: undefined,
    };
    this.#functions.push(declared);
    return declared;
  }

  define(declared: Callable, write: (code: FunctionBuilder) => void): void {
    const target = this.#functions[declared.index - this.#imports.length];
    assert(target !== undefined && target.body === undefined, "defined once");
    const builder = new FunctionBuilder(declared.type);
    write(builder);
    target.body = builder.finish();
  }

  function(
    type: FunctionType,
    exportName: string | undefined,
    write: (code: FunctionBuilder) => void,
  ): Callable {
    const declared = this.declare(type, exportName);
    this.define(declared, write);
    return declared;
  }

  /** The binary module. It imports memory `env.memory`, shared, of any size up to 4 GiB. */
  finish(): Uint8Array<ArrayBuffer> {
    const imports = this.#importSection();
    const functions = this.#functionSection();
    const exports = this.#exportSection();
    const code = this.#codeSection();
    const out = new ByteWriter().bytes(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    out.byte(SECTION.type).sized(this.#typeSection());
    out.byte(SECTION.import).sized(imports);
    out.byte(SECTION.function).sized(functions);
    out.byte(SECTION.export).sized(exports);
    out.byte(SECTION.code).sized(code);
    return out.finish();
  }

  #typeOf(type: FunctionType): number {
    const key = `${type.parameters.join()}>${type.results.join()}`;
    const known = this.#typeIndex.get(key);
    if (known !== undefined) return known;
    this.#types.push(type);
    this.#typeIndex.set(key, this.#types.length - 1);
    return this.#types.length - 1;
  }

  #typeSection(): ByteWriter {
    const section = new ByteWriter().u32(this.#types.length);
    for (const type of this.#types) {
      section.byte(0x60).u32(type.parameters.length);
      for (const parameter of type.parameters) section.byte(valueTypeCode[parameter]);
      section.u32(type.results.length);
      for (const result of type.results) section.byte(valueTypeCode[result]);
    }
    return section;
  }

  #importSection(): ByteWriter {
    const section = new ByteWriter().u32(this.#imports.length + 1);
    section.name("env").name("memory").byte(EXTERNAL_MEMORY).byte(SHARED_LIMITS).u32(0).u32(MEMORY_PAGES_MAX);
    for (const { module, name, type } of this.#imports) {
      section.name(module).name(name).byte(EXTERNAL_FUNCTION).u32(this.#typeOf(type));
    }
    return section;
  }

  #functionSection(): ByteWriter {
    const section = new ByteWriter().u32(this.#functions.length);
    for (const { type } of this.#functions) section.u32(this.#typeOf(type));
    return section;
  }

  #exportSection(): ByteWriter {
    const exported = this.#functions.filter((each) => each.exportName !== undefined);
    const section = new ByteWriter().u32(exported.length);
    for (const { exportName, index } of exported) {
      section
        .name(exportName ?? "")
        .byte(EXTERNAL_FUNCTION)
        .u32(index);
    }
    return section;
  }

  #codeSection(): ByteWriter {
    const section = new ByteWriter().u32(this.#functions.length);
    for (const { body, index } of this.#functions) {
      assert(body !== undefined, `function ${index} has a body`);
      section.sized(body);
    }
    return section;
  }
}
