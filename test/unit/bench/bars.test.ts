// Bars beside figures: which are promised of which report, and on which side of them a figure holds.
import { describe, expect, it } from "vitest";
import { barsOfPlanning, barsOfQueries, barsOfScans } from "#bench/bars.js";
import type { ScanMeasurement } from "#bench/scan_bench.js";
import type { QueryReport, TpchReport } from "#bench/tpch_bench.js";

function scan(columns: number, qual: ScanMeasurement["qual"], heap: number): ScanMeasurement {
  return {
    columns, qual,
    touch_cpu_ns: 10, heap_cpu_ns: heap, executor_cpu_ns: 100, heap_wall_ns: heap, executor_wall_ns: 100,
    pair_cpu_ns: heap, pair_wall_ns: heap / 1.6, touch_wall_ns: 10, touch_pair_wall_ns: 6,
    lines_wall_ns: 8, lines_pair_wall_ns: 5, count_wall_ns: 30, count_pair_wall_ns: 16,
  };
}

function query(name: string, parallel: number, own: number | null): QueryReport {
  return {
    query: name, rows_equal: true, postgres_ms: 2 * parallel, postgres_at_limit: false,
    postgres_parallel_ms: parallel, postgres_parallel_at_limit: false, fusion_ms: own, ran_in: "pg_fusion",
    compared_with_indexes: [],
  };
}

const lines = (bars: ReturnType<typeof barsOfScans>) =>
  bars.map((one) => `${one.what}: ${one.figure} ${one.sense} ${one.bound} ${one.holds ? "holds" : "missed"}`);

const report = (queries: readonly QueryReport[]): TpchReport => ({
  queries, geomean: { vs_postgres: 6, vs_postgres_parallel: 3 },
});

describe("bars of scans", () => {
  it("stand beside all rows and a selective qual", () => {
    expect(lines(barsOfScans({ scans: [scan(4, "all", 31), scan(16, "50%", 90), scan(1, "2%", 40)] }))).toEqual([
      "heap batches / executor, 4 columns of all rows: 0.31 at most 0.3 missed",
      "heap batches / touching, 4 columns of all rows: 3.1 at most 4.5 holds",
      "two producers / one, 4 columns of all rows, elapsed: 1.6 at least 1.7 missed",
      "two producers / one, 4 columns of all rows, by CPU: 2 at least 1.7 holds",
      "heap batches / executor, 1 column of 2% rows: 0.4 at most 0.4 holds",
    ]);
  });
});

describe("bars of planning", () => {
  it("stand beside both times, and beside what should not have been planned", () => {
    const joins = [{ shape: "star", first_ms: 90, planning_ms: 51, postgres_ms: 60, cpu_ms: 20 }];
    const prepared = [{ statement: "no parameters", executions: 9, plannings: 1, first_ms: 40, later_ms: 3 }];
    expect(lines(barsOfPlanning({ joins, prepared }))).toEqual([
      "planning: star, ms elapsed: 51 at most 50 missed",
      "planning: star, ms by CPU: 20 at most 50 holds",
      "plannings of a kept plan, no parameters: 1 at most 0 missed",
    ]);
  });
});

describe("bars of queries", () => {
  const queries = [query("q1", 800, 100), query("q6", 380, 100), query("q2", 70, 100), query("q3", 1, null)];

  it("name the two that scan, the mean and the lowest", () => {
    expect(lines(barsOfQueries(report(queries), false))).toEqual([
      "q1: 8 at least 8 holds",
      "q6: 3.8 at least 4 missed",
      "geometric mean: 3 at least 3 holds",
      "lowest (q2): 0.7 at least 0.8 missed",
    ]);
  });

  it("ask only for the lowest where PostgreSQL has indexes", () => {
    expect(lines(barsOfQueries(report(queries), true))).toEqual(["lowest (q2): 0.7 at least 0.7 holds"]);
  });

  it("are none when everything was refused", () => {
    const geomean = { vs_postgres: null, vs_postgres_parallel: null };
    expect(barsOfQueries({ queries: [query("q1", 1, null)], geomean }, false)).toEqual([]);
  });
});
