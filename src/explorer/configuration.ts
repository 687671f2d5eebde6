// What is explored: how many of everything there is, how little room, and what may go wrong how often. Each is small,
// named, and about one question. The worlds are laid out by world_shape.ts; the list is
// configurations.ts.

/** What may go wrong, or is merely unkind; each happening costs one of the budget. */
export type Fault =
  /** The statement is cancelled, LIMIT has enough, the statement fails for a reason of its own. */
  | "cancel" | "enough" | "abort"
  /** Its process leaves by the exit callback alone: nothing is said, nothing given back. */
  | "backendDies"
  | "workerDies"
  /** The engine throws, at its start or later. */
  | "engineFails"
  | "scanFails"
  /** PostgreSQL promised a parallel worker that never came. */
  | "producerStillborn"
  /** A frame of an earlier lease stands in a ring. */
  | "staleFrame"
  /** A frame that does not verify, in either direction. */
  | "garbledFrame"
  /** Wakes without a reason, and an executor that sleeps through one. */
  | "spuriousWake" | "lostWake";

export interface ProducerPlan {
  readonly leaf: number;
  /** In a process of its own. */
  readonly parallel: boolean;
}

/** One statement after the other in one backend: each is a conversation. */
export type Conversation = "planning" | "execution";

export interface Configuration {
  readonly name: string;
  /** What it is there to show. */
  readonly question: string;
  readonly backends: readonly (readonly Conversation[])[];
  readonly controlSlots: number;
  readonly scanSlots: number;
  readonly pages: number;
  readonly filters: number;
  readonly producers: readonly ProducerPlan[];
  /** Pages of rows each leaf has; its producers share them. */
  readonly leafPages: readonly number[];
  /** Leaves are wanted one after the other, as by a join. */
  readonly inTurn: boolean;
  /** What the engine may do with a page: keep its rows for the end, make a result page of it, take it only later. */
  readonly engine: readonly ("keep" | "emit" | "refuse")[];
  readonly permitsScan: number;
  readonly permitsResult: number;
  /** Entries of descriptor rings, one of them kept for the end. */
  readonly ringEntries: number;
  /** Messages of a control ring. */
  readonly ringMessages: number;
  readonly faults: readonly Fault[];
  /** How many faults one run may meet. */
  readonly budget: number;
}
