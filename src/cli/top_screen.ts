// What `npx pg-fusion top` shows, as lines of text: the pool and the worker, then a row for each session. Numbers per
// second come from two looks; asking the server and the terminal is top_command.ts's.

/** One row of pg_stat_fusion_activity; undefined for what is hidden or absent. */
export interface TopSession {
  readonly pid: number | undefined;
  readonly slot: number;
  readonly epoch: number;
  readonly user: string | undefined;
  readonly machine: string | undefined;
  readonly state: string | undefined;
  readonly waitingOn: string | undefined;
  readonly executor: number | undefined;
  readonly producers: number;
  /** Reserved and in use. */
  readonly pagesReserved: number;
  readonly pagesHeld: number;
  readonly rowsScanned: number;
  readonly bytesOnDisk: number;
  readonly ageMs: number | undefined;
}

export interface TopLook {
  /** Of the server's clock. */
  readonly atMs: number;
  readonly worker: string;
  readonly pagesFree: number;
  readonly pagesHeld: number;
  readonly sessions: readonly TopSession[];
  /** Since the server's start or the last reset: rows scanned and returned, statements planned and refused. */
  readonly rowsScanned: number;
  readonly rowsReturned: number;
  readonly planned: number;
  readonly refused: number;
}

export const topOrders = ["rows", "pages", "age"] as const;
export type TopOrder = (typeof topOrders)[number];

export interface TopView {
  readonly order: TopOrder;
  /** Session under the cursor, by slot and epoch. */
  readonly chosen: string | undefined;
  /** A line about the last key. */
  readonly says: string;
  readonly columns: number;
  readonly lines: number;
}

export const sessionKey = ({ slot, epoch }: TopSession): string => `${slot}/${epoch}`;

/** "12.3k", "4.5M": three figures. */
export function shortCount(value: number): string {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const)
    if (value >= size) return `${(value / size).toFixed(value >= 100 * size ? 0 : 1)}${unit}`;
  return String(Math.round(value));
}

function age(ms: number | undefined): string {
  if (ms === undefined) return "";
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 100 ? `${seconds.toFixed(1)}s` : `${Math.floor(seconds / 60)}m${Math.floor(seconds % 60)}s`;
}

/** Rows a second of a session that was there at the last look. */
export function rowRate(session: TopSession, now: TopLook, before: TopLook | undefined): number {
  const earlier = before?.sessions.find((each) => sessionKey(each) === sessionKey(session));
  const elapsed = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  if (earlier === undefined || elapsed <= 0) return 0;
  return Math.max(0, session.rowsScanned - earlier.rowsScanned) / elapsed;
}

/** Most first; equal ones stay by slot, so that rows do not jump about. */
export function ordered(now: TopLook, before: TopLook | undefined, order: TopOrder): readonly TopSession[] {
  const weight: Readonly<Record<TopOrder, (session: TopSession) => number>> = {
    rows: (session) => rowRate(session, now, before), pages: ({ pagesHeld }) => pagesHeld,
    age: ({ ageMs }) => ageMs ?? 0,
  };
  return [...now.sessions].sort((a, b) => weight[order](b) - weight[order](a) || a.slot - b.slot);
}

const widths = [8, 9, 12, 18, 12, 8, 6, 10, 9, 9, 8, 8] as const;
const headings = [
  "pid", "session", "user", "machine", "state", "waits", "scans", "pages", "rows/s", "rows", "disk", "age",
] as const;
/** Counted from the left: numbers stand right. */
const RIGHT_FROM = 6;

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => {
    const width = widths[at] ?? 8;
    const cut = cell.length > width - 1 ? `${cell.slice(0, width - 2)}~` : cell;
    return at >= RIGHT_FROM ? `${cut} `.padStart(width) : cut.padEnd(width);
  }).join("").trimEnd();
}

function sessionRow(session: TopSession, now: TopLook, before: TopLook | undefined): string {
  const { pid, user, machine, state, waitingOn, producers, pagesHeld, pagesReserved, rowsScanned } = session;
  return row([
    pid === undefined ? "-" : String(pid), sessionKey(session), user ?? "-", machine ?? "-", state ?? "-",
    waitingOn ?? "-", String(producers), `${pagesHeld}+${pagesReserved}`, shortCount(rowRate(session, now, before)),
    shortCount(rowsScanned), shortCount(session.bytesOnDisk), age(session.ageMs),
  ]);
}

function rates(now: TopLook, before: TopLook | undefined): string {
  const elapsed = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  const rate = (later: number, earlier: number): string =>
    shortCount(elapsed <= 0 ? 0 : Math.max(0, later - earlier) / elapsed);
  return `scanned ${rate(now.rowsScanned, before?.rowsScanned ?? 0)} rows/s, ` +
    `returned ${rate(now.rowsReturned, before?.rowsReturned ?? 0)} rows/s, ` +
    `planned ${rate(now.planned, before?.planned ?? 0)}/s, refused ${rate(now.refused, before?.refused ?? 0)}/s`;
}

/** The pool as a bar: held, then free. */
function poolBar({ pagesFree, pagesHeld }: TopLook, width: number): string {
  const all = Math.max(1, pagesFree + pagesHeld);
  const held = Math.round((pagesHeld / all) * width);
  return `[${"#".repeat(held)}${".".repeat(width - held)}] ${pagesHeld} of ${pagesFree + pagesHeld} pages held`;
}

/** Lines of plain text, without anything a terminal would interpret. */
export function topLines(now: TopLook, before: TopLook | undefined, order: TopOrder = "rows"): readonly string[] {
  const sessions = ordered(now, before, order);
  return [
    `worker ${now.worker}, ${sessions.length} sessions; ${rates(now, before)}`,
    poolBar(now, 40),
    "",
    row(headings),
    ...sessions.map((session) => sessionRow(session, now, before)),
    ...(sessions.length === 0 ? ["(nothing runs in the engine)"] : []),
  ];
}

/** Lines before the first session. */
const HEAD_LINES = 4;

/** A whole screen: the lines that fit, the chosen session inverted, and the keys at the bottom. */
export function topScreen(now: TopLook, before: TopLook | undefined, view: TopView): string {
  const sessions = ordered(now, before, view.order);
  const lines = topLines(now, before, view.order).slice(0, Math.max(1, view.lines - 1)).map((line, at) => {
    const session = sessions[at - HEAD_LINES];
    const cut = line.slice(0, view.columns);
    const chosen = session !== undefined && sessionKey(session) === view.chosen;
    return `${chosen ? `\u001b[7m${cut.padEnd(view.columns)}\u001b[0m` : cut}\u001b[K`;
  });
  const keys = view.says === ""
    ? `q quit  up/down choose  c cancel its statement  s sort (by ${view.order})` : view.says;
  const rest = Array.from({ length: Math.max(0, view.lines - 1 - lines.length) }, () => "\u001b[K");
  return `\u001b[H${[...lines, ...rest, `\u001b[1m${keys.slice(0, view.columns)}\u001b[0m\u001b[K`].join("\r\n")}`;
}
