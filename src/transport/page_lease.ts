// Pages this thread holds. A lease is an object, and every use after its end throws: a page given back may already be
// written by another process. The states themselves live in the region's owner words (native/shm/page_pool.h).
import { FusionError } from "#base/errors.js";
import type { PageOutcome } from "./transport.js";

/** What a lease does to its page; the owner word checks the page's name again. */
export interface PageOwner {
  release(page: PageName): boolean;
  /** The page's bytes in this thread's memory; throws when the pool is not mapped here. */
  bytes(page: PageName): Uint8Array;
  /** The page's address in the WebAssembly memory it is mapped into; throws as above. */
  address(page: PageName): number;
}

export interface ResultPageOwner {
  release(page: PageName): boolean;
  write(page: PageName, source: Uint8Array, sourceOffset: number, length: number): void;
  issue(page: PageName, rows: number, bytes: number, flags: number): PageOutcome;
}

/** One tenure of one page. */
export interface PageName {
  readonly page: number;
  readonly generation: number;
  readonly side: number;
  readonly slot: number;
  readonly epoch: number;
}

export interface PageContent {
  readonly rows: number;
  readonly bytes: number;
  readonly flags: number;
  readonly leaf: number;
  readonly producer: number;
}

function spent(page: number, action: string): FusionError {
  return new FusionError({
    code: "internal",
    sqlstate: "XX000",
    message: `pg_fusion: page ${page} was used after it was given up`,
    detail: `Attempted: ${action}.`,
  });
}

/** A page under its name, until it is given up. */
class HeldPage<Owner extends { release(page: PageName): boolean }> {
  readonly page: number;
  protected readonly owner: Owner;
  readonly #name: PageName;
  #held = true;

  constructor(owner: Owner, name: PageName) {
    this.page = name.page;
    this.owner = owner;
    this.#name = name;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Gives the page back and wakes whoever waits for one. False when the lease had ended and was swept. */
  release(): boolean {
    const name = this.checked("release");
    this.givenUp();
    return this.owner.release(name);
  }

  protected checked(action: string): PageName {
    if (!this.#held) throw spent(this.page, action);
    return this.#name;
  }

  protected givenUp(): void {
    this.#held = false;
  }
}

/** An imported scan page: to be read, then released. */
export class PageLease extends HeldPage<PageOwner> {
  readonly rows: number;
  readonly bytes: number;
  readonly flags: number;
  readonly leaf: number;
  readonly producer: number;

  constructor(owner: PageOwner, name: PageName, content: PageContent) {
    super(owner, name);
    this.rows = content.rows;
    this.bytes = content.bytes;
    this.flags = content.flags;
    this.leaf = content.leaf;
    this.producer = content.producer;
  }

  /** The whole page, read-only by nature: a store into it would kill the process. Not to be kept. */
  content(): Uint8Array {
    return this.owner.bytes(this.checked("read"));
  }

  /** Where generated code finds the page. */
  get address(): number {
    return this.owner.address(this.checked("address"));
  }
}

/** A result page under construction: written, then issued or released. */
export class ResultPage extends HeldPage<ResultPageOwner> {
  /** Copies `length` bytes of `source` to the page's start. */
  write(source: Uint8Array, sourceOffset: number, length: number): void {
    this.owner.write(this.checked("write"), source, sourceOffset, length);
  }

  /** Hands the page to the backend and wakes it. full: the page is still held; otherwise the lease is spent. */
  issue(rows: number, bytes: number, flags = 0): PageOutcome {
    const name = this.checked("issue");
    const outcome = this.owner.issue(name, rows, bytes, flags);
    if (outcome === "full") return outcome;
    this.givenUp();
    // The backend has left: nobody will import the page, so it goes home.
    if (outcome === "stale") this.owner.release(name);
    return outcome;
  }
}
