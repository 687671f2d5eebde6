// Ownership of one page, as native/shm/page_pool.h changes it by compare-and-swap. This machine is its
// specification: both sides check and record page transitions with its table, no actor ever runs it. The order of the
// states is that of the PAGE_* constants in schemas/layout/region.json (a test holds them together).
import { setup } from "xstate";

export type PageLeaseEvent =
  /** Set aside for one execution, and given up again at its end. */
  | { type: "page.reserved" }
  | { type: "page.unreserved" }
  | { type: "page.leased" }
  | { type: "page.issued" }
  | { type: "page.imported" }
  /** Back to the pool, or back to the reserve it came from. */
  | { type: "page.released" }
  | { type: "page.returned" }
  /** The last owner of the execution found it still held: the other side died. */
  | { type: "page.swept" };

const goHome = {
  "page.released": { target: "free" },
  "page.returned": { target: "reserved" },
  "page.swept": { target: "free" },
} as const;

export const pageLeaseMachine = setup({
  types: { events: {} as PageLeaseEvent },
}).createMachine({
  id: "page_lease",
  initial: "free",
  states: {
    free: { on: { "page.leased": { target: "leased" }, "page.reserved": { target: "reserved" } } },
    leased: { on: { ...goHome, "page.issued": { target: "issued" } } },
    // Nobody holds an issued page: it is imported, goes home from a closed ring, or is swept with its execution.
    issued: { on: { ...goHome, "page.imported": { target: "imported" } } },
    imported: { on: goHome },
    reserved: {
      on: {
        "page.leased": { target: "leased" },
        "page.unreserved": { target: "free" },
        "page.swept": { target: "free" },
      },
    },
  },
});
