// The generated tables as parsed rows, for the generator's tests; small scales only.
import { createHash } from "node:crypto";
import { scaleOf } from "#tpch/scale.js";
import type { Scale } from "#tpch/scale.js";
import { tpchTables } from "#tpch/tables.js";

export const smallest: Scale = scaleOf(0.01);

function tableNamed(name: string) {
  const table = tpchTables.find((one) => one.name === name);
  if (!table) throw new Error(`no table ${name}`);
  return table;
}

/** The bytes COPY would get. */
export function copyBytes(name: string, scale = smallest): Buffer {
  return Buffer.concat([...tableNamed(name).chunks(scale)].map((chunk) => chunk.bytes));
}

/** The rows as lists of column texts. */
export function rowsOf(name: string, scale = smallest): string[][] {
  const text = copyBytes(name, scale).toString("latin1");
  return text.split("\n").slice(0, -1).map((line) => line.split("\t"));
}

export function hashOfTable(name: string, scale = smallest): string {
  return createHash("sha256").update(copyBytes(name, scale)).digest("hex").slice(0, 16);
}
