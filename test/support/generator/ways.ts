// The ways in which a generated statement reaches a server: by either protocol (with results as text or binary),
// prepared with parameters in place of some of its constants (and NULLs in place of some of those), or through a cursor
// that fetches a few rows at a time. Read next: compare.ts, which compares two answers, and surroundings.ts for the
// settings of the sessions.
import type { Client } from "pg";
import { answer, type Answer, type Protocol } from "../answers.js";
import { Dice } from "../random_plans.js";
import { constants } from "./catalogue.js";
import type { Query } from "./tree.js";
import { textOf } from "./tree.js";

export const ways = ["simple", "extended", "prepared", "cursor", "binary"] as const;

export type Way = (typeof ways)[number];

/** What a constant is as a parameter. */
interface Typed {
  readonly type: string;
  readonly value: string | null;
}

export type TypedConstants = ReadonlyMap<string, Typed>;

/** Types and values of the catalogue's constants, as the server has them; not of those with a collation. */
export async function typedConstants(client: Client): Promise<TypedConstants> {
  const texts = [...new Set(Object.values(constants).flat())].filter((text) => !text.includes("COLLATE"));
  const list = texts.map((text) => `(pg_typeof(${text})::oid::regtype::text, (${text})::text)`);
  const { rows } = await client.query<{ type: string; value: string | null }>(
    `SELECT * FROM (VALUES ${list.join(", ")}) AS constants (type, value)`);
  // "character" alone would be that of one character.
  return new Map(rows.map(({ type, value }, index) =>
    [texts[index] ?? "", { type: type === "character" ? "bpchar" : type, value }]));
}

export interface Prepared {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** The statement with parameters in place of some constants, always of the same for one seed. */
export function prepared(query: Query, typed: TypedConstants, seed: number): Prepared {
  const numbers = new Map<string, number>();
  const values: (string | null)[] = [];
  const parameter = (text: string): string | undefined => {
    const found = typed.get(text);
    if (found === undefined || new Dice(seed + text.length + text.charCodeAt(0)).chance(40)) return undefined;
    if (!numbers.has(text)) numbers.set(text, values.push(found.value));
    return `$${numbers.get(text)}::${found.type}`;
  };
  const replaced = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(replaced);
    if (typeof node !== "object" || node === null) return node;
    if ("node" in node && node.node === "expression" && "parts" in node && Array.isArray(node.parts)) {
      const [only] = node.parts as readonly unknown[];
      const made = node.parts.length === 1 && typeof only === "string" ? parameter(only) : undefined;
      if (made !== undefined) return { ...node, parts: [made] };
    }
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, replaced(value)]));
  };
  return { text: textOf(replaced(query) as Query), values };
}

/** Names of prepared statements are not used twice. */
let statements = 0;

/** Executed with its values, with NULL for some, and with its values again. */
async function executedThrice(client: Client, { text, values }: Prepared, seed: number): Promise<Answer> {
  statements += 1;
  const name = `generated_${statements}`;
  const dice = new Dice(seed);
  const some = values.map((value) => (dice.chance(40) ? null : value));
  const answers: Answer[] = [];
  for (const list of [values, some, values]) answers.push(await answer(client, text, "extended", [...list], name));
  await client.query(`DEALLOCATE ${name}`).catch(() => undefined);
  return joined(answers);
}

/** Rows of one after the other, of each by its number; or the first error. */
function joined(answers: readonly Answer[]): Answer {
  const error = answers.find(({ kind }) => kind === "error");
  if (error !== undefined) return error;
  const given = answers.filter((each) => each.kind === "rows");
  const rows = given.flatMap((each, index) => each.rows.map((row) => `${index}\t${row}`));
  return { kind: "rows", columns: given.at(-1)?.columns ?? [], rows };
}

/** Fetched in parts; the transaction ends with it. */
async function fetched(client: Client, text: string, protocol: Protocol): Promise<Answer> {
  await client.query("BEGIN");
  try {
    const declared = await answer(client, `DECLARE generated CURSOR FOR ${text}`, protocol);
    if (declared.kind === "error") return declared;
    const parts: Answer[] = [];
    for (const count of ["1", "7", "ALL"]) {
      const part = await answer(client, `FETCH ${count} FROM generated`, protocol);
      if (part.kind === "error") return part;
      parts.push(part);
    }
    const [first] = parts;
    const columns = first?.kind === "rows" ? first.columns : [];
    return { kind: "rows", columns, rows: parts.flatMap((part) => (part.kind === "rows" ? part.rows : [])) };
  } finally {
    await rollBack(client);
  }
}

/** Ends a transaction; a timeout that came as its last statement ended cancels the next, which may be this one. */
export async function rollBack(client: Client): Promise<void> {
  await client.query("ROLLBACK").catch(() => client.query("ROLLBACK"));
}

/** The server's answer to the statement. */
export async function answerIn(
  way: Way, client: Client, query: Query, typed: TypedConstants, seed: number,
): Promise<Answer> {
  switch (way) {
    case "simple": case "extended": case "binary": return answer(client, textOf(query), way);
    case "prepared": return executedThrice(client, prepared(query, typed, seed), seed);
    case "cursor": return fetched(client, textOf(query), seed % 2 === 0 ? "simple" : "extended");
  }
}
