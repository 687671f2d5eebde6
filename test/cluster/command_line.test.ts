// The pg-fusion command as a process, against a home of its own, and the bench against the suites' server.
// The compiled command line is used, as npm test has built it.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../scripts/pg-fusion.mjs", import.meta.url));
const suiteHome = process.env["PG_FUSION_TEST_HOME"] ?? "";
const suiteIsPlain = process.env["PG_FUSION_TEST_PLAIN"] === "1";
let folder: string;
let home: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fusion_command_"));
  chmodSync(folder, 0o755);
  home = join(folder, "home");
});

afterAll(() => {
  command(home, "reset");
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function command(clusterHome: string, ...words: string[]): Outcome {
  const env = { ...process.env, PG_FUSION_HOME: clusterHome, PG_FUSION_PORT: "" };
  const done = spawnSync(process.execPath, [script, ...words], { encoding: "utf8", env });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

describe("pg-fusion", () => {
  it("explains itself, and fails on what it does not know", () => {
    expect(command(home, "help")).toMatchObject({ status: 0, err: "" });
    expect(command(home, "fly")).toMatchObject({ status: 2, out: "" });
    expect(command(home, "up", "--fast").err).toMatch(/unknown option --fast/);
  });

  it("installs the extension, the worker and what it needs", () => {
    const destination = join(folder, "installed");
    const { out, err, status } = command(home, "install", "--destination", destination);
    expect({ err, status }).toEqual({ err: "", status: 0 });
    const written = out.split("\n").filter((line) => line.startsWith(`  ${destination}/`)).map((line) => line.trim());
    expect(written.map((name) => basename(name)).sort()).toEqual(
      ["pg_fusion", "pg_fusion--0.1.sql", "pg_fusion.control", "pg_fusion.so"]);
    expect(out).toMatch(/^ {2}shared_preload_libraries = 'pg_fusion'$/m);
    for (const setting of ["node_path", "worker_script"]) {
      const file = new RegExp(`^ {2}pg_fusion\\.${setting} = '(.*)'$`, "m").exec(out)?.[1] ?? "nothing";
      expect(existsSync(join(destination, file)), file).toBe(true);
    }
    // The worker finds all its modules in the copy: without a region it says what is missing, and no module is.
    const [worker, node] = ["worker_script", "node_path"].map((setting) =>
      join(destination, new RegExp(`${setting} = '(.*)'`).exec(out)?.[1] ?? "nothing"));
    const alone = spawnSync(node ?? "", [worker ?? ""], { encoding: "utf8", cwd: "/" });
    expect(alone.status).not.toBe(0);
    expect(alone.stderr).not.toMatch(/Cannot find|ERR_MODULE/);
  });

  it("says where it may not install", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(command(home, "install", "--destination", file)).toMatchObject({ status: 1 });
    expect(command(home, "install", "--destination", file).err).toMatch(/cannot be written \(ENOTDIR\)/);
  });

  it("has nothing to show before the first up", () => {
    expect(command(home, "status")).toMatchObject({ status: 3 });
    expect(command(home, "psql", "-c", "SELECT 1").err).toMatch(/is not running/);
    expect(command(home, "up", "--plain", "--scale", "0.005").err).toMatch(/is not possible/);
    expect(existsSync(join(home, "data"))).toBe(false);
  });

  it("brings up a server with data", () => {
    const up = command(home, "up", "--plain", "--scale", "0.01", "--port", "54394");
    expect(up.err).toMatch(/up: database tpch, port 54394/);
    expect(up.status).toBe(0);
    const status = command(home, "status");
    expect(status.status).toBe(0);
    expect(status.out).toMatch(/^server +running/m);
    expect(status.out).toMatch(/^database +tpch TPC-H scale 0\.01/m);
  });

  it("prints an environment a shell can use", () => {
    const { out } = command(home, "env");
    const words = ["-c", `${out}\npsql -XAtc "SELECT count(*) FROM nation"`];
    expect(spawnSync("sh", words, { encoding: "utf8" }).stdout.trim()).toBe("25");
  });

  it("passes words to psql and returns its status", () => {
    const asked = command(home, "psql", "-XAt", "-c", "SELECT count(*) FROM region");
    expect(asked).toMatchObject({ status: 0, out: "5\n" });
    expect(command(home, "psql", "-c", "SELECT 1/0").status).toBe(1);
  });

  it("stops and resets", () => {
    expect(command(home, "stop").err).toMatch(/stopped/);
    expect(command(home, "stop").err).toMatch(/was not running/);
    expect(command(home, "reset").status).toBe(0);
    expect(existsSync(home)).toBe(false);
  });
});

describe.skipIf(suiteIsPlain)("pg-fusion bench", () => {
  it("compares TPC-H three ways and reports in the agreed form", () => {
    const file = join(folder, "tpch.json");
    const words = ["--scale", "0.01", "--queries", "q1,q6", "--runs", "1", "--json", file];
    const done = command(suiteHome, "bench", "tpch", ...words);
    expect(done.err).not.toMatch(/refused|ERROR/);
    expect(done.status).toBe(0);
    const number = expect.any(Number) as number;
    const query = (name: string) => ({
      query: name,
      rows_equal: true,
      postgres_ms: number,
      postgres_at_limit: false,
      postgres_parallel_ms: number,
      postgres_parallel_at_limit: false,
      fusion_ms: number,
      ran_in: "pg_fusion",
      compared_with_indexes: [],
    });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      queries: [query("q1"), query("q6")],
      geomean: { vs_postgres: number, vs_postgres_parallel: number },
      bars: ["q1", "q6", "geometric mean", expect.stringMatching(/^lowest \(q[16]\)$/)].map((what) => ({
        what, figure: number, sense: "at least", bound: number, holds: expect.any(Boolean) as boolean,
      })),
    });
  });

  it("gives PostgreSQL a limited time, and indexes to compare the rows with", () => {
    const file = join(folder, "limited.json");
    const words = ["--scale", "0.01", "--queries", "q17", "--runs", "1", "--limit", "0.05", "--json", file];
    const done = command(suiteHome, "bench", "tpch", ...words);
    expect(done.out).toMatch(/^q17 +> 50\.0 +> 50\.0 .* pg_fusion +equal .*lineitem \(l_partkey, l_suppkey\)/m);
    expect(done.status).toBe(0);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      queries: [{ query: "q17", rows_equal: true, postgres_at_limit: true, postgres_ms: 50 }],
    });
  });

  it("lets auto choose with an index on every foreign key, and drops them", () => {
    const words = ["--scale", "0.01", "--queries", "q17", "--runs", "1", "--indexes"];
    const done = command(suiteHome, "bench", "tpch", ...words);
    expect(done.out).toMatch(/^q17 .* (pg_fusion|postgres) +equal$/m);
    expect(done.status).toBe(0);
    const left = "SELECT FROM pg_class WHERE starts_with(relname, 'pg_fusion_bench')";
    expect(command(suiteHome, "psql", "-Atc", left).out).toBe("");
  });

  it("tells what the state machines did", () => {
    const shown = command(suiteHome, "trace", "show");
    expect(shown.status).toBe(0);
    expect(shown.out).not.toBe("");
  });

  it("gives the tour without a terminal", () => {
    const { status, out } = command(suiteHome, "start", "--scale", "0.01");
    expect(out.match(/rows equal/g)).toHaveLength(2);
    expect(out).toMatch(/ERROR 0A000: pg_fusion: .* is not supported/);
    expect(status).toBe(0);
  });
});
