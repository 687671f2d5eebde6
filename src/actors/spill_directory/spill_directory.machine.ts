// The directory of one execution whose rows did not fit memory, on the executor thread that runs it: there from its
// first file until the execution lets go, whatever happened in between. One that never spills has none, and no actor.
// What a killed worker leaves is swept by the next one: nobody is left to say so.
import { setup } from "xstate";

export type SpillDirectoryEvent =
  /** The first file is wanted. */
  | { type: "spill.made" }
  /** A file was opened; its number goes to the record. */
  | { type: "spill.fileOpened" }
  /** A file was read to its end, and its room given back. */
  | { type: "spill.fileClosed" }
  /** The disk, the system or temp_file_limit said no: the execution fails. */
  | { type: "spill.writeFailed" }
  /** The execution has let go. */
  | { type: "spill.removed" };

export const spillDirectoryMachine = setup({
  types: { events: {} as SpillDirectoryEvent },
}).createMachine({
  id: "spill_directory",
  initial: "absent",
  states: {
    absent: { on: { "spill.made": { target: "present" } } },
    present: {
      on: {
        "spill.fileOpened": { target: "present" },
        "spill.fileClosed": { target: "present" },
        "spill.writeFailed": { target: "broken" },
        "spill.removed": { target: "removed" },
      },
    },
    broken: {
      on: {
        "spill.fileClosed": { target: "broken" },
        "spill.writeFailed": { target: "broken" },
        "spill.removed": { target: "removed" },
      },
    },
    removed: { type: "final" },
  },
});
