// What server.conf says; the server itself is tested in test/cluster.
import { describe, expect, it } from "vitest";
import type { ClusterPlaces } from "#cluster/places.js";
import { quoteSetting, serverSettings, sharedBuffersMb } from "#cluster/server_settings.js";

const places: ClusterPlaces = {
  root: "/project",
  user: { name: "postgres", uid: 1, gid: 1, home: "/", needsSwitch: false },
  home: "/project/.pg_fusion",
  link: undefined,
  data: "/project/.pg_fusion/data",
  socket: "/it's here/socket",
  short: "/tmp/pg_fusion-0",
  log: "/project/.pg_fusion/log/server.log",
  run: "/project/.pg_fusion/run",
  port: 54330,
  staged: false,
};
const runtime = { library: "/project/lib", node: "/usr/bin/node", workerScript: "/project/main.js" };
const gibibyte = 1024 ** 3;

describe("server settings", () => {
  it("takes 2 GB of shared buffers, at most a quarter of the memory", () => {
    expect(sharedBuffersMb(64 * gibibyte)).toBe(4096);
    expect(sharedBuffersMb(4 * gibibyte)).toBe(1024);
    expect(sharedBuffersMb(0.25 * gibibyte)).toBe(128);
  });

  it("quotes what a path may contain", () => {
    expect(quoteSetting("it's")).toBe("'it''s'");
    expect(quoteSetting("a\\b")).toBe("'a\\\\b'");
    expect(serverSettings(places, undefined)).toContain("'/it''s here/socket'");
  });

  it("listens on the private socket only", () => {
    const text = serverSettings(places, runtime);
    expect(text).toContain("listen_addresses = ''");
    expect(text).toContain("unix_socket_permissions = 0700");
  });

  it("preloads the extension unless the server is plain", () => {
    expect(serverSettings(places, runtime)).toContain("shared_preload_libraries = '/project/lib'");
    expect(serverSettings(places, undefined)).not.toContain("pg_fusion.node_path");
  });
});
