// Runs one statement and returns its answer as comparable bytes: rows in text or binary form, or the
// error's SQLSTATE, message and detail. What the differential suites compare; not a client for anything else.
import type { Client } from "pg";
import { listenToRows } from "./raw_rows.js";

export type Answer =
  | { readonly kind: "rows"; readonly columns: readonly string[]; readonly rows: readonly string[] }
  | { readonly kind: "error"; readonly sqlstate: string; readonly message: string; readonly detail: string };

export type Protocol = "simple" | "extended" | "binary";

interface DatabaseFailure {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
}

/** The values of a row in text form as the server sent them; a NULL is `\N`. */
const textOf = (row: readonly (string | null)[]): string => row.map((value) => value ?? "\\N").join("\t");

const untouched = { getTypeParser: () => (value: string) => value };
/** For binary values, which are listened to beside the driver. */
const dropped = { getTypeParser: () => () => null };

/**
 * Runs `text` under the given protocol, as a prepared statement if it has a name. Server errors become answers;
 * anything else is thrown.
 */
export async function answer(
  client: Client,
  text: string,
  protocol: Protocol,
  values: unknown[] = [],
  name?: string,
): Promise<Answer> {
  const images = protocol === "binary" ? listenToRows(client) : undefined;
  try {
    const result = await client.query({
      text,
      rowMode: "array",
      types: images === undefined ? untouched : dropped,
      ...(protocol === "simple" ? {} : { values, queryMode: "extended" }),
      ...(protocol === "binary" ? { binary: true } : {}),
      ...(name === undefined ? {} : { name }),
    } as never);
    const { fields, rows } = result as unknown as {
      fields: { name: string; dataTypeID: number; dataTypeModifier: number }[];
      rows: (string | null)[][];
    };
    return {
      kind: "rows",
      columns: fields.map((f) => `${f.name}:${f.dataTypeID}:${f.dataTypeModifier}`),
      rows: images?.stop() ?? rows.map(textOf),
    };
  } catch (failure) {
    const { code, message, detail = "" } = failure as DatabaseFailure;
    if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) throw failure;
    return { kind: "error", sqlstate: code, message, detail };
  } finally {
    images?.stop();
  }
}

/** Rows in a canonical order, for statements whose order SQL leaves free. */
export function unordered(given: Answer): Answer {
  return given.kind === "rows" ? { ...given, rows: [...given.rows].sort() } : given;
}

/** Refused by pg_fusion, by name: the only answer that may differ from PostgreSQL's. */
export function refused(given: Answer): boolean {
  return given.kind === "error" && given.sqlstate === "0A000" && given.message.startsWith("pg_fusion: ");
}
