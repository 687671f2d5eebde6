// What the codes of inputs, calls and notes mean in a trace's records. Codes are written down for ever: rows are only
// appended. Which of a record's fields carry the answer stands beside each; data marked "full" is missing in control
// traces, and where it is there the effects field is its CRC-32C. Who writes them is src/worker/capture, who reads them
// src/replay.

/** Records of kind input: the world turned to an actor of the worker. */
export const TraceInput = {
  /** A session began; argument 0: planning, 1: execution. */
  sessionBegan: 1,
  /** The backend has let go of the slot. */
  backendClosed: 2,
  /** A frame was damaged, or the session's own code failed; data: the error. */
  broke: 3,
  /** A job told its session; argument: place in jobReports; data: the error. */
  report: 4,
  /** An executor thread was given the job; argument: its number, numbers: producers. Those follow as calls. */
  jobStart: 10,
  jobStep: 11,
  jobDispose: 12,
} as const;
export type TraceInput = (typeof TraceInput)[keyof typeof TraceInput];

/** Records of kind call: an actor of the worker asked or told somebody else than its peer. */
export const TraceCall = {
  /** Argument 0: planned, 1: refused. The answer itself is the next message sent. */
  plan: 1,
  /** Argument: the executor. */
  assignJob: 2,
  disposeJob: 3,
  detach: 4,
  countViolation: 5,
  /** Argument 1: the backend wants no more. */
  cancelRequested: 10,
  /** Actor: scan slot; argument: place in scanImports; numbers: page, rows, bytes; data (full): the page, packed. */
  importScan: 11,
  /** Argument: page. */
  releaseInput: 12,
  /** Argument 1: got one; numbers: page. */
  acquireResult: 13,
  /** Argument: page; numbers: bytes; data (full): the page. */
  writeResult: 14,
  /** Argument 1: issued, 0: the ring is full; numbers: page, rows, bytes. */
  issueResult: 15,
  /** Argument: page. */
  releaseResult: 16,
  beginPageWait: 17,
  endPageWait: 18,
  /** Argument 1: taken, 0: the ring is full. */
  endResult: 19,
  /** Numbers: the clock's answer, the halves of a 64-bit float. */
  now: 20,
  /** Part of jobStart. Actor: leaf; numbers: producer, scan slot, its epoch. */
  producer: 21,
  /** Argument: place in jobReports; data: the error. */
  report: 22,
  /** A scan slot had no message. */
  receivedNothing: 23,
  /** Full traces only: a step of making a runtime filter. Actor: filter; argument 1: goes on, 0: it will not come. */
  filter: 24,
  /** Argument: leaves. */
  engineStart: 30,
  /** Argument: leaves; data: their numbers, 16 bits each. */
  engineWanted: 31,
  /** Argument 1: done. */
  engineDone: 32,
  /** Argument 1: paused. */
  enginePaused: 33,
  /** Actor: leaf; argument 1: taken; numbers: page. */
  enginePush: 34,
  /** Actor: leaf. */
  engineFinishLeaf: 35,
  /** Argument 1: got one; numbers: bytes, rows. */
  engineTake: 36,
  /** Argument: operators. */
  engineStats: 37,
  engineDispose: 38,
  /** Argument 1: there are rows to take. */
  engineOffer: 39,
} as const;
export type TraceCall = (typeof TraceCall)[keyof typeof TraceCall];

/** Records of kind note. */
export const TraceNote = {
  /** Data: a sentence, as of an explorer about the invariant that broke. */
  remark: 1,
  /** Data: the seed of a simulated run. */
  seed: 2,
} as const;

/** Places of these are arguments of report and importScan. */
export const jobReports = ["started", "inputsEnded", "finished", "failed", "disposed"] as const;
export const scanImports = ["empty", "page", "end", "failed"] as const;

const word = (table: Readonly<Record<string, number>>, code: number): string =>
  Object.entries(table).find(([, each]) => each === code)?.[0] ?? String(code);

/** A call's name, for people. */
export const callName = (code: number): string => word(TraceCall, code);
export const inputName = (code: number): string => word(TraceInput, code);
export const noteName = (code: number): string => word(TraceNote, code);
