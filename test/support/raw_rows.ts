// The values of a session's rows as the server sent them. The driver reads every value as UTF-8, binary ones too, where
// bytes that are no characters all become one: a test that compares binary images listens beside it. Source:
// PostgreSQL's "Message Formats" (DataRow).
import type { Socket } from "node:net";
import type { Client } from "pg";

const DATA_ROW = "D".charCodeAt(0);
/** A message's type and its length, which counts itself and not the type. */
const HEADER_BYTES = 5;

/** A DataRow's values in hexadecimal; a NULL is `\N`. */
function rowOf(message: Buffer): string {
  let at = HEADER_BYTES + 2;
  return Array.from({ length: message.readUInt16BE(HEADER_BYTES) }, () => {
    const bytes = message.readInt32BE(at);
    at += 4;
    if (bytes < 0) return "\\N";
    at += bytes;
    return `x${message.toString("hex", at - bytes, at)}`;
  }).join("\t");
}

/** Listens to a session that is idle, until stopped; the rows that came meanwhile. */
export function listenToRows(client: Client): { readonly stop: () => readonly string[] } {
  const { stream } = (client as Client & { readonly connection: { readonly stream: Socket } }).connection;
  const rows: string[] = [];
  // What has come of a message that is not whole yet, and the bytes it takes to know more of it.
  let parts: Buffer[] = [];
  let come = 0;
  let needed = HEADER_BYTES;
  const listen = (chunk: Buffer): void => {
    parts.push(Buffer.from(chunk));
    come += chunk.length;
    if (come < needed) return;
    const all = Buffer.concat(parts);
    let at = 0;
    needed = HEADER_BYTES;
    while (at + needed <= all.length) {
      needed = 1 + all.readInt32BE(at + 1);
      if (at + needed > all.length) break;
      if (all[at] === DATA_ROW) rows.push(rowOf(all.subarray(at, at + needed)));
      at += needed;
      needed = HEADER_BYTES;
    }
    parts = [all.subarray(at)];
    come = all.length - at;
  };
  stream.on("data", listen);
  return {
    stop: () => {
      stream.off("data", listen);
      return rows;
    },
  };
}
