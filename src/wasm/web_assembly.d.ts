// The part of the WebAssembly JavaScript interface the project uses; the ES library of TypeScript has none of it and
// the browser library would bring everything else. Ambient: nothing here is imported.

declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: SharedArrayBuffer;
  }

  type Module = object;
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;

  type ImportValue = Memory | ((...values: number[]) => number | void);

  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, ImportValue>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }

  class RuntimeError extends Error {}
}
