// The settings of the private server: server.conf, included at the end of the postgresql.conf that
// initdb wrote (which keeps initdb's own choices). Your settings go into extra.conf beside it.
import { totalmem } from "node:os";
import { join } from "node:path";
import type { ClusterPlaces } from "./places.js";
import type { RuntimeFiles } from "./staging.js";

const mebibyte = 1024 * 1024;
/**
 * PostgreSQL keeps a table in its buffers over repeated scans only when it is smaller than a quarter of them; larger
 * ones pass through a small ring and are copied in from the system's cache each time. 4 GB hold TPC-H scale 1, whose
 * lineitem has 880 MB, so that timings compare memory with memory.
 */
const sharedBuffersMaxMb = 4096;
/** PostgreSQL's default; less would not even start comfortably. */
const sharedBuffersMinMb = 128;

/** 4 GB, but at most a quarter of the machine's memory. */
export function sharedBuffersMb(memoryBytes: number): number {
  const quarter = Math.floor(memoryBytes / 4 / mebibyte);
  return Math.max(sharedBuffersMinMb, Math.min(sharedBuffersMaxMb, quarter));
}

/** A string as postgresql.conf wants it. */
export function quoteSetting(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** The reader's own settings; they win over ours. */
export function extraSettingsFile(places: ClusterPlaces): string {
  return join(places.home, "extra.conf");
}

/** The text of server.conf; without runtime files the server runs without the extension. */
export function serverSettings(places: ClusterPlaces, runtime: RuntimeFiles | undefined): string {
  const lines = [
    "# Written by `pg-fusion up`; changes are lost. Put your own settings into extra.conf.",
    "listen_addresses = ''",
    `port = ${places.port}`,
    `unix_socket_directories = ${quoteSetting(places.socket)}`,
    "unix_socket_permissions = 0700",
    "max_connections = 100",
    `shared_buffers = ${sharedBuffersMb(totalmem())}MB`,
    "maintenance_work_mem = 256MB",
    "max_worker_processes = 24",
    "max_parallel_workers = 8",
    "# One machine, data that can be generated again: no replication, so bulk loads skip the WAL.",
    "wal_level = minimal",
    "max_wal_senders = 0",
    "max_wal_size = 4GB",
    "checkpoint_timeout = 15min",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    "log_line_prefix = '%m [%p] '",
  ];
  if (runtime) {
    lines.push(
      `shared_preload_libraries = ${quoteSetting(runtime.library)}`,
      `pg_fusion.node_path = ${quoteSetting(runtime.node)}`,
      `pg_fusion.worker_script = ${quoteSetting(runtime.workerScript)}`,
    );
  }
  lines.push(`include ${quoteSetting(extraSettingsFile(places))}`);
  return `${lines.join("\n")}\n`;
}
