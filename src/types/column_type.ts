// A column as it stands in pages: SQL identity for PostgreSQL's sake, engine type for ours, and the page
// encoding (schemas/tables/encodings.json). The C side builds and reads pages from the same facts.
import type { Encoding } from "#generated/encodings.js";
import type { EngineType } from "./engine_type.js";

export interface ColumnType {
  readonly sqlType: number;
  readonly typmod: number;
  readonly collation: number;
  readonly engine: EngineType;
  readonly encoding: Encoding;
  /** Decimal places of decimal encodings; 0 otherwise. */
  readonly scale: number;
  readonly nullable: boolean;
}
