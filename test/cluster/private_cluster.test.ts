// The private cluster through its accidents: started twice, killed, half made, of another version, with a
// taken port. It brings up servers of its own, without the extension, beside the suites' server.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bringUp, checkDiskSpace, removeCluster, stopServer } from "#cluster/cluster.js";
import { whileLocked } from "#cluster/cluster_lock.js";
import { withConnection } from "#cluster/connection.js";
import { findPlaces } from "#cluster/places.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { serverState } from "#cluster/server_process.js";
import { readToolchain } from "#cluster/toolchain.js";
import { ensureDatabase, listDatabases } from "#tpch/databases.js";
import { isLoaded, loadTpch } from "#tpch/load.js";
import { scaleOf } from "#tpch/scale.js";

let folder: string;
let places: ClusterPlaces;
const said: string[] = [];
const options = () => ({
  toolchain: readToolchain(places.root),
  plain: true,
  say: (text: string) => said.push(text),
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fusion_cluster_"));
  chmodSync(folder, 0o755);
  places = findPlaces({ home: join(folder, "home"), port: "54391" });
});

afterAll(() => {
  stopServer(places, readToolchain(places.root));
  removeCluster(places);
  rmSync(folder, { recursive: true, force: true });
});

const serverPid = (): number => {
  const state = serverState(places);
  if (state.kind !== "running") throw new Error(`the server is ${state.kind}`);
  return state.pid;
};

/** Waits for the processes of a killed server to notice and end. */
async function untilGone(): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const { kind } = serverState(places);
    if (kind === "stale" || kind === "stopped") return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("the server's processes did not end");
}

describe("private cluster", () => {
  it("starts, and is left alone when it runs already", () => {
    expect(bringUp(places, options())).toBe("started");
    const pid = serverPid();
    expect(bringUp(places, options())).toBe("alreadyRunning");
    expect(serverPid()).toBe(pid);
  });

  it("runs as an unprivileged user", () => {
    const status = readFileSync(`/proc/${serverPid()}/status`, "utf8");
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe("0");
  });

  it("sorts by bytes and knows letters beyond ASCII", async () => {
    await withConnection(places, "postgres", async (connection) => {
      expect(await connection.value("SELECT upper('ä')")).toBe("Ä");
      expect(await connection.value("SELECT 'a' < 'B'")).toBe("f");
    });
  });

  it("restarts when its settings changed", () => {
    const moved = { ...places, port: 54392 };
    expect(bringUp(moved, options())).toBe("restarted");
    expect(findPlaces({ home: places.home }).port).toBe(54392);
    expect(bringUp(places, options())).toBe("restarted");
  });

  it("recovers after the server was killed", async () => {
    process.kill(serverPid(), "SIGKILL");
    await untilGone();
    said.length = 0;
    expect(bringUp(places, options())).toBe("started");
    expect(said.join()).toMatch(/ended without cleaning up/);
  });

  it("stops, and says when there was nothing to stop", () => {
    expect(stopServer(places, options().toolchain)).toBe(true);
    expect(stopServer(places, options().toolchain)).toBe(false);
    expect(existsSync(join(places.data, "postmaster.pid"))).toBe(false);
  });

  it("replaces the pid file of a server that is another program by now", () => {
    writeFileSync(join(places.data, "postmaster.pid"), `${process.pid}\n${places.data}\n1\n54391\n`);
    expect(bringUp(places, options())).toBe("started");
    stopServer(places, options().toolchain);
  });

  it("names the process that has its port", () => {
    const lock = join(places.socket, `.s.PGSQL.${places.port}.lock`);
    writeFileSync(lock, `${process.pid}\n`);
    expect(() => bringUp(places, options())).toThrow(
      `port 54391 is taken: process ${process.pid} holds its socket`,
    );
    rmSync(lock);
  });

  it("refuses the data directory of another major version", () => {
    const version = join(places.data, "PG_VERSION");
    const text = readFileSync(version, "utf8");
    writeFileSync(version, "12\n");
    expect(() => bringUp(places, options())).toThrow(/belongs to PostgreSQL 12/);
    writeFileSync(version, text);
  });

  it("makes a half-made data directory anew", () => {
    const second = findPlaces({ home: join(folder, "second"), port: "54393" });
    mkdirSync(join(second.home, "data.new", "base"), { recursive: true });
    writeFileSync(join(second.home, "data.new", "PG_VERSION"), "15\n");
    expect(bringUp(second, options())).toBe("started");
    expect(stopServer(second, options().toolchain)).toBe(true);
    removeCluster(second);
    expect(existsSync(second.home)).toBe(false);
  });

  it("says what is missing when the disk is full", () => {
    expect(() => checkDiskSpace(folder, Number.MAX_SAFE_INTEGER, "a test")).toThrow(/no disk space/);
  });

  it("lets one command at a time work on it, and forgets one that died", async () => {
    await whileLocked(places, async () => {
      await expect(whileLocked(places, async () => 1)).rejects.toThrow(/another pg-fusion command/);
    });
    const ended = spawnSync("true").pid;
    writeFileSync(join(places.run, "command.lock"), `${ended}\n`);
    expect(await whileLocked(places, async () => 2)).toBe(2);
  });
});

describe("loading", () => {
  const scale = scaleOf(0.01);
  const load = () => {
    const { toolchain } = options();
    return loadTpch(places, "tpch", { toolchain, scale, onProgress: () => undefined });
  };

  it("brings every table, with its marker", async () => {
    bringUp(places, options());
    expect(await ensureDatabase(places, scale)).toBe("tpch");
    expect(await isLoaded(places, "tpch", scale)).toBe(false);
    await load();
    expect(await isLoaded(places, "tpch", scale)).toBe(true);
    await withConnection(places, "tpch", async (connection) => {
      expect(await connection.value("SELECT count(*) FROM orders")).toBe("15000");
      const hidden = "SELECT relpages - relallvisible FROM pg_class WHERE relname = 'lineitem'";
      expect(await connection.value(hidden)).toBe("0");
    });
  });

  it("gives another scale a database of its own", async () => {
    expect(await ensureDatabase(places, scaleOf(0.02))).toBe("tpch_0_02");
    expect([...(await listDatabases(places)).keys()]).toContain("tpch_0_02");
  });

  it("continues after a load that was killed in the middle of a table", async () => {
    await withConnection(places, "tpch", (connection) =>
      connection.execute("DROP TABLE lineitem; DROP TABLE orders"),
    );
    const script =
      "BEGIN;\nCREATE TABLE orders (o_orderkey integer);\nCOPY orders FROM STDIN;\n1\n2\n";
    const variables = { PGHOST: places.socket, PGPORT: String(places.port), PGUSER: "postgres" };
    spawnSync(join(options().toolchain.bindir, "psql"), ["-X", "-q", "-d", "tpch", "-f", "-"], {
      input: script,
      env: { ...process.env, ...variables },
    });
    await withConnection(places, "tpch", async (connection) => {
      expect(await connection.value("SELECT to_regclass('orders') IS NULL")).toBe("t");
    });
    expect(await isLoaded(places, "tpch", scale)).toBe(false);
    await load();
    expect(await isLoaded(places, "tpch", scale)).toBe(true);
  });
});
