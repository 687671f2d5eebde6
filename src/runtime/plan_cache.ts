// Compiled modules kept across executions, by their bytes: equal code is compiled and optimised by V8 once, however
// many plans contain it, for as long as the module lives here. One cache per thread. Read next: execution.ts.
import { createHash } from "node:crypto";
import type { CompiledPlan } from "./compiled_plan.js";

/** A module of a typical plan is 5-20 KB of bytes and perhaps ten times that in machine code. */
const MODULES_MAX = 512;
/** A compiled plan keeps expressions and a few modules alive. */
const PLANS_MAX = 256;

/** The least recently used entry goes when a new one does not fit. */
class LruMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  get size(): number {
    return this.#entries.size;
  }
}

export class PlanCache {
  readonly #modules = new LruMap<string, WebAssembly.Module>(MODULES_MAX);
  readonly #plans = new LruMap<string, CompiledPlan>(PLANS_MAX);
  #hits = 0;
  #misses = 0;

  /** The module of these bytes, compiled when it is new. */
  module(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
    const key = createHash("sha256").update(bytes).digest("base64");
    const known = this.#modules.get(key);
    if (known !== undefined) {
      this.#hits++;
      return known;
    }
    this.#misses++;
    const compiled = new WebAssembly.Module(bytes);
    this.#modules.set(key, compiled);
    return compiled;
  }

  /** A plan compiled earlier under the same key, which must name its exact contents. */
  plan(key: string, compile: () => CompiledPlan): CompiledPlan {
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const compiled = compile();
    this.#plans.set(key, compiled);
    return compiled;
  }

  get counts(): { readonly modules: number; readonly hits: number; readonly misses: number } {
    return { modules: this.#modules.size, hits: this.#hits, misses: this.#misses };
  }
}
