// The values of a session's rows as the server sent them. The driver reads every value as UTF-8, binary ones too, where
// bytes that are no characters all become one: a test that compares binary images listens beside it. Source:
// PostgreSQL's "Message Formats" (DataRow).
import type { Socket } from "node:net";
import type { Client } from "pg";

const DATA_ROW = "D".charCodeAt(0);
/** A message's type and its length, which counts itself and not the type. */
const HEADER_BYTES = 5;

type RawRow = readonly (Buffer | null)[];

function rowOf(message: Buffer): RawRow {
  let at = HEADER_BYTES + 2;
  return Array.from({ length: message.readUInt16BE(HEADER_BYTES) }, () => {
    const bytes = message.readInt32BE(at);
    at += 4;
    if (bytes < 0) return null;
    at += bytes;
    return message.subarray(at - bytes, at);
  });
}

/** Listens to a session that is idle, until stopped; the rows that came meanwhile. */
export function listenToRows(client: Client): { readonly stop: () => readonly RawRow[] } {
  const { stream } = (client as Client & { readonly connection: { readonly stream: Socket } }).connection;
  const chunks: Buffer[] = [];
  const listen = (chunk: Buffer): void => void chunks.push(Buffer.from(chunk));
  stream.on("data", listen);
  return {
    stop: () => {
      stream.off("data", listen);
      const all = Buffer.concat(chunks);
      const rows: RawRow[] = [];
      for (let at = 0; at + HEADER_BYTES <= all.length; at += 1 + all.readInt32BE(at + 1))
        if (all[at] === DATA_ROW) rows.push(rowOf(all.subarray(at)));
      return rows;
    },
  };
}
