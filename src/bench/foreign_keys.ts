// Secondary indexes on the foreign keys of TPC-H, for as long as a bench wants them. Tables are loaded with their
// primary keys only; a foreign key that leads one of those needs no index of its own. Read next: tpch_bench.ts.
import type { Connection } from "#cluster/connection.js";

interface ForeignKey {
  readonly table: string;
  readonly columns: string;
}

/** The part of a line leads its part supply's key: one index serves both. */
const foreignKeys: readonly ForeignKey[] = [
  { table: "nation", columns: "n_regionkey" },
  { table: "supplier", columns: "s_nationkey" },
  { table: "customer", columns: "c_nationkey" },
  { table: "partsupp", columns: "ps_suppkey" },
  { table: "orders", columns: "o_custkey" },
  { table: "lineitem", columns: "l_partkey, l_suppkey" },
  { table: "lineitem", columns: "l_suppkey" },
];

/** What a bench that was killed may have left behind is known by its name. */
const prefix = "pg_fusion_bench_";

function creation({ table, columns }: ForeignKey): string {
  return `CREATE INDEX ${prefix}${columns.replaceAll(", ", "_")} ON ${table} (${columns})`;
}

/** Makes all of them. */
export async function createForeignKeyIndexes(connection: Connection): Promise<void> {
  for (const key of foreignKeys) await connection.execute(creation(key));
}

/** Drops them, whoever made them. */
export async function dropForeignKeyIndexes(connection: Connection): Promise<void> {
  const { rows } = await connection.query(
    `SELECT relname FROM pg_class WHERE relkind = 'i' AND starts_with(relname, '${prefix}')`);
  for (const [name] of rows) await connection.execute(`DROP INDEX ${name}`);
}

/** Runs `action` with the indexes of the tables that `statement` names, in a transaction that is rolled back. */
export async function withIndexesFor<T>(
  connection: Connection, statement: string, action: (indexes: readonly string[]) => Promise<T>,
): Promise<T> {
  const wanted = foreignKeys.filter(({ table }) => new RegExp(`\\b${table}\\b`).test(statement));
  await connection.execute("BEGIN; SET LOCAL statement_timeout = 0");
  try {
    for (const key of wanted) await connection.execute(creation(key));
    return await action(wanted.map(({ table, columns }) => `${table} (${columns})`));
  } finally {
    await connection.execute("ROLLBACK");
  }
}
