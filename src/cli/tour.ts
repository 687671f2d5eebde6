// What `npm start` shows where there is no terminal: two queries with and without the engine, an
// EXPLAIN, and a refusal. It asserts nothing; the tests do. Read bench/tpch_bench.ts for timings.
import { hasOuterOrderBy, sameAnswer } from "#bench/compare_rows.js";
import { median } from "#bench/statistics.js";
import { Connection, serverErrorOf } from "#cluster/connection.js";
import type { Answer } from "#cluster/connection.js";
import { loadedLibrary } from "#cluster/loaded_library.js";
import { queryText } from "#tpch/queries.js";
import { say } from "./session.js";
import type { Session } from "./session.js";

/** A warm-up and three runs: short, and the median already hides one disturbance. */
const timedRuns = 3;
/** Locking rows is PostgreSQL's business whatever the engine learns. */
const refusedQuery = "SELECT o_orderkey FROM orders WHERE o_totalprice > 500000 FOR UPDATE";
function print(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** One line a column of the answer: the tour's answers are wider than they are long. */
function printAnswer(answer: Answer): void {
  const lines = answer.columns.map((name, at) => [
    name,
    ...answer.rows.map((row) => row[at] ?? "NULL"),
  ]);
  const widths = [0, ...answer.rows.keys()].map((_, at) =>
    Math.max(...lines.map((cells) => (cells[at] ?? "").length)),
  );
  for (const [name = "", ...values] of lines) {
    const cells = values.map((value, at) => value.padStart(widths[at + 1] ?? 0));
    print(`  ${name.padEnd(widths[0] ?? 0)}  ${cells.join("  ")}`);
  }
}

/** One answer and its time. */
async function timeOnce(
  connection: Connection,
  enable: "off" | "on",
  text: string,
): Promise<{ readonly answer: Answer; readonly ms: number }> {
  await connection.execute(`SET pg_fusion.enable = ${enable}`);
  const start = performance.now();
  const answer = await connection.query(text);
  return { answer, ms: performance.now() - start };
}

/** Runs the query both ways in turn, so that a busy moment of the machine meets both. */
async function showQuery(connection: Connection, name: string): Promise<boolean> {
  const text = queryText(name);
  const ordered = hasOuterOrderBy(text);
  const offMs: number[] = [];
  const onMs: number[] = [];
  let equal = true;
  let shown: Answer | undefined;
  for (let run = 0; run <= timedRuns; run++) {
    const off = await timeOnce(connection, "off", text);
    const on = await timeOnce(connection, "on", text);
    equal &&= sameAnswer(off.answer, on.answer, ordered);
    shown = on.answer;
    if (run === 0) continue;
    offMs.push(off.ms);
    onMs.push(on.ms);
  }
  const [off, on] = [median(offMs), median(onMs)];
  print(`\nTPC-H ${name.toUpperCase()}, same statement, same rows on disk:`);
  if (shown) printAnswer(shown);
  print(
    `  PostgreSQL ${off.toFixed(1)} ms, pg_fusion ${on.toFixed(1)} ms: ` +
      `${(off / on).toFixed(1)} times as fast; ${equal ? "rows equal" : "ROWS DIFFER"}`,
  );
  return equal;
}

async function showExplain(connection: Connection): Promise<void> {
  await connection.execute("SET pg_fusion.enable = on");
  const { rows } = await connection.query(`EXPLAIN (COSTS OFF) ${queryText("q6")}`);
  print("\nEXPLAIN of Q6:");
  for (const [line] of rows) print(`  ${line}`);
}

async function showRefusal(connection: Connection): Promise<void> {
  print(`\nWhat it cannot do exactly, it refuses:\n  ${refusedQuery}`);
  await connection.execute("SET pg_fusion.enable = on");
  try {
    await connection.query(refusedQuery);
    print("  (this statement ran)");
  } catch (error) {
    const refusal = serverErrorOf(error);
    if (!refusal) throw error;
    print(`  ERROR ${refusal.code}: ${refusal.message}`);
    if (refusal.detail !== undefined) print(`  DETAIL: ${refusal.detail}`);
    if (refusal.hint !== undefined) print(`  HINT: ${refusal.hint}`);
  }
}

/** Runs the tour; status 1 when an answer differed. */
export async function runTour(session: Session, database: string): Promise<number> {
  const connection = await Connection.open(session.places, database);
  try {
    if ((await loadedLibrary(connection)) === undefined) {
      say("this server runs without the extension; the tour has nothing to show.");
      return 0;
    }
    let equal = true;
    for (const name of ["q1", "q6"]) equal = (await showQuery(connection, name)) && equal;
    await showExplain(connection);
    await showRefusal(connection);
    print("\nNext: npx pg-fusion psql, and npx pg-fusion help");
    return equal ? 0 : 1;
  } finally {
    await connection.close();
  }
}
