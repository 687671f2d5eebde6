// The configurations that are explored. `small` ones run with the unit tests, all of them with `npm run explore`. Each
// asks one question with as little as can show it: a second of anything multiplies the worlds.
import type { Configuration } from "./configuration.js";

/** One statement of one leaf, read by its leader: one page at work and none to spare. */
const plain = {
  backends: [["execution"]], controlSlots: 1, scanSlots: 1, pages: 2, filters: 0,
  producers: [{ leaf: 0, parallel: false }], leafPages: [2], inTurn: false, engine: ["keep"],
  permitsScan: 1, permitsResult: 1, ringEntries: 2, ringMessages: 1, faults: [], budget: 0,
} as const satisfies Omit<Configuration, "name" | "question">;

const planning = {
  ...plain, name: "planning", question: "Does a planning conversation end, whatever is answered or interrupts it?",
  backends: [["planning"], ["planning"]], scanSlots: 0, pages: 1, producers: [], leafPages: [],
  faults: ["cancel", "abort", "backendDies", "workerDies", "staleFrame", "garbledFrame", "spuriousWake"], budget: 1,
} as const satisfies Configuration;

const streaming = {
  ...plain, name: "streaming", question: "Do pages flow with the least of everything, whatever ends it?",
  engine: ["emit", "refuse"],
  faults: [
    "cancel", "enough", "abort", "backendDies", "workerDies", "engineFails", "scanFails", "staleFrame", "garbledFrame",
  ],
  budget: 1,
} as const satisfies Configuration;

const wakes = {
  ...plain, name: "wakes", question: "Does everybody wake in time, with wakes that are late, lost or for nothing?",
  engine: ["keep", "emit"], faults: ["cancel", "spuriousWake", "lostWake"], budget: 1,
} as const satisfies Configuration;

const reuse = {
  ...plain, name: "reuse", question: "Does nothing of one lease reach the next holder of its slot?",
  backends: [["planning", "execution", "execution"]], leafPages: [1],
  faults: ["cancel", "staleFrame", "workerDies"], budget: 1,
} as const satisfies Configuration;

const parallel = {
  ...plain, name: "parallel", question: "Do a leader and a parallel worker share a scan, and part in any order?",
  scanSlots: 2, pages: 3, producers: [{ leaf: 0, parallel: false }, { leaf: 0, parallel: true }], leafPages: [1],
  faults: ["cancel", "enough", "backendDies", "workerDies", "scanFails", "producerStillborn", "garbledFrame"],
  budget: 1,
} as const satisfies Configuration;

const filter = {
  ...plain, name: "filter", question: "Is a runtime filter read only while it is ready, and released exactly once?",
  scanSlots: 2, pages: 2, filters: 1, producers: [{ leaf: 0, parallel: false }, { leaf: 1, parallel: false }],
  leafPages: [1, 1], inTurn: true, faults: ["cancel", "enough", "abort", "backendDies", "workerDies"], budget: 1,
} as const satisfies Configuration;

const pool = {
  ...plain, name: "pool", question: "Do two statements share a pool and a worker without waiting for each other?",
  backends: [["execution"], ["execution"]], controlSlots: 2, scanSlots: 2, pages: 3, leafPages: [0], permitsResult: 0,
  faults: ["cancel", "workerDies", "backendDies"], budget: 0,
} as const satisfies Configuration;

export const smallConfigurations: readonly Configuration[] = [
  planning, reuse, wakes,
  {
    ...streaming, leafPages: [1],
    faults: ["cancel", "abort", "backendDies", "workerDies", "engineFails", "scanFails"],
  },
  { ...parallel, faults: ["producerStillborn"] },
  { ...filter, faults: ["cancel", "workerDies"] },
];
export const largeConfigurations: readonly Configuration[] = [
  { ...planning, name: "planning, twice unkind", budget: 2 },
  { ...streaming, name: "streaming, all that may happen" },
  { ...streaming, name: "streaming, twice unkind", leafPages: [1], budget: 2 },
  { ...parallel, name: "parallel, all that may happen" },
  { ...filter, name: "filter, all that may happen" },
  pool,
  { ...pool, name: "neighbours", question: "Does planning beside an execution disturb neither?",
    backends: [["execution"], ["planning"]], budget: 1 },
];
