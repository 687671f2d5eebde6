// Portals of the extended protocol: rows taken a few at a time, from several portals in turn, across savepoints and
// errors, in text and binary; the bytes on the wire are PostgreSQL's. The server is that of throwaway_cluster.ts.
import { connect as connectSocket, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { endSessions, session } from "../support/fusion_session.js";

interface Message {
  readonly kind: string;
  readonly body: Buffer;
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

/** Messages as they are sent and come, with nothing between. */
class Wire {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#wake();
    });
  }

  static async open(settings: string): Promise<Wire> {
    const { PGHOST, PGPORT, PGUSER, PGDATABASE } = process.env;
    const wire = new Wire(connectSocket(`${PGHOST}/.s.PGSQL.${PGPORT}`));
    const words = ["user", PGUSER ?? "", "database", PGDATABASE ?? "", "options", settings, ""];
    const body = Buffer.concat([int32(196608), ...words.map(text)]);
    wire.#socket.write(Buffer.concat([int32(body.length + 4), body]));
    await wire.until("Z");
    return wire;
  }

  #next(): Message | undefined {
    const length = this.#bytes.length < 5 ? Infinity : this.#bytes.readInt32BE(1);
    if (this.#bytes.length <= length) return undefined;
    const message = { kind: String.fromCharCode(this.#bytes[0] ?? 0), body: this.#bytes.subarray(5, length + 1) };
    this.#bytes = this.#bytes.subarray(length + 1);
    return message;
  }

  /** Everything up to a message of that kind, as text: of errors the severity, SQLSTATE and message. */
  async until(kind: string): Promise<readonly string[]> {
    const seen: string[] = [];
    for (;;) {
      const message = this.#next();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const fields = message.body.toString("latin1");
      const shown = message.kind === "E" ? fields.split("\0").filter((field) => /^[SCM]/.test(field)).join() : fields;
      seen.push(`${message.kind} ${shown}`);
      if (message.kind === kind) return seen;
    }
  }

  #send(kind: string, ...parts: readonly Buffer[]): void {
    const body = Buffer.concat(parts);
    this.#socket.write(Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]));
  }

  query(statement: string): Promise<readonly string[]> {
    this.#send("Q", text(statement));
    return this.until("Z");
  }

  parse(name: string, statement: string): void {
    this.#send("P", text(name), text(statement), int16(0));
  }

  /** Parameters are texts; results come in `format`. */
  bind(portal: string, statement: string, values: readonly (string | null)[] = [], format = 0): void {
    const parameters = values.flatMap((value) =>
      (value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)]));
    this.#send("B", text(portal), text(statement), int16(0), int16(values.length), ...parameters, int16(1),
      int16(format));
  }

  describe(portal: string): void {
    this.#send("D", Buffer.from("P"), text(portal));
  }

  execute(portal: string, rows = 0): void {
    this.#send("E", text(portal), int32(rows));
  }

  close(portal: string): void {
    this.#send("C", Buffer.from("P"), text(portal));
  }

  sync(): Promise<readonly string[]> {
    this.#send("S");
    return this.until("Z");
  }

  end(): void {
    this.#send("X");
    this.#socket.end();
  }
}

type Conversation = (wire: Wire) => Promise<unknown>;

const everyType = "SELECT id, n, f, t, d, at, flag, list, doc FROM portal_rows WHERE id < $1 ORDER BY id";

const conversations: Readonly<Record<string, Conversation>> = {
  async "typed and NULL parameters, text and binary results"(wire) {
    const seen: unknown[] = [];
    for (const format of [0, 1]) {
      wire.parse("s", everyType);
      for (const value of ["12", null, "0", "12"]) {
        wire.bind("", "s", [value], format);
        wire.describe("");
        wire.execute("");
      }
      seen.push(await wire.sync());
      wire.parse("", "SELECT $1::text, sum(n), count(*) FROM portal_rows "
        + "WHERE t = ANY ($2) OR ($3::int IS NULL AND f > $4)");
      wire.bind("", "", ["given", "{a1,NULL,a2}", null, "3.5"], format);
      wire.execute("");
      seen.push(await wire.sync());
      await wire.query("DEALLOCATE s");
    }
    return seen;
  },
  async "several portals in turn, one closed"(wire) {
    const seen: unknown[] = [await wire.query("BEGIN")];
    wire.parse("p", "SELECT id, t FROM portal_rows ORDER BY id");
    wire.bind("one", "p");
    wire.execute("one", 3);
    wire.bind("two", "p", [], 1);
    wire.execute("two", 1);
    wire.execute("one", 2);
    wire.execute("two", 4);
    seen.push(await wire.sync(), await wire.query("SELECT count(*) FROM portal_rows"));
    wire.close("one");
    wire.execute("two", 3);
    seen.push(await wire.sync());
    wire.execute("one", 1);
    seen.push(await wire.sync(), await wire.query("ROLLBACK"));
    return seen;
  },
  async "savepoints, errors and changes between the rows of a portal"(wire) {
    const seen: unknown[] = [await wire.query("BEGIN; SAVEPOINT s")];
    const more = async (portal: string): Promise<void> => {
      wire.execute(portal, 2);
      seen.push(await wire.sync());
    };
    wire.parse("p", "SELECT id, t FROM portal_rows ORDER BY t, id");
    wire.bind("inner", "p");
    await more("inner");
    seen.push(await wire.query("ROLLBACK TO s"));
    await more("inner");
    seen.push(await wire.query("ROLLBACK TO s"));
    wire.bind("outer", "p");
    await more("outer");
    seen.push(await wire.query("SAVEPOINT deeper; SELECT sum(1 / (id - id)) FROM portal_rows"));
    seen.push(await wire.query("ROLLBACK TO deeper"));
    await more("outer");
    seen.push(await wire.query("UPDATE portal_rows SET t = 'changed'"));
    await more("outer");
    seen.push(await wire.query("ALTER TABLE portal_rows ADD COLUMN more int"), await wire.query("ROLLBACK"));
    return seen;
  },
  async "portals dropped half read, by every way a transaction ends"(wire) {
    const seen: unknown[] = [];
    for (const ending of ["COMMIT", "ROLLBACK", "SELECT 1 / 0"]) {
      await wire.query("BEGIN");
      for (const statement of ["SELECT t FROM portal_rows", "SELECT t, count(*) FROM portal_rows GROUP BY t ORDER BY t",
        "SELECT x.id FROM portal_rows x JOIN portal_rows y USING (id)"]) {
        wire.parse("", statement);
        wire.bind("q", "");
        wire.execute("q", 2);
        const rows = await wire.sync();
        seen.push(rows.filter((message) => message.startsWith("D")).length);
        if (statement.includes("ORDER BY")) seen.push(rows);
        wire.close("q");
      }
      wire.parse("", "SELECT t FROM portal_rows");
      wire.bind("left", "");
      wire.execute("left", 2);
      await wire.sync();
      seen.push(await wire.query(ending));
      wire.execute("left", 2);
      seen.push(await wire.sync(), await wire.query("ROLLBACK"));
    }
    return seen;
  },
  async "one error in a pipeline skips the rest of it"(wire) {
    wire.parse("count", "SELECT count(*), max(t) FROM portal_rows WHERE id < $1");
    for (const value of ["10", "20", "none", "30"]) {
      wire.bind("", "count", [value]);
      wire.execute("");
    }
    return [await wire.sync(), await wire.query("SELECT count(*) FROM portal_rows; SELECT 1 / 0; SELECT 2")];
  },
};

beforeAll(async () => {
  const client = await session();
  await client.query(
    "DROP TABLE IF EXISTS portal_rows; CREATE TABLE portal_rows AS SELECT id, (id / 7.0)::numeric(10,3) AS n, " +
      "id / 3.0::float8 AS f, 'a' || id % 10 AS t, date '2024-01-01' + id AS d, " +
      "timestamptz '2024-01-01 00:00+00' + id * interval '1 hour' AS at, nullif(id % 3, 0) = 1 AS flag, " +
      "ARRAY[id, NULL] AS list, jsonb_build_object('k', id) AS doc FROM generate_series(1, 30000) AS id",
  );
  await client.query("ANALYZE portal_rows");
}, 60_000);

afterAll(async () => {
  const client = await session("DROP TABLE portal_rows");
  expect(held(await quiet(client))).toBe(0);
  await endSessions();
});

describe("portals", () => {
  it.each(Object.entries(conversations))("%s", async (_, converse) => {
    const answers: unknown[] = [];
    for (const settings of ["enable=off", "enable=on"]) {
      const wire = await Wire.open(`-c pg_fusion.${settings} -c max_parallel_workers_per_gather=2`);
      answers.push(await converse(wire));
      wire.end();
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});
