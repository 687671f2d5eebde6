// Who holds a data directory, on fake ones: a pid file of nobody, of somebody else, and none.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findPlaces } from "#cluster/places.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { isAlive, serverState, socketState } from "#cluster/server_process.js";

let folder: string;
let places: ClusterPlaces;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "fusion_process_")));
  places = findPlaces({ home: folder, port: "54399" });
  mkdirSync(places.data);
  mkdirSync(places.socket, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writePid = (pid: number) =>
  writeFileSync(join(places.data, "postmaster.pid"), `${pid}\n${places.data}\n1\n54399\n`);

/** A number that was a process a moment ago. */
const endedPid = () => spawnSync("true").pid;

describe("server state", () => {
  it("is stopped without a pid file", () => {
    expect(serverState(places)).toEqual({ kind: "stopped" });
  });

  it("is stale when the process is gone", () => {
    const pid = endedPid();
    writePid(pid);
    expect(serverState(places)).toEqual({ kind: "stale", pid });
  });

  it("is stale when the number belongs to another program now", () => {
    writePid(process.pid);
    expect(serverState(places)).toEqual({ kind: "stale", pid: process.pid });
  });
});

describe("socket", () => {
  const writeLock = (pid: number) =>
    writeFileSync(join(places.socket, ".s.PGSQL.54399.lock"), `${pid}\n`);

  it("is free without a lock, stale when its process is gone, else held", () => {
    expect(socketState(places).kind).toBe("free");
    writeLock(endedPid());
    expect(socketState(places).kind).toBe("stale");
    writeLock(process.pid);
    expect(socketState(places)).toEqual({ kind: "held", pid: process.pid });
  });
});

describe("isAlive", () => {
  it("is true of us, and false of a process that nobody waited for", async () => {
    expect(isAlive(process.pid)).toBe(true);
    // The shell starts a child, becomes sleep, and never waits: the child stays a zombie.
    const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 30"]);
    const [printed] = (await once(parent.stdout, "data")) as [Buffer];
    const zombie = Number(printed.toString());
    while (isAlive(zombie)) await new Promise((done) => setTimeout(done, 5));
    expect(existsSync(`/proc/${zombie}`)).toBe(true);
    parent.kill("SIGKILL");
  });
});
