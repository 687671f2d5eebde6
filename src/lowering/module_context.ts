// One WebAssembly module being emitted: its library functions on demand, its numbered errors, and the host functions
// it may call when memory runs out. Read next: function_context.ts.
import type { CallTypes, ErrorTemplate, LibraryFunction } from "#functions/function.js";
import type { Callable } from "#wasm/function_builder.js";
import { ModuleBuilder } from "#wasm/module_builder.js";

/** A scalar function that the host evaluates for compiled code. */
export interface HostCall {
  readonly function: string;
  readonly types: CallTypes;
  /** Whether decimals among the arguments are plain i64 (see functions/function.ts). */
  readonly narrow: boolean;
}

/**
 * Host functions of every module. They throw: when memory is short, and `evaluate` the function's own errors. The first
 * three take the address of an aggregate's or table's state.
 */
export interface HostCalls {
  /** Doubles the directory and moves its entries. */
  readonly growDirectory: Callable;
  /** Opens a new chunk of rows; 0 when the call must leave instead, so that the host can make room. */
  readonly addRows: Callable;
  /** (state, bytes): makes room for so many contiguous bytes. */
  readonly addBytes: Callable;
  /** (number of the call): evaluates a scalar function over the control block's arguments. */
  readonly evaluate: Callable;
  /** (bytes): makes room for so many bytes of the row's own. */
  readonly addScratch: Callable;
}

export class ModuleContext {
  readonly builder = new ModuleBuilder();
  readonly host: HostCalls;
  readonly errors: ErrorTemplate[] = [];
  readonly hostCalls: HostCall[] = [];
  readonly #errorNumber = new Map<string, number>();
  readonly #hostCallNumber = new Map<string, number>();
  readonly #library = new Map<string, Callable>();

  constructor() {
    const one = { parameters: ["i32"], results: [] } as const;
    const asking = { parameters: ["i32"], results: ["i32"] } as const;
    const two = { parameters: ["i32", "i32"], results: [] } as const;
    this.host = {
      growDirectory: this.builder.importFunction("host", "growDirectory", one),
      addRows: this.builder.importFunction("host", "addRows", asking),
      addBytes: this.builder.importFunction("host", "addBytes", two),
      evaluate: this.builder.importFunction("host", "evaluate", one),
      addScratch: this.builder.importFunction("host", "addScratch", one),
    };
  }

  library(callee: LibraryFunction): Callable {
    const known = this.#library.get(callee.name);
    if (known !== undefined) return known;
    const declared = this.builder.declare(callee.type);
    this.#library.set(callee.name, declared);
    this.builder.define(declared, (code) => callee.write(code, (each) => this.library(each)));
    return declared;
  }

  /** Equal calls share a number. */
  hostCallNumber(call: HostCall): number {
    const key = JSON.stringify(call);
    const known = this.#hostCallNumber.get(key);
    if (known !== undefined) return known;
    const number = this.hostCalls.push(call) - 1;
    this.#hostCallNumber.set(key, number);
    return number;
  }

  /** Equal errors share a number. */
  errorNumber(error: ErrorTemplate): number {
    const key = `${error.sqlstate} ${error.message} ${error.detail ?? ""}`;
    const known = this.#errorNumber.get(key);
    if (known !== undefined) return known;
    this.errors.push(error);
    this.#errorNumber.set(key, this.errors.length - 1);
    return this.errors.length - 1;
  }
}
