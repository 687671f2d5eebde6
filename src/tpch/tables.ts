// The eight tables: definition, primary key, expected rows and the generator of their rows.
// Types follow TPC-H clause 1.4 (identifiers integer, decimals numeric(15,2)). Read load.ts next.
import { lineitemRows, linesPerOrder, orderRows } from "./order_tables.js";
import { partRows, partsuppRows, suppliersPerPart } from "./part_tables.js";
import { customerRows, nationRows, regionRows, supplierRows } from "./party_tables.js";
import type { Chunk } from "./row_writer.js";
import type { Scale } from "./scale.js";
import { nations, regions } from "./vocabulary.js";

/** Changes whenever the generator would produce other rows: loaded data is then made anew. */
export const generatorVersion = 1;

export interface TableSource {
  readonly name: string;
  /** Column definitions, without the parentheses. */
  readonly columns: string;
  readonly primaryKey: string;
  /** Exact, except for lineitem, where it is the expectation. */
  readonly rowsExpected: (scale: Scale) => number;
  readonly chunks: (scale: Scale) => Generator<Chunk>;
}

export const tpchTables: readonly TableSource[] = [
  {
    name: "region",
    columns: "r_regionkey integer NOT NULL, r_name char(25) NOT NULL, r_comment varchar(152)",
    primaryKey: "r_regionkey",
    rowsExpected: () => regions.length,
    chunks: () => regionRows(),
  },
  {
    name: "nation",
    columns:
      "n_nationkey integer NOT NULL, n_name char(25) NOT NULL, n_regionkey integer NOT NULL, " +
      "n_comment varchar(152)",
    primaryKey: "n_nationkey",
    rowsExpected: () => nations.length,
    chunks: () => nationRows(),
  },
  {
    name: "supplier",
    columns:
      "s_suppkey integer NOT NULL, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL, " +
      "s_nationkey integer NOT NULL, s_phone char(15) NOT NULL, " +
      "s_acctbal numeric(15,2) NOT NULL, s_comment varchar(101) NOT NULL",
    primaryKey: "s_suppkey",
    rowsExpected: (scale) => scale.suppliers,
    chunks: supplierRows,
  },
  {
    name: "customer",
    columns:
      "c_custkey integer NOT NULL, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL, " +
      "c_nationkey integer NOT NULL, c_phone char(15) NOT NULL, " +
      "c_acctbal numeric(15,2) NOT NULL, c_mktsegment char(10) NOT NULL, " +
      "c_comment varchar(117) NOT NULL",
    primaryKey: "c_custkey",
    rowsExpected: (scale) => scale.customers,
    chunks: customerRows,
  },
  {
    name: "part",
    columns:
      "p_partkey integer NOT NULL, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, " +
      "p_brand char(10) NOT NULL, p_type varchar(25) NOT NULL, p_size integer NOT NULL, " +
      "p_container char(10) NOT NULL, p_retailprice numeric(15,2) NOT NULL, " +
      "p_comment varchar(23) NOT NULL",
    primaryKey: "p_partkey",
    rowsExpected: (scale) => scale.parts,
    chunks: partRows,
  },
  {
    name: "partsupp",
    columns:
      "ps_partkey integer NOT NULL, ps_suppkey integer NOT NULL, ps_availqty integer NOT NULL, " +
      "ps_supplycost numeric(15,2) NOT NULL, ps_comment varchar(199) NOT NULL",
    primaryKey: "ps_partkey, ps_suppkey",
    rowsExpected: (scale) => scale.parts * suppliersPerPart,
    chunks: partsuppRows,
  },
  {
    name: "orders",
    columns:
      "o_orderkey integer NOT NULL, o_custkey integer NOT NULL, o_orderstatus char(1) NOT NULL, " +
      "o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, " +
      "o_orderpriority char(15) NOT NULL, o_clerk char(15) NOT NULL, " +
      "o_shippriority integer NOT NULL, o_comment varchar(79) NOT NULL",
    primaryKey: "o_orderkey",
    rowsExpected: (scale) => scale.orders,
    chunks: orderRows,
  },
  {
    name: "lineitem",
    columns:
      "l_orderkey integer NOT NULL, l_partkey integer NOT NULL, l_suppkey integer NOT NULL, " +
      "l_linenumber integer NOT NULL, l_quantity numeric(15,2) NOT NULL, " +
      "l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL, " +
      "l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, " +
      "l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, " +
      "l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, " +
      "l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL",
    primaryKey: "l_orderkey, l_linenumber",
    rowsExpected: (scale) => scale.orders * linesPerOrder,
    chunks: lineitemRows,
  },
];
