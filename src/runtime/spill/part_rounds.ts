// One round of parts on disk: for each group in order, how long the part of each of its values is, then these parts.
// Written and read from its beginning to its end, through a buffer; long parts go past it. Read next:
// growing_values.ts.
import { assert, defined } from "#base/assert.js";
import type { SpillFile } from "./spill_port.js";

const HEAD_BYTES = 4;

export interface Round {
  readonly offset: number;
  readonly bytes: number;
  readonly groups: number;
}

export class RoundWriter {
  readonly #file: SpillFile;
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  #used = 0;
  #offset: number | undefined;
  #bytes = 0;

  constructor(file: SpillFile, bufferBytes: number) {
    this.#file = file;
    this.#buffer = new Uint8Array(bufferBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** How long the part is that comes; undefined: there is none. */
  head(length: number | undefined): void {
    if (this.#used + HEAD_BYTES > this.#buffer.length) this.#flush();
    this.#view.setUint32(this.#used, length === undefined ? 0 : length + 1, true);
    this.#used += HEAD_BYTES;
  }

  part(part: Uint8Array): void {
    if (this.#used + part.length > this.#buffer.length) this.#flush();
    if (part.length > this.#buffer.length) this.#append(part);
    else {
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
    }
  }

  end(groups: number): Round {
    this.#flush();
    return { offset: this.#offset ?? 0, bytes: this.#bytes, groups };
  }

  #flush(): void {
    if (this.#used > 0) this.#append(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #append(part: Uint8Array): void {
    const offset = this.#file.append([part]);
    this.#offset ??= offset;
    this.#bytes += part.length;
  }
}

export class RoundReader {
  readonly #file: SpillFile;
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  #next: number;
  readonly #end: number;
  #groups: number;
  #from = 0;
  #until = 0;
  readonly #lengths: (number | undefined)[];

  /** Of groups with so many values each. */
  constructor(file: SpillFile, { offset, bytes, groups }: Round, values: number, bufferBytes: number) {
    this.#file = file;
    this.#buffer = new Uint8Array(Math.max(HEAD_BYTES, Math.min(bufferBytes, bytes)));
    this.#view = new DataView(this.#buffer.buffer);
    this.#next = offset;
    this.#end = offset + bytes;
    this.#groups = groups;
    this.#lengths = Array.from({ length: values }, () => undefined);
  }

  /** Goes on to the next group, whose parts before must be read; there are none for groups that came later. */
  advance(): void {
    const isThere = this.#groups-- > 0;
    for (const value of this.#lengths.keys()) this.#lengths[value] = isThere ? this.#head() : undefined;
  }

  /** How long the group's part of a value is. */
  lengthOf(value: number): number | undefined {
    return this.#lengths[value];
  }

  /** Reads the part of a value; parts are read in the order of the values, each once. */
  read(value: number, into: Uint8Array): void {
    assert(into.length === defined(this.#lengths[value], "a part"), "all of it");
    const ready = Math.min(into.length, this.#until - this.#from);
    into.set(this.#buffer.subarray(this.#from, this.#from + ready));
    this.#from += ready;
    const rest = into.subarray(ready);
    if (rest.length === 0) return;
    if (rest.length >= this.#buffer.length) {
      this.#file.read(this.#next, rest);
      this.#next += rest.length;
      return;
    }
    this.#fill();
    into.set(this.#buffer.subarray(0, rest.length), ready);
    this.#from = rest.length;
  }

  #head(): number | undefined {
    if (this.#until - this.#from < HEAD_BYTES) this.#fill();
    const head = this.#view.getUint32(this.#from, true);
    this.#from += HEAD_BYTES;
    return head === 0 ? undefined : head - 1;
  }

  /** What is left of the buffer goes to its beginning, and what follows it on disk behind that. */
  #fill(): void {
    this.#buffer.copyWithin(0, this.#from, this.#until);
    const kept = this.#until - this.#from;
    const more = Math.min(this.#buffer.length - kept, this.#end - this.#next);
    this.#file.read(this.#next, this.#buffer.subarray(kept, kept + more));
    this.#next += more;
    [this.#from, this.#until] = [0, kept + more];
  }
}
