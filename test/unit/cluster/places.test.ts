// Names of the cluster's places: ports, and sockets whose path would be too long.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findPlaces } from "#cluster/places.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fusion_places_"));
  // Whoever would run the server must be able to pass, also when that is not us.
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("places", () => {
  it("refuses what is no port", () => {
    for (const port of ["0", "80", "65536", "x", "54330.5"]) {
      expect(() => findPlaces({ home: folder, port })).toThrow(/is no port/);
    }
  });

  it("remembers the port the cluster was given", () => {
    mkdirSync(join(folder, "run"));
    writeFileSync(join(folder, "run", "port"), "54377\n");
    expect(findPlaces({ home: folder }).port).toBe(54377);
    expect(findPlaces({ home: folder, port: "54378" }).port).toBe(54378);
  });

  it("puts the socket inside, unless its path would be too long for the kernel", () => {
    expect(findPlaces({ home: folder }).socket).toBe(join(folder, "socket"));
    const deep = join(folder, "d".repeat(100));
    mkdirSync(deep);
    expect(findPlaces({ home: deep }).socket).toMatch(/^\/tmp\/pg_fusion-[0-9a-f]{12}$/);
  });
});
