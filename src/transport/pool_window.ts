// Where a thread sees the page pool: a window of the shared WebAssembly memory, mapped by the addon. It turns
// page numbers into addresses and views; whether a page may be looked at is its lease's business
// (page_lease.ts).
import { assert, defined } from "#base/assert.js";
import type { NativeRegion } from "./addon.js";
import type { PageName, PageOwner } from "./page_lease.js";
import { statusOk } from "./status.js";

export class PoolWindow implements PageOwner {
  readonly #native: NativeRegion;
  readonly #pageBytes: number;
  #pool: Uint8Array | undefined;
  #byteOffset = 0;

  constructor(native: NativeRegion, pageBytes: number) {
    this.#native = native;
    this.#pageBytes = pageBytes;
  }

  use(memory: WebAssembly.Memory, byteOffset: number, pageCount: number): void {
    // A shared memory's buffer never moves; a view of it stays good for the memory's life.
    this.#pool = new Uint8Array(memory.buffer, byteOffset, pageCount * this.#pageBytes);
    this.#byteOffset = byteOffset;
  }

  forget(): void {
    this.#pool = undefined;
  }

  release(page: PageName): boolean {
    const { releasePage } = this.#native;
    return statusOk(
      releasePage.call(this.#native, page.page, page.generation, page.slot, page.epoch, page.side));
  }

  bytes(page: PageName): Uint8Array {
    const at = page.page * this.#pageBytes;
    return defined(this.#pool, "the pool is mapped").subarray(at, at + this.#pageBytes);
  }

  address(page: PageName): number {
    assert(this.#pool !== undefined, "the pool is mapped");
    return this.#byteOffset + page.page * this.#pageBytes;
  }
}
