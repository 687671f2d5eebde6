// The control block of one execution in linear memory: where compiled code and its host meet. It holds resume state,
// counters, one state record per aggregate, and a slot per constant or parameter. Its shape depends on the plan's
// shape only, never on values. Read next: pipeline_module.ts and runtime/execution.ts.
import { View } from "#generated/layout.js";

/** What `run` returns; from `error` on, the error's number in the module is added. */
export const RunStatus = {
  /** The source is consumed. */
  done: 0,
  /** The result page is full: take it, then call again from the saved place. */
  outputFull: 1,
  /** A row does not fit an empty result page as it is laid out: rowBytes says what it needs. */
  rowTooLarge: 2,
  /** Enough was done for one call: call again from the saved place. */
  paused: 3,
  /** The sink's limit is reached: nothing more is wanted. */
  enough: 4,
  /** The sink has no room for the row at hand: make some, then call again from the saved place. */
  memoryFull: 5,
  error: 16,
} as const;

/** Fixed part of the block: byte offsets. */
export const ControlBlock = {
  /** Where the next call of the same source must start. */
  resume: 0,
  resultPage: 4,
  /** Rows that reached the sink in the last call. */
  sinkRows: 8,
  /** How many of the pipeline's probes stand at a saved place; 0 at the start of a row. */
  resumeDepth: 12,
  /** Of a limit on the result: rows still to be left out, then rows still wanted. */
  skipRows: 16,
  takeRows: 24,
  /** Matches a call may look at before it pauses. */
  visits: 32,
  /** Room for values computed for the row at hand: its start, what is free, its end. */
  scratchStart: 40,
  scratchNext: 44,
  scratchEnd: 48,
  /** Bytes of the long strings of a row that is too large for the result page: 64 bits. */
  rowBytes: 56,
  SIZE: 64,
} as const;

/** Arguments of functions the host evaluates, at most. */
const HOST_ARGUMENTS_MAX = 8;
/** Bytes of an argument or result: a number of up to 128 bits, or the address of a view and of its tail. */
const HOST_VALUE_BYTES = 16;

/** State of one aggregate: byte offsets. Addresses are absolute. */
export const AggregateState = {
  /** Open-addressing table of u64: hash in the high half, address of the group's row in the low half; 0 is free. */
  directory: 0,
  /** Entries - 1. */
  mask: 4,
  groups: 8,
  /** The group count that makes the directory grow: half its entries. */
  growAt: 12,
  /** Room for group rows: a chunk starts with {next chunk, end of rows, 8 unused bytes}. */
  rowNext: 16,
  rowEnd: 20,
  firstChunk: 24,
  currentChunk: 28,
  /** Room for bytes of keys and numbers. */
  bytesNext: 32,
  bytesEnd: 36,
  /** The chunk where reading the groups stopped. */
  cursorChunk: 40,
  /** Added to a state's address, what asks for room for bytes gets it for values that grow, which may go to disk. */
  growing: 16,
  growingNext: 48,
  growingEnd: 52,
  SIZE: 64,
} as const;

/** State of one table of rows, the build side of a join: as above, and where its probing stands. */
export const TableState = {
  ...AggregateState,
  /** 1 when a row with a NULL key was met (and left out). */
  nullKeys: 44,
  /** A row of NULLs, outside of the table. */
  nullRow: 48,
  /** The match to go on with, and whether the probe row has met one. */
  cursor: 52,
  matched: 56,
  /** Rows that came to the probe in the last call. */
  entered: 60,
  /** Address of one word per column: the bits of its magnitudes. */
  magnitudes: 64,
  skipRows: 72,
  takeRows: 80,
  /** Of a sorted table: row addresses in order, and the end of those that are delivered. */
  order: 88,
  orderEnd: 92,
  /** Of a spilled table: 1 while the rows in memory are the last of their partition. */
  lastPart: 96,
  /** Of a sorted table of which the first rows are wanted: as many as that are no worse than this row; 0 unknown. */
  bound: 100,
  SIZE: 128,
} as const;

/** Start of every row of a table; null mask words follow. */
export const TableRow = { next: 0, hash: 4, flags: 8, masks: 12 } as const;
/** Two runs of row addresses being merged, and where their merge goes. */
export const MergeState = { left: 0, leftEnd: 4, right: 8, rightEnd: 12, target: 16, SIZE: 32 } as const;
/** Bits of a row's flags. */
export const TableRowFlag = { matched: 1, unlinked: 2 } as const;

export const GroupChunk = { next: 0, end: 4, SIZE: 16 } as const;

/** A constant or parameter: up to 16 bytes of value, then whether it is NULL. */
export const ParameterSlot = { value: 0, isNull: 16, SIZE: 32 } as const;

export interface ControlLayout {
  readonly bytes: number;
  aggregate(index: number): number;
  table(index: number): number;
  slot(index: number): number;
  /** Where the current row's packed text stands as a view. */
  view(index: number): number;
  /** Of a function the host evaluates; its result stands in place of the first. */
  hostArgument(index: number): number;
}

export function controlLayout(aggregates: number, tables: number, slots: number, views: number): ControlLayout {
  const firstAggregate = ControlBlock.SIZE;
  const firstTable = firstAggregate + aggregates * AggregateState.SIZE;
  const firstSlot = firstTable + tables * TableState.SIZE;
  const firstView = firstSlot + slots * ParameterSlot.SIZE;
  const firstArgument = firstView + views * View.SIZE;
  return {
    bytes: firstArgument + HOST_ARGUMENTS_MAX * HOST_VALUE_BYTES,
    hostArgument: (index) => firstArgument + index * HOST_VALUE_BYTES,
    aggregate: (index) => firstAggregate + index * AggregateState.SIZE,
    table: (index) => firstTable + index * TableState.SIZE,
    slot: (index) => firstSlot + index * ParameterSlot.SIZE,
    view: (index) => firstView + index * View.SIZE,
  };
}
