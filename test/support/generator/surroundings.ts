// What generated statements meet around them, some statements long: the session's time zone, how many producers read a
// table and how, the memory a statement may hold before it goes on on disk, and which plans of prepared statements
// PostgreSQL keeps. Answers depend on the time zone, and on the plans where they are errors of planning. Read next:
// ways.ts.
import type { Client } from "pg";
import type { Dice } from "../random_plans.js";

const zones = ["Europe/Prague", "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"];

/** Everything with more than a row or two goes to disk. */
const SMALL_MEMORY = "'1kB'";

/** So that the tables, which are small, are read by workers where PostgreSQL has them for larger ones. */
const parallel = ["max_parallel_workers_per_gather = 4", "min_parallel_table_scan_size = 0",
  "parallel_setup_cost = 0", "parallel_tuple_cost = 0"];
const alone = ["max_parallel_workers_per_gather = 0"];

export interface Surroundings {
  readonly zone: string;
  /** Of prepared statements; generic ones may fail where others do not. */
  readonly plans: string;
  /** Of the session with the engine on. */
  readonly settings: readonly string[];
}

/** Draws some. */
export function surroundings(dice: Dice): Surroundings {
  return {
    zone: dice.pick(zones),
    plans: dice.pick(["auto", "force_generic_plan", "force_custom_plan"]),
    settings: [
      ...(dice.chance(40) ? parallel : alone),
      `pg_fusion.query_memory = ${dice.chance(30) ? SMALL_MEMORY : "DEFAULT"}`,
      `pg_fusion.heap_scan = ${dice.chance(15) ? "off" : "on"}`,
    ],
  };
}

/** Sets them in the sessions without and with the engine. */
export async function enter(plain: Client, fusion: Client, { zone, plans, settings }: Surroundings): Promise<void> {
  for (const client of [plain, fusion])
    await client.query(`SET timezone = '${zone}'; SET plan_cache_mode = ${plans}`);
  for (const setting of settings) await fusion.query(`SET ${setting}`);
}
