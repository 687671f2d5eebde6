// Pages of a leaf that came in parts, because a row of theirs is larger than the pool's pages: put together in the
// execution's own memory, producer by producer, as parts of several may come in turns. A part has no rows, but for the
// last of its page. Read next: native/extension/leaf_run.c, which sends them; plan_engine.ts.
import { malformedMessage } from "#base/errors.js";
import { PageHeader } from "#generated/layout.js";
import type { EngineMemory } from "#runtime/memory.js";
import type { InputPage } from "./executor_ports.js";

/** Room in engine memory. */
export interface PageRoom {
  takeRoom(bytes: number): number;
  freeRoom(address: number): void;
}

/** What the engine reads of a page. */
export type ReadPage = Pick<InputPage, "address" | "content">;

interface Unfinished {
  readonly address: number;
  readonly bytes: number;
  filled: number;
}

export class PageParts {
  readonly #memory: EngineMemory;
  readonly #room: PageRoom;
  /** By leaf and producer. */
  readonly #unfinished = new Map<string, Unfinished>();
  /** The page that is read, and the part that completed it. */
  #whole: (ReadPage & { readonly last: InputPage }) | undefined;

  constructor(memory: EngineMemory, room: PageRoom) {
    this.#memory = memory;
    this.#room = room;
  }

  /** Whether a page is but a part of one. */
  isPart(leaf: number, page: InputPage): boolean {
    return page.rows === 0 || this.#unfinished.has(nameOf(leaf, page));
  }

  /** The page to read: the one at hand, or all parts when it is the last; undefined while some are missing. */
  whole(leaf: number, page: InputPage): ReadPage | undefined {
    if (this.#whole?.last === page) return this.#whole;
    if (!this.isPart(leaf, page)) return page;
    const unfinished = this.#append(leaf, page);
    if (page.rows === 0) return undefined;
    const { address, bytes, filled } = unfinished;
    this.#unfinished.delete(nameOf(leaf, page));
    if (filled !== bytes) throw malformed("a part of a page is missing");
    this.#whole = { address, content: () => this.#memory.bytes.subarray(address, address + bytes), last: page };
    return this.#whole;
  }

  /** A page was read to its end. */
  done(page: InputPage): void {
    if (this.#whole?.last !== page) return;
    this.#room.freeRoom(this.#whole.address);
    this.#whole = undefined;
  }

  /** No page of the leaf comes any more. */
  finish(leaf: number): void {
    const isMissing = [...this.#unfinished.keys()].some((name) => name.startsWith(`${leaf}:`));
    if (isMissing) throw malformed("the last part of a page is missing");
  }

  #append(leaf: number, page: InputPage): Unfinished {
    const unfinished = this.#unfinished.get(nameOf(leaf, page)) ?? this.#open(leaf, page);
    const { address, bytes, filled } = unfinished;
    if (page.bytes > page.content().length || page.bytes > bytes - filled) throw malformed("a part beyond its page");
    this.#memory.bytes.copyWithin(address + filled, page.address, page.address + page.bytes);
    unfinished.filled += page.bytes;
    return unfinished;
  }

  /** The first part has the header, which says how large the page is. */
  #open(leaf: number, page: InputPage): Unfinished {
    if (page.bytes < PageHeader.SIZE) throw malformed("a part without a header");
    const bytes = this.#memory.view.getUint32(page.address + PageHeader.page_bytes, true);
    const unfinished = { address: this.#room.takeRoom(bytes), bytes, filled: 0 };
    this.#unfinished.set(nameOf(leaf, page), unfinished);
    return unfinished;
  }
}

function nameOf(leaf: number, { producer }: InputPage): string {
  return `${leaf}:${producer}`;
}

function malformed(what: string): Error {
  return malformedMessage(`pg_fusion: malformed page: ${what}`);
}
