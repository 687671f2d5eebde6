// Captures on a real server: every way a statement can end leaves a trace that plays back without a divergence; limits
// and permissions hold; a control trace, a redacted one and the flight recorder hold nothing that was planted in data,
// literals, names, parameters and errors. PG_FUSION_CAPTURES=200 makes it a soak.
import { chownSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runtimeFilter, spillDirectory } from "#generated/machines.js";
import { tellEnd } from "#trace/end_story.js";
import { flightOfTrace } from "#trace/format/trace_flight.js";
import { readTrace } from "#trace/format/trace_reader.js";
import { redactTrace } from "#trace/redact.js";
import { captures, clearCaptures, expectReplays, type CapturedFile } from "../support/captures.js";
import { quiet } from "../support/audit.js";
import { session } from "../support/fusion_session.js";

const EXECUTIONS = Number(process.env["PG_FUSION_CAPTURES"] ?? "40");
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const connect = (...settings: readonly string[]): Promise<pg.Client> =>
  session(["pg_fusion.enable = on", ...settings].map((setting) => `SET ${setting}`).join("; "));

let observer: pg.Client;
let data: string;

beforeAll(async () => {
  observer = await connect();
  data = ((await observer.query("SHOW data_directory")).rows[0] as { data_directory: string }).data_directory;
  await observer.query("DROP TABLE IF EXISTS captured, captured_names");
  await observer.query(
    "CREATE TABLE captured AS SELECT id, id % 17 AS kind, 'row ' || id AS body, (id % 1000)::numeric(10,2) AS price " +
    "FROM generate_series(1, 60000) id");
  await observer.query(
    "CREATE TABLE captured_names AS SELECT k AS kind, 'kind ' || k AS name FROM generate_series(0, 16) k");
  await observer.query("ANALYZE captured, captured_names");
});
afterAll(async () => {
  await observer.query("DROP TABLE IF EXISTS captured, captured_names");
  await observer.end();
  clearCaptures(data);
});
beforeEach(() => clearCaptures(data));

const statements = [
  "SELECT kind, sum(price), count(*), min(body) FROM captured GROUP BY kind ORDER BY kind",
  "SELECT name, count(*), sum(price) FROM captured JOIN captured_names USING (kind) GROUP BY name ORDER BY name",
  "SELECT id, body FROM captured WHERE id % 3 = 0",
  "SELECT count(*) FROM captured WHERE EXISTS (SELECT FROM captured_names n WHERE n.kind = captured.kind)",
  "SELECT id, price FROM captured ORDER BY price DESC, id LIMIT 100",
  "SELECT sum(100 / (id - 30000)) FROM captured",
  "SELECT max(length(body || repeat('x', 10 / (30000 - id)))) FROM captured",
  "SELECT id FROM captured LIMIT 3",
  "SELECT kind, id, sum(id) OVER (PARTITION BY kind ORDER BY id) FROM captured WHERE id % 5 = 0",
  "SELECT kind, id % 3 AS third, grouping(kind), count(*) FROM captured GROUP BY ROLLUP (kind, id % 3)",
  // More groups than the memory of the soak's sessions takes.
  "SELECT body, count(*), max(price) FROM captured GROUP BY body ORDER BY body DESC LIMIT 50",
  // Above a join and a group, where the engine's host computes what has no code of its own.
  "SELECT upper(name) AS name, sum(sqrt(total)), max(to_char(total, '999,999.99')) FROM (SELECT name, sum(price) AS " +
    "total FROM captured JOIN captured_names USING (kind) GROUP BY name) g GROUP BY 1 ORDER BY 1",
];

/** A small deterministic generator: the moments of violence repeat from run to run. */
function moments(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function workerPid(): Promise<number> {
  const { rows } = await observer.query("SELECT worker_pid FROM pg_fusion_audit()");
  return Number((rows[0] as { worker_pid: number }).worker_pid);
}

async function workerIsBack(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { rows } = await observer.query("SELECT pg_fusion_worker_state() AS state");
    if ((rows[0] as { state: string }).state === "ready") return;
    await pause(50);
  }
  throw new Error("the worker did not come back");
}

describe("captured executions", () => {
  it(`play back without a divergence: ${EXECUTIONS} of them, finished, failed, cancelled and killed`, async () => {
    const random = moments(7);
    const enough = EXECUTIONS * 0.7;
    const captured = (): number => captures(data).filter(({ kind }) => kind === "execution").length;
    // On a busy machine more of them end before they begin: others take their place.
    for (let at = 0; at < EXECUTIONS || (at < 3 * EXECUTIONS && captured() <= enough); at++) {
      const round = Math.floor(at / statements.length);
      const level = (at + round) % 4 === 3 ? "control" : "full";
      const client = await connect(`pg_fusion.capture = ${level}`, "pg_fusion.query_memory = '1MB'");
      const pid = ((await client.query("SELECT pg_backend_pid() AS pid")).rows[0] as { pid: number }).pid;
      const running = client.query(statements[at % statements.length] ?? "").then(() => undefined, () => undefined);
      const violence = round % 3;
      if (violence > 0) await pause(random() * 40);
      if (violence === 1) await observer.query("SELECT pg_cancel_backend($1)", [pid]);
      if (violence === 2 && (at + round) % 4 === 0) process.kill(await workerPid(), "SIGKILL");
      await running;
      await client.end();
      if (violence === 2) await workerIsBack();
    }
    await quiet(observer);
    const files = captures(data);
    const executions = files.filter(({ kind }) => kind === "execution");
    expect(executions.length).toBeGreaterThan(enough);
    expect(new Set(executions.map(({ outcome }) => outcome))).toContain("finished");
    expect(new Set(executions.map(({ outcome }) => outcome))).toContain("failed");
    const steps = executions.flatMap(({ trace }) => trace.writers.flatMap(({ records }) => records));
    expect(steps.some(({ kind, machine }) => kind === "transition" && machine === spillDirectory.code)).toBe(true);
    expectReplays(files);
  }, 60_000 + EXECUTIONS * 2000);

  it("say why they ended", async () => {
    const client = await connect("pg_fusion.capture = control", "statement_timeout = '500ms'");
    const slow = client.query("SELECT count(*) FROM captured WHERE pg_sleep(0.01) IS NOT NULL");
    await expect(slow).rejects.toThrow("timeout");
    await client.end();
    await quiet(observer);
    const [file] = captures(data).filter(({ kind }) => kind === "execution");
    expect(file?.outcome).toBe("cancelled");
    const lines = file === undefined ? [] : tellEnd(flightOfTrace(file.trace).entries);
    expect(lines[0]).toMatch(/^why: cancelled by statement_timeout while a scan ran \(SQLSTATE 57014\)/);
    expectReplays(captures(data));
  });

  it.each(["control", "full"])("tell what became of runtime filters, at level %s", async (level) => {
    const client = await connect(`pg_fusion.capture = ${level}`);
    await client.query("SELECT count(*) FROM captured a JOIN (SELECT id FROM captured WHERE id < 40) b USING (id)");
    await client.end();
    await quiet(observer);
    const files = captures(data);
    const writers = files.find(({ kind }) => kind === "execution")?.trace.writers ?? [];
    const executor = writers.find(({ kind }) => kind === "executor");
    const steps = executor?.records.filter((record) =>
      record.kind === "transition" && record.machine === runtimeFilter.code);
    expect(steps?.map(({ code }) => runtimeFilter.events[code])).toEqual(["leased", "begun", "published"]);
    expectReplays(files);
  });

  it("with parallel producers have a part of each of them", async () => {
    const client = await connect(
      "pg_fusion.capture = full", "max_parallel_workers_per_gather = 2", "parallel_setup_cost = 0",
      "min_parallel_table_scan_size = 0");
    await client.query(statements[0] ?? "");
    await client.end();
    await quiet(observer);
    const files = captures(data);
    const [file] = files.filter(({ kind }) => kind === "execution");
    expect(file?.trace.writers.filter(({ kind }) => kind === "producer").length).toBeGreaterThanOrEqual(1);
    expectReplays(files);
  });
});

describe("recordings for replay tests", () => {
  const current = fileURLToPath(new URL("../golden/traces/current/", import.meta.url));

  it("are of this worker; accepting them writes them anew", async () => {
    const client = await connect("pg_fusion.heap_scan = off", "pg_fusion.capture = full");
    await client.query("CREATE TABLE golden (id int, name text, price numeric(10,2))");
    await client.query(
      "INSERT INTO golden VALUES (1, 'apple', 1.25), (2, 'a pear of more than twelve bytes', 2.50), " +
      "(3, NULL, 0.10), (4, 'apple', NULL), (5, 'fig', 7.75)");
    await client.query("ANALYZE golden");
    const recorded: Record<string, CapturedFile | undefined> = {};
    const record = async (name: string, kind: string, statement: string): Promise<void> => {
      clearCaptures(data);
      await client.query(statement).catch(() => undefined);
      await quiet(observer);
      recorded[name] = captures(data).find((file) => file.kind === kind);
    };
    const grouped = "SELECT name, sum(price), count(*) FROM golden GROUP BY name ORDER BY name";
    await record("planning_full", "planning", grouped);
    await record("aggregate_full", "execution", grouped);
    await record("error_full", "execution", "SELECT sum(10 / (id - 3)) FROM golden");
    await client.query("SET pg_fusion.capture = control; SET statement_timeout = '150ms'");
    await record("timeout_control", "execution",
      "SELECT name, count(*) FROM golden WHERE pg_sleep(0.1) IS NOT NULL GROUP BY name");
    await client.query("RESET statement_timeout; DROP TABLE golden");
    await client.end();
    const files = Object.values(recorded).filter((file) => file !== undefined);
    expect(files.map(({ outcome }) => outcome)).toEqual(["planned", "finished", "failed", "cancelled"]);
    expectReplays(files);
    if (process.env["PG_FUSION_ACCEPT"] === "1")
      for (const [name, file] of Object.entries(recorded))
        if (file !== undefined) writeFileSync(join(current, `${name}.fxtrace`), file.bytes);
  });
});

describe("a capture", () => {
  it("is for the server's user alone", async () => {
    const client = await connect("pg_fusion.capture = full");
    await client.query(statements[0] ?? "");
    await client.end();
    await quiet(observer);
    const files = captures(data);
    expect(files.map(({ mode }) => mode)).toEqual(files.map(() => 0o600));
    expect(statSync(join(data, "pg_fusion", "traces")).mode & 0o777).toBe(0o700);
    const owner = statSync(join(data, "PG_VERSION"));
    for (const { path } of files) expect(statSync(path).uid).toBe(owner.uid);
  });

  it("that outgrows its limit is dropped, and the statement goes on", async () => {
    const client = await connect("pg_fusion.capture = full", "pg_fusion.capture_limit = 1");
    const notices: string[] = [];
    client.on("notice", (notice) => notices.push(notice.message ?? ""));
    const { rows } = await client.query("SELECT max(body), min(price), sum(id) FROM captured");
    expect(rows).toEqual([{ max: "row 9999", min: "0.00", sum: "1800030000" }]);
    await client.query("SELECT count(*) FROM captured_names");
    await client.end();
    expect(notices).toContain("pg_fusion: a capture was dropped");
    await quiet(observer);
    for (const { bytes } of captures(data)) expect(bytes.length).toBeLessThanOrEqual(1024 * 1024);
    expectReplays(captures(data));
  });

  it("makes room for new ones", async () => {
    const client = await connect("pg_fusion.capture = full", "pg_fusion.capture_limit = 8",
      "pg_fusion.capture_folder_limit = 9");
    for (let at = 0; at < 8; at++) await client.query(statements[2] ?? "");
    await client.end();
    await quiet(observer);
    const total = captures(data).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(total).toBeLessThan(9 * 1024 * 1024);
    expect(captures(data).length).toBeGreaterThan(0);
    expect(captures(data).length).toBeLessThan(9);
  });

  it("is none when the folder cannot be written to, and the statement goes on", async () => {
    const client = await connect("pg_fusion.capture = control");
    await client.query("SELECT count(*) FROM captured_names");
    const folder = join(data, "pg_fusion", "traces");
    const { uid, gid } = statSync(folder);
    chownSync(folder, 0, 0);
    try {
      const { rows } = await client.query("SELECT count(*) FROM captured_names WHERE kind > 1");
      expect(rows).toEqual([{ count: "15" }]);
    } finally {
      chownSync(folder, uid, gid);
    }
    await client.end();
  });

  it("holds data for superusers and the database's owner only", async () => {
    await observer.query("DROP ROLE IF EXISTS capture_owner, capture_guest");
    await observer.query("CREATE ROLE capture_owner");
    await observer.query("CREATE ROLE capture_guest");
    await observer.query("GRANT SELECT ON captured_names TO capture_guest");
    const before = ((await observer.query("SELECT datdba::regrole AS owner FROM pg_database WHERE datname = " +
      "current_database()")).rows[0] as { owner: string }).owner;
    const client = await connect();
    try {
      await client.query("SET SESSION AUTHORIZATION capture_guest");
      await expect(client.query("SET pg_fusion.capture = full")).rejects.toThrow("permission denied");
      await client.query("SET pg_fusion.capture = control");
      await client.query("SELECT count(*) FROM captured_names");
      await client.query("RESET SESSION AUTHORIZATION");
      await observer.query(`ALTER DATABASE ${process.env["PGDATABASE"] ?? ""} OWNER TO capture_owner`);
      await client.query("SET SESSION AUTHORIZATION capture_owner");
      await client.query("SET pg_fusion.capture = full");
      await client.query("RESET SESSION AUTHORIZATION");
      // A role's default cannot be checked when it is set: it counts as control when it is used.
      await observer.query("ALTER ROLE capture_guest LOGIN");
      await observer.query("ALTER ROLE capture_guest SET pg_fusion.capture = full");
      clearCaptures(data);
      const guest = new pg.Client({ user: "capture_guest" });
      await guest.connect();
      await guest.query("SET pg_fusion.enable = on");
      await guest.query("SELECT name FROM captured_names");
      await guest.end();
      await quiet(observer);
      expect(captures(data).map(({ trace }) => trace.heading.level)).toEqual(captures(data).map(() => "control"));
    } finally {
      await client.end();
      await observer.query(`ALTER DATABASE ${process.env["PGDATABASE"] ?? ""} OWNER TO ${before}`);
      await observer.query("REVOKE ALL ON captured_names FROM capture_guest");
      await observer.query("DROP ROLE capture_owner, capture_guest");
    }
  });
});

/** A word in the forms in which it could stand in a file. */
function encodings(word: string): readonly Buffer[] {
  const plain = Buffer.from(word);
  return [
    plain, Buffer.from(word, "utf16le"), Buffer.from(plain.toString("hex")),
    Buffer.from(plain.toString("base64").slice(2, -4)), Buffer.from([...plain].reverse()),
    Buffer.from(word.toUpperCase()),
  ];
}

function found(bytes: Buffer, words: readonly string[]): string[] {
  return words.filter((word) => encodings(word).some((form) => bytes.includes(form)));
}

describe("privacy", () => {
  const words = {
    table: "zqtable", column: "zqcolumn", data: "zqdatavalue", literal: "zqliteral", parameter: "zqparameter",
    error: "zqerrortext", alias: "zqalias", longData: "zqlongdata",
  };
  const all = Object.values(words);

  async function plant(level: string): Promise<void> {
    const client = await connect();
    await client.query(`DROP TABLE IF EXISTS ${words.table}`);
    await client.query(`CREATE TABLE ${words.table} (id int, ${words.column} text, n bigint)`);
    await client.query(
      `INSERT INTO ${words.table} SELECT i, '${words.data}' || CASE WHEN i % 2 = 0 THEN ' ${words.longData}' ` +
      "ELSE '' END, 7305808869230650209 FROM generate_series(1, 200) i");
    await client.query(`SET pg_fusion.capture = ${level}`);
    await client.query(
      `SELECT ${words.column} AS ${words.alias}, count(*) FROM ${words.table} ` +
      `WHERE ${words.column} <> '${words.literal}' AND ${words.column} <> $1 GROUP BY 1`, [words.parameter]);
    await client.query(`SELECT ${words.column}, n FROM ${words.table}`);
    await client.query(`SELECT min(${words.column}) FROM ${words.table}`);
    const errors = [
      `SELECT count(*) FROM ${words.table} WHERE (${words.column} || '${words.error}')::int > 0`,
      `SELECT sum(id / (id - id)) FROM ${words.table} WHERE ${words.column} <> '${words.literal}'`,
      `SELECT ${words.column}::xml FROM ${words.table} FOR UPDATE`,
    ];
    for (const statement of errors) await client.query(statement).catch(() => undefined);
    await client.query(`DROP TABLE ${words.table}`);
    await client.end();
    await quiet(observer);
  }

  it("a full capture holds everything that was planted, so the search finds what is there", async () => {
    await plant("full");
    const bytes = Buffer.concat(captures(data).map((file) => file.bytes));
    expect(found(bytes, all)).toEqual(all);
  });

  it("a control capture holds none of it", async () => {
    await plant("control");
    const files = captures(data);
    expect(files.length).toBeGreaterThan(6);
    for (const { bytes, path } of files) expect(found(bytes, all), path).toEqual([]);
    const number = Buffer.alloc(8);
    number.writeBigInt64LE(7305808869230650209n);
    for (const { bytes } of files) expect(bytes.includes(number)).toBe(false);
    expectReplays(files);
  });

  it("a redacted full capture holds none of it, and plays back", async () => {
    await plant("full");
    const redacted = captures(data).map(({ trace }) => Buffer.from(redactTrace(trace)));
    for (const bytes of redacted) expect(found(bytes, all)).toEqual([]);
    expectReplays(captures(data).map((file, at) => ({ ...file, trace: readTrace(redacted[at] ?? Buffer.alloc(0)) })));
  });

  it("the flight recorder holds none of it", async () => {
    await plant("full");
    const folder = join(data, "pg_fusion");
    const rings = readdirSync(folder).filter((name) => name.endsWith(".ring"));
    expect(rings.length).toBeGreaterThan(0);
    for (const ring of rings) expect(found(readFileSync(join(folder, ring)), all)).toEqual([]);
  });

  it("a silent flight recorder gets no record from anybody", async () => {
    const client = await connect("pg_fusion.flight_recorder = off");
    const { readFlight } = await import("#trace/flight_reader.js");
    const read = (): number => {
      const folder = join(data, "pg_fusion");
      const name = readdirSync(folder).filter((each) => each.endsWith(".ring")).sort().at(-1) ?? "";
      const { entries, overwritten } = readFlight(readFileSync(join(folder, name)));
      return entries.length + overwritten;
    };
    await quiet(observer);
    const before = read();
    for (const statement of statements.slice(0, 3)) await client.query(statement);
    await client.end();
    await quiet(observer);
    expect(read()).toBe(before);
  });
});
