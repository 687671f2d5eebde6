// The trace commands over the golden files: what they print, write and refuse.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tableFromIPC } from "apache-arrow";
import { runReplayCommand } from "#replay/replay_command.js";
import { runTraceCommand } from "#trace/cli.js";
import { readTrace } from "#trace/format/trace_reader.js";
import { importTraceEvents } from "../../support/trace_event_import.js";

const golden = fileURLToPath(new URL("../../golden/traces/v1/", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trace-"));
  mkdirSync(join(folder, "pg_fusion", "traces"), { recursive: true });
  cpSync(golden, join(folder, "pg_fusion", "traces"), { recursive: true });
  mkdirSync(join(folder, "checkout", "test"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const output = { line: (text: string) => void out.push(text), failure: (text: string) => void err.push(text) };
  const isReplay = ["replay", "regress"].includes(words[0] ?? "") || words.includes("--arrow");
  const code = isReplay
    ? runReplayCommand(words, output, join(folder, "checkout"))
    : runTraceCommand(words, { data: folder }, output);
  return { code, out, err, text: out.join("\n") };
}

const file = (name: string): string => join(golden, `${name}.fxtrace`);

describe("trace", () => {
  it("lists captures with level and outcome", () => {
    const { code, text } = run("list");
    expect(code).toBe(0);
    expect(text).toMatch(/aggregate_full\.fxtrace .* full {2}execution finished/);
    expect(text).toMatch(/timeout_control\.fxtrace .* control {2}execution cancelled/);
  });

  it("shows a capture as a story, and record by record", () => {
    expect(run("show", file("aggregate_full")).text).toMatch(/statement: SELECT name, sum\(price\), count\(\*\)/);
    expect(run("show", file("timeout_control")).text).not.toContain("statement:");
    const { text } = run("show", "--records", file("aggregate_full"));
    expect(text).toMatch(/worker #2 +received StartExecution, \d+ bytes {2}\(caused by #\d+\)/);
    expect(text).toMatch(/executor 0 #\d+ +importScan \d+ = page, page \d+, 5 rows/);
    expect(text).toMatch(/executor 0 #\d+ +writeResult page \d+, \d+ bytes/);
  });

  it("finds records", () => {
    expect(run("grep", "cancelled", file("timeout_control")).out[0]).toMatch(/execution_backend 0 {2}cancel/);
    expect(run("grep", "apple", file("aggregate_full"))).toMatchObject({ code: 1, out: [] });
    expect(run("grep", "work_mem", file("aggregate_full")).code).toBe(0);
    expect(run("grep", "(", file("aggregate_full"))).toMatchObject({ code: 2 });
  });

  it("tells traces apart", () => {
    expect(run("diff", file("aggregate_full"), file("aggregate_full"))).toMatchObject({ code: 0 });
    const { code, text } = run("diff", file("aggregate_full"), file("error_full"));
    expect(code).toBe(1);
    expect(text).toMatch(/^executor 0: the first \d+ records agree, then\n {2}< #\d+ {2}.*\n {2}> #\d+ {2}/m);
    expect(text).toMatch(/^ +0 +1 {2}enginePush failed$/m);
  });

  it("redacts, once", () => {
    const to = join(folder, "redacted.fxtrace");
    expect(run("redact", file("error_full"), to).code).toBe(0);
    expect(statSync(to).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(to).toString("latin1");
    for (const word of ["division", "golden", "SELECT", "apple"]) expect(bytes).not.toContain(word);
    expect(readTrace(readFileSync(to)).heading).toMatchObject({ level: "control", redacted: true });
    expect(run("redact", file("error_full"), to).err[0]).toContain("exists already");
  });

  it.each(["aggregate_full", "error_full", "timeout_control"])("exports what Perfetto reads, of %s", (name) => {
    const to = join(folder, `${name}.json`);
    expect(run("export", "--perfetto", file(name), to).code).toBe(0);
    const imported = importTraceEvents(readFileSync(to, "utf8"));
    expect(imported.refused).toEqual([]);
    expect(imported.processes.size).toBeGreaterThan(0);
    expect(imported.flows).toBeGreaterThan(3);
    expect(imported.counters.has("pages held pages")).toBe(true);
    const states = imported.slices.filter(({ durNs }) => durNs > 0).map((slice) => slice.name);
    expect(states).toContain("streaming");
    // Every slice lies on a track that has a name, as the interface shows it.
    for (const { tid } of imported.slices)
      expect(imported.threads.get(tid)).toMatch(/^(worker|executor|backend|scan|producer)/);
  });

  it("exports pages as Arrow", () => {
    const to = join(folder, "result.arrow");
    expect(run("export", "--arrow", file("aggregate_full"), to).code).toBe(0);
    const result = tableFromIPC(readFileSync(to));
    expect(result.schema.fields.map(({ name }) => name)[0]).toBe("name");
    expect(result.numRows).toBe(4);
    const leaf = join(folder, "leaf.arrow");
    expect(run("export", "--arrow", "--leaf", "0", file("aggregate_full"), leaf).code).toBe(0);
    const names = [...tableFromIPC(readFileSync(leaf))].map((row) => row?.toArray()[0] as unknown);
    expect(names).toEqual(["apple", "a pear of more than twelve bytes", null, "apple", "fig"]);
    const none = join(folder, "none.arrow");
    expect(run("export", "--arrow", file("timeout_control"), none).err[0]).toContain("full captures");
    expect(run("export", "--arrow", "--leaf", "9", file("aggregate_full"), none).err[0]).toContain("leaves 0 to 0");
  });

  it("replays, and says where it parts", () => {
    const current = (name: string) => join(golden, "..", "current", `${name}.fxtrace`);
    const { code, out } = run("replay", current("aggregate_full"), current("error_full"));
    expect([code, out.at(-1)]).toEqual([0, "2 traces, 0 with a divergence"]);
  });

  it("makes a regression test of a trace", () => {
    expect(run("regress", file("error_full"), "division_by_zero").code).toBe(0);
    const made = join(folder, "checkout", "test", "traces");
    expect(existsSync(join(made, "division_by_zero.fxtrace"))).toBe(true);
    expect(readFileSync(join(made, "division_by_zero.test.ts"), "utf8"))
      .toMatch(/execution failed, recorded 20\d\d-.*[^]*test\("division_by_zero"/);
    expect(run("regress", file("error_full"), "../x").code).toBe(2);
    expect(run("regress", file("error_full"), "division_by_zero").err[0]).toContain("exists already");
  });

  it("explains itself when it is asked wrongly", () => {
    for (const words of [["fly"], ["show", "a", "b"], ["show", "--last", "x"], ["export", "a", "b"], ["diff", "a"]])
      expect(run(...words)).toMatchObject({ code: 2, err: [/usage: pg-fusion trace list/] });
    expect(run("show", join(folder, "none")).err[0]).toContain("no such recording");
  });
});
