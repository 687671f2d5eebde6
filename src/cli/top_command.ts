// `npx pg-fusion top`: sessions and pool of the private server, looked at again and again over one connection and drawn
// in place. Where the output is no terminal, or with --once, it prints one look and ends. Drawing is top_screen.ts's.
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "#cluster/connection.js";
import { withConnection } from "#cluster/connection.js";
import { refreshExtensionObjects } from "#tpch/databases.js";
import type { Arguments } from "./arguments.js";
import { openRunningSession } from "./session.js";
import { ordered, sessionKey, topLines, topOrders, topScreen, type TopLook, type TopOrder, type TopSession } from
  "./top_screen.js";

const DATABASE = "postgres";
const COLUMNS_UNKNOWN = 120;
const LINES_UNKNOWN = 30;
const INTERVAL_MS = 1000;
/** Between the two looks of a plain print: rates need two. */
const ONCE_MS = 500;

const SESSIONS = `SELECT pid, slot, lease_epoch, usename, machine, state, waiting_on, executor, scan_producers,
  pages_reserved, pages_leased + pages_issued + pages_imported, rows_scanned,
  bytes_on_disk, extract(epoch FROM clock_timestamp() - started) * 1000
FROM pg_stat_fusion_activity ORDER BY slot`;

const POOL = `SELECT extract(epoch FROM clock_timestamp()) * 1000, pg_fusion_worker_state(),
  coalesce(sum(pages) FILTER (WHERE state IN ('free', 'reserved')), 0),
  coalesce(sum(pages) FILTER (WHERE state NOT IN ('free', 'reserved')), 0)
FROM pg_stat_fusion_pages`;

const TOTALS = `SELECT component || '.' || metric, value FROM pg_fusion_metrics()
WHERE component || '.' || metric IN ('scan.rows_produced', 'result.rows', 'planner.ready', 'planner.refused')`;

type Cell = string | null | undefined;

const number = (cell: Cell): number => Number(cell ?? 0);
const known = (cell: Cell): number | undefined => (cell === null || cell === undefined ? undefined : Number(cell));
const words = (cell: Cell): string | undefined => cell ?? undefined;

function sessionOf(cells: readonly (string | null)[]): TopSession {
  const [pid, slot, epoch, user, machine, state, waitingOn, executor, producers, reserved, held, rows, disk, age] =
    cells;
  return {
    pid: known(pid), slot: number(slot), epoch: number(epoch), user: words(user), machine: words(machine),
    state: words(state), waitingOn: words(waitingOn), executor: known(executor), producers: number(producers),
    pagesReserved: number(reserved), pagesHeld: number(held), rowsScanned: number(rows), bytesOnDisk: number(disk),
    ageMs: known(age),
  };
}

/** One look at everything. */
export async function lookAt(connection: Connection): Promise<TopLook> {
  const sessions = (await connection.query(SESSIONS)).rows.map(sessionOf);
  const [pool = []] = (await connection.query(POOL)).rows;
  const totals = new Map((await connection.query(TOTALS)).rows.map(([name, value]) => [name, number(value)]));
  return {
    atMs: number(pool[0]), worker: pool[1] ?? "unknown", pagesFree: number(pool[2]), pagesHeld: number(pool[3]),
    // Its own connection asks nothing of the engine.
    sessions,
    rowsScanned: totals.get("scan.rows_produced") ?? 0, rowsReturned: totals.get("result.rows") ?? 0,
    planned: totals.get("planner.ready") ?? 0, refused: totals.get("planner.refused") ?? 0,
  };
}

async function printOnce(connection: Connection): Promise<void> {
  const before = await lookAt(connection);
  await sleep(ONCE_MS);
  for (const line of topLines(await lookAt(connection), before)) process.stdout.write(`${line}\n`);
}

/** What the person has chosen so far; keys change it. */
class TopState {
  order: TopOrder = "rows";
  chosen: string | undefined;
  says = "";
  done = false;
  readonly #connection: Connection;
  #sessions: readonly TopSession[] = [];
  #wake: () => void = () => undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  show(now: TopLook, before: TopLook | undefined): void {
    this.#sessions = ordered(now, before, this.order);
    if (!this.#sessions.some((session) => sessionKey(session) === this.chosen))
      this.chosen = this.#sessions[0] === undefined ? undefined : sessionKey(this.#sessions[0]);
    // A terminal that does not know its size says 0.
    const columns = process.stdout.columns || COLUMNS_UNKNOWN;
    const lines = process.stdout.rows || LINES_UNKNOWN;
    process.stdout.write(topScreen(now, before,
      { order: this.order, chosen: this.chosen, says: this.says, columns, lines }));
  }

  /** Until the next look is due, or a key was pressed. */
  async pause(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    await Promise.race([woken, sleep(INTERVAL_MS)]);
  }

  press(key: string): void {
    this.says = "";
    if (key === "q" || key === "\u0003") this.done = true;
    else if (key === "s") this.order = topOrders[(topOrders.indexOf(this.order) + 1) % topOrders.length] ?? "rows";
    else if (key === "\u001b[A" || key === "k") this.#choose(-1);
    else if (key === "\u001b[B" || key === "j") this.#choose(1);
    else if (key === "c") void this.#cancel();
    this.#wake();
  }

  #choose(by: number): void {
    const at = this.#sessions.findIndex((session) => sessionKey(session) === this.chosen);
    const next = this.#sessions[at + by];
    if (next !== undefined) this.chosen = sessionKey(next);
  }

  async #cancel(): Promise<void> {
    const session = this.#sessions.find((each) => sessionKey(each) === this.chosen);
    if (session?.pid === undefined) return;
    // A pid may have gone to another statement since the last look; what is cancelled is what pg_cancel_backend says.
    const done = await this.#connection.value(`SELECT pg_cancel_backend(${session.pid})`).catch(() => "f");
    this.says = done === "t" ? `asked ${session.pid} to cancel its statement` : `${session.pid} cannot be cancelled`;
    this.#wake();
  }
}

async function watch(connection: Connection): Promise<void> {
  const state = new TopState(connection);
  const onKey = (data: Buffer): void => state.press(data.toString("utf8"));
  process.stdin.setRawMode(true);
  process.stdin.resume().on("data", onKey);
  process.stdout.write("\u001b[?1049h\u001b[?25l\u001b[2J");
  try {
    // A key redraws at once; rates stay those of about an interval.
    let [mark, before]: [TopLook | undefined, TopLook | undefined] = [undefined, undefined];
    while (!state.done) {
      const now = await lookAt(connection);
      if (mark === undefined || now.atMs - mark.atMs >= INTERVAL_MS / 2) [before, mark] = [mark, now];
      state.show(now, before);
      await state.pause();
    }
  } finally {
    process.stdin.off("data", onKey).pause().setRawMode(false);
    process.stdout.write("\u001b[?25h\u001b[?1049l");
  }
}

/** Runs `top`; returns the exit code. */
export async function runTop(given: Arguments): Promise<number> {
  const { places } = openRunningSession(given);
  // Its views are looked at from a database of its own, so that no table of anybody is needed.
  await refreshExtensionObjects(places, DATABASE);
  const plain = given.flags.has("once") || !process.stdout.isTTY || !process.stdin.isTTY;
  await withConnection(places, DATABASE, (connection) => (plain ? printOnce(connection) : watch(connection)));
  return 0;
}
