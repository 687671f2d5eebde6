// One runtime filter slot, as native/shm/runtime_filter.h changes its word by compare-and-swap. This machine is its
// specification; the worker also runs it, one for each filter of an execution, and records it. The order of the states
// is that of the FILTER_* constants in schemas/layout/region.json (a test holds them together).
import { setup } from "xstate";

export type RuntimeFilterEvent =
  /** The backend keeps the slot for one join of one execution. */
  | { type: "filter.leased" }
  /** The join's build side is read; the worker begins to write. */
  | { type: "filter.begun" }
  /** From here on producers may read it. */
  | { type: "filter.published" }
  /** It is not worth it, does not fit, or nobody would read it. */
  | { type: "filter.declined" }
  /** The execution has no owner any more. */
  | { type: "filter.released" };

export const runtimeFilterMachine = setup({
  types: { events: {} as RuntimeFilterEvent },
}).createMachine({
  id: "runtime_filter",
  initial: "free",
  states: {
    free: { on: { "filter.leased": { target: "leased" } } },
    leased: {
      on: {
        "filter.begun": { target: "building" },
        "filter.declined": { target: "declined" },
        "filter.released": { target: "free" },
      },
    },
    /** Whoever dies here leaves a filter that never becomes ready. */
    building: {
      on: {
        "filter.published": { target: "ready" },
        "filter.declined": { target: "declined" },
        "filter.released": { target: "free" },
      },
    },
    ready: { on: { "filter.released": { target: "free" } } },
    declined: { on: { "filter.released": { target: "free" } } },
  },
});
