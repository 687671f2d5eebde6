// Where rows go that do not fit memory: files of one execution, which a worker keeps in a directory
// (src/worker/spill_directory.ts) and tests in memory. All calls are synchronous; an error of one fails the execution.

/** A file that is written at its end and read anywhere. */
export interface SpillFile {
  /** Writes the parts one behind the other; the offset of the first. */
  append(parts: readonly Uint8Array[]): number;
  /** Writes over bytes that were appended. */
  overwrite(offset: number, part: Uint8Array): void;
  /** Fills `into` with bytes that were appended. */
  read(offset: number, into: Uint8Array): void;
  /** Gives its room back; nothing may be asked of it afterwards. */
  close(): void;
}

export interface SpillPort {
  open(): SpillFile;
}

/** What one operator has written. */
export interface SpillTally {
  bytes: number;
  files: number;
}

/** The same port, counting. */
export function counting(port: SpillPort, tally: SpillTally): SpillPort {
  return {
    open() {
      const file = port.open();
      tally.files++;
      return {
        append(parts) {
          for (const { length } of parts) tally.bytes += length;
          return file.append(parts);
        },
        overwrite: (offset, part) => file.overwrite(offset, part),
        read: (offset, into) => file.read(offset, into),
        close: () => file.close(),
      };
    },
  };
}
