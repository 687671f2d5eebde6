// A place to spill to that is not a disk, and counts what is open and what was written.
import type { SpillFile, SpillPort } from "#runtime/spill/spill_port.js";

/** Of a file: room for as many rows as random joins give (random_joins.ts), of some hundred bytes each. */
const LIMIT_BYTES = 16 * 1024 * 1024;

export class MemorySpill implements SpillPort {
  /** Files that were opened, and those that are open. */
  opened = 0;
  live = 0;
  bytes = 0;

  open(): SpillFile {
    this.opened++;
    this.live++;
    let content = Buffer.alloc(1 << 12);
    let length = 0;
    let closed = false;
    const check = (): void => {
      if (closed) throw new Error("the file is closed");
    };
    return {
      append: (parts) => {
        check();
        const offset = length;
        for (const part of parts) {
          if (length + part.length > LIMIT_BYTES) throw new Error("more than a test can have written");
          while (length + part.length > content.length)
            content = Buffer.concat([content, Buffer.alloc(content.length)]);
          content.set(part, length);
          length += part.length;
          this.bytes += part.length;
        }
        return offset;
      },
      overwrite: (offset, part) => {
        check();
        if (offset + part.length > length) throw new Error("beyond the end");
        content.set(part, offset);
      },
      read: (offset, into) => {
        check();
        if (offset + into.length > length) throw new Error("beyond the end");
        into.set(content.subarray(offset, offset + into.length));
      },
      close: () => {
        if (!closed) this.live--;
        closed = true;
      },
    };
  }
}
