// `pg-fusion top` as a process: one look on a pipe, and on a terminal a screen that follows, cancels and quits by key.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quiet } from "../support/audit.js";

const script = fileURLToPath(new URL("../../scripts/pg-fusion.mjs", import.meta.url));
const env = { ...process.env, PG_FUSION_HOME: process.env["PG_FUSION_TEST_HOME"] ?? "", PG_FUSION_PORT: "" };

let client: pg.Client;
let pid: number;

beforeAll(async () => {
  client = new pg.Client();
  await client.connect();
  await client.query("DROP TABLE IF EXISTS topped");
  await client.query(
    "CREATE TABLE topped AS SELECT i AS id, md5(i::text) AS body FROM generate_series(1, 100000) AS i");
  await client.query("ANALYZE topped");
  await client.query("SET pg_fusion.enable = on");
  pid = (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0;
});

afterAll(async () => {
  await client.query("DROP TABLE topped");
  await client.end();
});

/** A statement that goes on until it is cancelled. */
const endless = (): Promise<string> =>
  client.query("DO $$ BEGIN LOOP PERFORM count(*) FROM topped WHERE body LIKE '%abc%'; END LOOP; END $$")
    .then(() => "ended", (error: { code?: string }) => error.code ?? "no code");

class Terminal {
  readonly process: ChildProcess;
  shown = "";

  constructor() {
    // util-linux gives it a terminal of its own.
    this.process = spawn("script", ["-qefc", `${process.execPath} ${script} top`, "/dev/null"],
      { env: { ...env, TERM: "xterm" }, stdio: ["pipe", "pipe", "inherit"] });
    this.process.stdout?.on("data", (data: Buffer) => (this.shown += data.toString("utf8")));
  }

  press(key: string): void {
    this.process.stdin?.write(key);
  }
}

describe("top", () => {
  it("prints one look where nobody watches", async () => {
    await client.query("BEGIN; DECLARE c CURSOR FOR SELECT id, body FROM topped; FETCH 5 FROM c");
    const done = spawnSync(process.execPath, [script, "top"], { env, encoding: "utf8" });
    await client.query("ROLLBACK");
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(done.stdout).toMatch(/^worker ready, \d+ sessions; scanned/);
    expect(done.stdout).toMatch(/\[#*\.*\] \d+ of \d+ pages held/);
    expect(done.stdout).toMatch(new RegExp(`^${pid} .*execution_backend .*running .*reader`, "m"));
    expect(done.stdout).not.toContain("\u001b");
    await quiet(client);
  });

  it("follows a statement on a terminal, cancels it and quits by key", async () => {
    const terminal = new Terminal();
    await client.query("SET statement_timeout = '50s'");
    const ended = endless();
    await expect.poll(() => terminal.shown, { timeout: 30_000 }).toContain(`${pid} `);
    terminal.press("s");
    await expect.poll(() => terminal.shown, { timeout: 10_000 }).toContain("s sort (by pages)");
    // The session is chosen while it is there: one execution follows the other, so it may take more than one key.
    const state = { code: "" };
    void ended.then((code) => (state.code = code));
    await expect.poll(() => {
      if (state.code === "") terminal.press("c");
      return state.code;
    }, { timeout: 30_000, interval: 300 }).toBe("57014");
    await expect.poll(() => terminal.shown, { timeout: 10_000 }).toContain("to cancel its statement");
    const closed = once(terminal.process, "close");
    terminal.press("q");
    expect((await closed)[0]).toBe(0);
    // The screen before it and the cursor are back.
    expect(terminal.shown.trimEnd().endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    await quiet(client);
  });

  it("has its views for psql's \\watch too", async () => {
    const { rows } = await client.query("SELECT pid, state, waiting_on, rows_scanned FROM pg_stat_fusion_activity");
    expect(rows).toEqual([]);
  });
});
