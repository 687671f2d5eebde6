// Which transitions of the machines were ever taken, by how: kept in docs/transition_coverage.json, shown by the
// visualizer. Reports of a real server's recorder are collected in build/coverage.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MACHINES_FINGERPRINT, generatedMachines } from "#generated/machines.js";
import { readFlight } from "#trace/flight_reader.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const coveragePlace = join(root, "docs/transition_coverage.json");
const livePlace = join(root, "build/coverage/live.json");

/** "scan_producer producing rowsEnded". */
export type TransitionName = string;

export function transitionName(machine: number, from: number, event: number): TransitionName | undefined {
  const known = generatedMachines[machine - 1];
  return known === undefined ? undefined : `${known.name} ${known.states[from]} ${known.events[event]}`;
}

interface LiveReport {
  readonly fingerprint: string;
  readonly transitions: readonly TransitionName[];
}

const fingerprint = MACHINES_FINGERPRINT.toString(16);

/** What servers have shown to this checkout's machines. */
export function readLive(): ReadonlySet<TransitionName> {
  if (!existsSync(livePlace)) return new Set();
  const report = JSON.parse(readFileSync(livePlace, "utf8")) as LiveReport;
  return new Set(report.fingerprint === fingerprint ? report.transitions : []);
}

/** Adds what the recorders of a data directory hold. */
export function collectLive(data: string): void {
  const folder = join(data, "pg_fusion");
  if (!existsSync(folder)) return;
  const seen = new Set(readLive());
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".ring"))) {
    const flight = readFlight(readFileSync(join(folder, name)));
    if (!flight.sameMachines) continue;
    for (const { machine, from, event } of flight.entries) {
      const named = transitionName(machine, from, event);
      if (named !== undefined) seen.add(named);
    }
  }
  mkdirSync(dirname(livePlace), { recursive: true });
  const report: LiveReport = { fingerprint, transitions: [...seen].sort() };
  writeFileSync(livePlace, JSON.stringify(report, undefined, 1));
}
