// Rows of a join's build side that make a runtime filter, as they stand in the engine's memory: what the engine says of
// them (src/runtime/filter_build.ts) and the region reads of them (src/transport). See native/shm/runtime_filter.h.

export interface FilterRows {
  readonly first: number;
  readonly end: number;
  readonly rowBytes: number;
  /** Of a word in each row; a row that has a bit of `flagsSkip` there matches nothing. */
  readonly flagsOffset: number;
  readonly flagsSkip: number;
  readonly keys: readonly { readonly kind: "word" | "pair" | "bytes"; readonly offset: number }[];
}
