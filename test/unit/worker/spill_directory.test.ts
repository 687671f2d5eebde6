// The directory of an execution that went to disk: whose it is, what its files hold, limits, and that nothing stays.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionLease } from "#actors/ports.js";
import { spillDirectory } from "#generated/machines.js";
import { Metric } from "#generated/metrics.js";
import { SpillDirectory, sweepSpill } from "#worker/spill_directory.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
let counted: Map<Metric, number>;
let steps: string[];
/** What views were told. */
let shown: string[];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "fusion_spill_")), "spill");
  counted = new Map();
  steps = [];
  shown = [];
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

function directory(limitKb = -1): SpillDirectory {
  const add = (metric: Metric, amount: number): void => void counted.set(metric, (counted.get(metric) ?? 0) + amount);
  const raise = (metric: Metric, value: number): void =>
    void counted.set(metric, Math.max(counted.get(metric) ?? 0, value));
  const recorder = () => ({
    transition: (_: number, event: number, from: number, to: number) =>
      void steps.push(`${spillDirectory.states[from]} ${spillDirectory.events[event]} ${spillDirectory.states[to]}`),
  });
  const show = (lease: SessionLease, held: number): void => void shown.push(`${lease.slot}/${lease.epoch}: ${held}`);
  const place = { folder, generation: 7, count: add, raise, show };
  return new SpillDirectory(place, { slot: 3, epoch: 9 }, limitKb, recorder());
}

const mode = (path: string): number => statSync(path).mode & 0o777;
const bytes = (length: number, first: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (first + i) % 256);

describe("a spill directory", () => {
  it("is made with its first file, for its owner alone, and goes with all files", () => {
    const made = directory();
    expect(existsSync(folder)).toBe(false);
    const [one, two] = [made.open(), made.open()];
    const path = join(folder, "7-3-9");
    expect(mode(path)).toBe(0o700);
    expect(readdirSync(path).map((name) => mode(join(path, name)))).toEqual([0o600, 0o600]);
    one.append([bytes(100, 0)]);
    one.close();
    expect(readdirSync(path)).toHaveLength(1);
    two.append([bytes(20, 0), bytes(3, 0)]);
    made.remove();
    made.remove();
    two.close();
    expect(readdirSync(folder)).toEqual([]);
    expect(steps).toEqual([
      "absent made present", "present fileOpened present", "present fileOpened present", "present fileClosed present",
      "present fileClosed present", "present removed removed",
    ]);
    expect(shown).toEqual(["3/9: 100", "3/9: 0", "3/9: 20", "3/9: 23", "3/9: 0"]);
  });

  it("that was never needed leaves no word", () => {
    directory().remove();
    expect(steps).toEqual([]);
  });

  it("gives back what was written, and what was written over it", () => {
    const made = directory();
    const file = made.open();
    expect(file.append([bytes(10, 0), bytes(5, 100)])).toBe(0);
    expect(file.append([bytes(3, 200)])).toBe(15);
    file.overwrite(2, bytes(2, 50));
    const read = new Uint8Array(18);
    file.read(0, read);
    expect([...read]).toEqual([0, 1, 50, 51, 4, 5, 6, 7, 8, 9, 100, 101, 102, 103, 104, 200, 201, 202]);
    expect(() => file.read(10, new Uint8Array(100))).toThrow(expect.objectContaining({ sqlstate: "58030" }));
    made.remove();
    expect(counted.get(Metric.spillFiles)).toBe(1);
    expect(counted.get(Metric.spillExecutions)).toBe(1);
    expect(counted.get(Metric.spillExecutionBytes)).toBe(18);
    expect(counted.get(Metric.spillBytesWritten)).toBe(20);
  });

  it("keeps what is there at once within the limit", () => {
    const made = directory(1);
    const file = made.open();
    file.append([bytes(1000, 0)]);
    file.close();
    const next = made.open();
    next.append([bytes(1024, 0)]);
    expect(() => next.append([bytes(1, 0)])).toThrow(
      expect.objectContaining({ sqlstate: "53400", message: "temporary file size exceeds temp_file_limit (1kB)" }));
    expect(steps.at(-1)).toBe("present writeFailed broken");
    made.remove();
    expect(steps.at(-1)).toBe("broken removed removed");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says in one error that it cannot be made", () => {
    mkdirSync(join(folder, ".."), { recursive: true });
    writeFileSync(folder, "a file in its place");
    expect(() => directory().open()).toThrow(expect.objectContaining({ sqlstate: "58030" }));
  });

  it("is swept when its worker is no more", () => {
    sweepSpill(folder);
    directory().open().append([bytes(10, 0)]);
    sweepSpill(folder);
    expect(readdirSync(folder)).toEqual([]);
  });
});
