// A small SQL client for the command line, the bench and the tests: values stay the text that the
// server sent, because comparing bytes is what they are for. No pool, no type mapping.
import pg from "pg";
import type { ClusterPlaces } from "./places.js";

export interface Answer {
  readonly columns: readonly string[];
  /** Text as sent; null for SQL NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly command: string;
}

/** A server error with the parts worth showing. */
export interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

export type Protocol = "simple" | "extended";

const asText = { getTypeParser: () => (value: string) => value };

export class Connection {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Connects over the cluster's socket; `settings` are given as start-up options. */
  static async open(
    places: ClusterPlaces,
    database: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Connection> {
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    const client = new pg.Client({
      host: places.socket,
      port: places.port,
      user: "postgres",
      database,
      application_name: "pg-fusion",
      options: options.join(" "),
      types: asText as unknown as pg.CustomTypesConfig,
    });
    // A server that goes away between statements must not end this process; the next query fails.
    client.on("error", () => undefined);
    await client.connect();
    return new Connection(client);
  }

  /** Runs one statement. */
  async query(text: string, protocol: Protocol = "simple"): Promise<Answer> {
    const config = { text, rowMode: "array", ...(protocol === "extended" ? { queryMode: protocol } : {}) } as const;
    const result: pg.QueryArrayResult<(string | null)[]> = await this.#client.query(config);
    return {
      columns: result.fields.map((field) => field.name),
      rows: result.rows,
      command: result.command,
    };
  }

  /** Runs several statements in one message, for their effect. */
  async execute(text: string): Promise<void> {
    await this.#client.query(text);
  }

  /** The first column of the first row. */
  async value(text: string): Promise<string | undefined> {
    const { rows } = await this.query(text);
    return rows[0]?.[0] ?? undefined;
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}

/** Opens a connection, runs `action`, and closes it on every path. */
export async function withConnection<T>(
  places: ClusterPlaces,
  database: string,
  action: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.open(places, database);
  try {
    return await action(connection);
  } finally {
    await connection.close();
  }
}

/** The server's error in anything a query threw, or undefined when it was not the server. */
export function serverErrorOf(thrown: unknown): ServerError | undefined {
  if (!(thrown instanceof pg.DatabaseError)) return undefined;
  const { code, message, detail, hint } = thrown;
  return { code: code ?? "XX000", message, detail, hint };
}

/** A string literal. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A quoted identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
