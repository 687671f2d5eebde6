// What a page's header says about its rows, read where the page stands in memory: which variant of a pipeline may run
// follows from it. Headers were verified when the page was imported. Read next: lowering/bounds.ts.
import { Encoding } from "#generated/encodings.js";
import { COLUMN_FLAG_RANGE, COLUMN_FLAG_SPECIAL, PageColumn, PageHeader } from "#generated/layout.js";
import type { Kernels } from "./kernels.js";

export class PageFacts {
  readonly #view: DataView;
  readonly #kernels: Kernels;
  #page = 0;

  constructor(view: DataView, kernels: Kernels) {
    this.#view = view;
    this.#kernels = kernels;
  }

  /** Looks at the page at this address. */
  open(page: number): void {
    this.#page = page;
  }

  get rows(): number {
    return this.#view.getUint32(this.#page + PageHeader.row_count, true);
  }

  get usedBytes(): number {
    const tailOffset = this.#view.getUint32(this.#page + PageHeader.tail_offset, true);
    return tailOffset + this.#view.getUint32(this.#page + PageHeader.tail_bytes, true);
  }

  nullCount(column: number): number {
    return this.#view.getUint32(this.#entry(column) + PageColumn.null_count, true);
  }

  /** A bound of |value| in an integer or decimal column, NULL slots perhaps included; Infinity when it may hold NaN. */
  magnitude(column: number): number {
    const entry = this.#entry(column);
    const flags = this.#view.getUint16(entry + PageColumn.flags, true);
    if ((flags & COLUMN_FLAG_SPECIAL) !== 0) return Infinity;
    if ((flags & COLUMN_FLAG_RANGE) !== 0) {
      const low = Number(this.#view.getBigInt64(entry + PageColumn.min, true));
      const high = Number(this.#view.getBigInt64(entry + PageColumn.max, true));
      return Math.max(Math.abs(low), Math.abs(high));
    }
    const values = this.#page + this.#view.getUint32(entry + PageColumn.values_offset, true);
    const wide = this.#view.getUint16(entry + PageColumn.encoding, true) === Encoding.decimal128;
    return wide
      ? this.#kernels.magnitude128(values, this.rows)
      : this.#kernels.magnitude64(values, this.rows);
  }

  #entry(column: number): number {
    return this.#page + PageHeader.SIZE + column * PageColumn.SIZE;
  }
}
