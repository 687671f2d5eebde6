// What a short statement costs: the time of `SELECT count(*) FROM nation` with and without pg_fusion, in
// turn. Nothing but planning, transport and start-up is in it; throughput is tpch_bench.ts's subject, planning alone
// planning_bench.ts's.
import { defined } from "#base/assert.js";
import { Connection } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { rounded } from "./statistics.js";

export interface LatencyReport {
  readonly statement: string;
  readonly postgres: Quantiles;
  readonly fusion: Quantiles;
}

/** Milliseconds, as the client sees them. */
export interface Quantiles {
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
}

const statement = "SELECT count(*) FROM nation";
/** First calls compile the plan and fill caches on both sides. */
const warmUps = 20;

function quantiles(times: readonly number[]): Quantiles {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    rounded(defined(sorted[Math.floor(share * (sorted.length - 1))], "a quantile"));
  return { p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99) };
}

/** Times the statement `runs` times each way, on one connection a side. */
export async function benchLatency(
  places: ClusterPlaces,
  database: string,
  runs: number,
): Promise<LatencyReport> {
  const settings = (enable: string) => ({ "pg_fusion.enable": enable });
  const postgres = await Connection.open(places, database, settings("off"));
  const fusion = await Connection.open(places, database, settings("on"));
  const times = { postgres: [] as number[], fusion: [] as number[] };
  try {
    for (let run = -warmUps; run < runs; run++) {
      for (const [name, connection] of [["postgres", postgres], ["fusion", fusion]] as const) {
        const start = performance.now();
        await connection.query(statement);
        if (run >= 0) times[name].push(performance.now() - start);
      }
    }
  } finally {
    await postgres.close();
    await fusion.close();
  }
  return { statement, postgres: quantiles(times.postgres), fusion: quantiles(times.fusion) };
}
