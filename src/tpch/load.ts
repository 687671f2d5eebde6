// Brings TPC-H into a database: one transaction per table (create, COPY, primary key, marker), so a
// load killed anywhere leaves whole tables only, and running it again continues there. The marker is
// the table's comment; it names the scale and the generator's version.
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { checkDiskSpace } from "#cluster/cluster.js";
import { CommandError } from "#cluster/command_error.js";
import { quoteLiteral, withConnection } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import type { Toolchain } from "#cluster/toolchain.js";
import type { Scale } from "./scale.js";
import { generatorVersion, tpchTables } from "./tables.js";
import type { TableSource } from "./tables.js";

/** Heap and indexes of scale 1 take 1.5 GB; sorting the indexes needs some more for a while. */
const bytesPerScale = 2.2 * 1024 * 1024 * 1024;
/** The smallest load still writes a checkpoint's worth. */
const bytesAtLeast = 100 * 1024 * 1024;

export interface LoadProgress {
  /** Rows of all tables written so far, and expected. */
  readonly rowsDone: number;
  readonly rowsExpected: number;
  readonly table: string;
}

export interface LoadOptions {
  readonly toolchain: Toolchain;
  readonly scale: Scale;
  readonly onProgress: (progress: LoadProgress) => void;
}

type State = "loaded" | "ready";

function marker(scale: Scale, state: State): string {
  return `TPC-H scale ${scale.factor}, generator ${generatorVersion}: ${state}`;
}

/** psql reading its commands, and within them the rows, from our pipe. */
class CopyPipe {
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  readonly #closed: Promise<number | null>;
  #errors = "";

  constructor(places: ClusterPlaces, toolchain: Toolchain, database: string) {
    const words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", places.socket];
    words.push("-p", String(places.port), "-U", "postgres", "-d", database, "-f", "-");
    const stdio: ["pipe", "ignore", "pipe"] = ["pipe", "ignore", "pipe"];
    this.#child = spawn(join(toolchain.bindir, "psql"), words, { stdio });
    this.#child.stderr.on("data", (data: Buffer) => (this.#errors += data.toString()));
    // psql ends early on an error; its message tells more than the broken pipe does.
    this.#child.stdin.on("error", () => undefined);
    this.#closed = once(this.#child, "close").then(([status]) => status as number | null);
  }

  async write(data: Uint8Array | string): Promise<void> {
    if (this.#child.stdin.destroyed || this.#child.exitCode !== null) return;
    if (this.#child.stdin.write(data)) return;
    await Promise.race([once(this.#child.stdin, "drain"), this.#closed]);
  }

  /** Ends the commands and waits; an error of psql is ours. */
  async finish(): Promise<void> {
    this.#child.stdin.end();
    const status = await this.#closed;
    if (status === 0) return;
    const hint = /No space left/.test(this.#errors)
      ? "Free some disk space and run the command again; finished tables are kept."
      : undefined;
    throw new CommandError(`loading failed:\n${this.#errors.trim()}`, hint);
  }
}

/**
 * Loads one table. The COMMIT follows the rows in the same stream: when this process dies, psql
 * meets the end of its input before it, and the server rolls back.
 */
async function loadTable(
  places: ClusterPlaces,
  database: string,
  table: TableSource,
  options: LoadOptions,
  onRows: (rows: number) => void,
): Promise<void> {
  const pipe = new CopyPipe(places, options.toolchain, database);
  await pipe.write(
    `BEGIN;\nDROP TABLE IF EXISTS ${table.name} CASCADE;\n` +
      `CREATE TABLE ${table.name} (${table.columns});\n` +
      `COPY ${table.name} FROM STDIN WITH (FREEZE);\n`,
  );
  for (const chunk of table.chunks(options.scale)) {
    await pipe.write(chunk.bytes);
    onRows(chunk.rows);
  }
  await pipe.write(
    `\\.\nALTER TABLE ${table.name} ADD PRIMARY KEY (${table.primaryKey});\n` +
      `COMMENT ON TABLE ${table.name} IS ${quoteLiteral(marker(options.scale, "loaded"))};\n` +
      "COMMIT;\n",
  );
  await pipe.finish();
}

/** Statistics and the visibility map, without which neither side's plans are what they should be. */
async function makeReady(
  places: ClusterPlaces,
  database: string,
  table: TableSource,
  scale: Scale,
): Promise<void> {
  await withConnection(places, database, async (connection) => {
    await connection.execute(`VACUUM (FREEZE, ANALYZE) ${table.name}`);
    const comment = quoteLiteral(marker(scale, "ready"));
    await connection.execute(`COMMENT ON TABLE ${table.name} IS ${comment}`);
  });
}

async function tableComments(
  places: ClusterPlaces,
  database: string,
): Promise<ReadonlyMap<string, string>> {
  return withConnection(places, database, async (connection) => {
    const { rows } = await connection.query(
      "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class " +
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    return new Map(rows.map(([name, comment]) => [name ?? "", comment ?? ""]));
  });
}

/** Whether every table of the database is complete at this scale. */
export async function isLoaded(
  places: ClusterPlaces,
  database: string,
  scale: Scale,
): Promise<boolean> {
  const comments = await tableComments(places, database);
  return tpchTables.every((table) => comments.get(table.name) === marker(scale, "ready"));
}

/** Loads the tables that are absent, incomplete or of another scale. */
export async function loadTpch(
  places: ClusterPlaces,
  database: string,
  options: LoadOptions,
): Promise<void> {
  const { scale } = options;
  const comments = await tableComments(places, database);
  const stateOf = (table: TableSource) => {
    const comment = comments.get(table.name);
    return (["loaded", "ready"] as const).find((state) => comment === marker(scale, state));
  };
  const absent = tpchTables.filter((table) => stateOf(table) === undefined);
  if (absent.length > 0) {
    const needed = Math.max(bytesAtLeast, bytesPerScale * scale.factor);
    checkDiskSpace(places.home, needed, `TPC-H scale ${scale.factor}`);
  }
  const rowsExpected = absent.reduce((sum, table) => sum + table.rowsExpected(scale), 0);
  let rowsDone = 0;
  for (const table of tpchTables) {
    const state = stateOf(table);
    if (state === "ready") continue;
    if (state === undefined) {
      await loadTable(places, database, table, options, (rows) => {
        rowsDone += rows;
        options.onProgress({ rowsDone, rowsExpected, table: table.name });
      });
    }
    await makeReady(places, database, table, scale);
  }
}
