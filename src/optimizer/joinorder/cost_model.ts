// What a join costs, in nanoseconds from rows and widths. The parameters are the caller's; the defaults are measured
// orders of magnitude of the compiled engine. Scans are not counted: every order reads the same leaves.
// Read next: cardinality.ts, where the rows come from.
import type { JoinKind } from "./join_tree.js";

export interface CostModel {
  readonly buildNsPerRow: number;
  readonly buildNsPerByte: number;
  /** A look-up in a table that fits the cache. */
  readonly probeNsPerRow: number;
  /** Added as the table outgrows the cache, when nearly every look-up misses. */
  readonly probeMissNsPerRow: number;
  readonly cacheBytes: number;
  readonly outputNsPerRow: number;
  /** Joins without a hashable equality try every pair. */
  readonly pairNs: number;
}

/** An 8-byte key and its chain link beside the row's columns. */
const HASH_ENTRY_BYTES = 16;

/** From a 1.5M x 6M row join on int64: 30 ns a probe beyond the cache, about 45 ns to insert a narrow row. */
export const measuredCostModel: CostModel = {
  buildNsPerRow: 40,
  buildNsPerByte: 0.4,
  probeNsPerRow: 8,
  probeMissNsPerRow: 24,
  cacheBytes: 1 << 20,
  outputNsPerRow: 4,
  pairNs: 2,
};

/** The textbooks' C_out: the sum of all intermediate results. */
export const outputCostModel: CostModel = {
  buildNsPerRow: 0,
  buildNsPerByte: 0,
  probeNsPerRow: 0,
  probeMissNsPerRow: 0,
  cacheBytes: 1,
  outputNsPerRow: 1,
  pairNs: 0,
};

export interface JoinSide {
  readonly rows: number;
  readonly widthBytes: number;
}

/** Cost of one join, its inputs given. */
export function joinCostNs(
  model: CostModel, build: JoinSide, probe: JoinSide, outputRows: number, isHashable: boolean,
): number {
  const inserted = build.rows * (model.buildNsPerRow + model.buildNsPerByte * build.widthBytes);
  const output = outputRows * model.outputNsPerRow;
  if (!isHashable) return inserted + build.rows * probe.rows * model.pairNs + output;
  const tableBytes = build.rows * (build.widthBytes + HASH_ENTRY_BYTES);
  const missing = Math.max(0, 1 - model.cacheBytes / Math.max(tableBytes, 1));
  return inserted + probe.rows * (model.probeNsPerRow + model.probeMissNsPerRow * missing) + output;
}

/** Sides a join kind may build on: "either" where the engine can also report unmatched or matched build rows. */
export type BuildSides = Readonly<Record<JoinKind, "right" | "either">>;

export const defaultBuildSides: BuildSides = {
  inner: "either", cross: "either", left: "either", full: "either", semi: "either", anti: "either", mark: "right",
};
