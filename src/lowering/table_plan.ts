// What a table of rows keeps: the build side of a join, or the rows an operator above needs all of before it starts.
// Rows have one length: a header, null masks, key words, then the columns. Read next: table_sink.ts, probe_step.ts.
import { assert, defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { type Shape, shapeOf } from "#functions/function.js";
import type { JoinKind } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { TableRow } from "./control_block.js";
import { type KeyPlan, keyImage } from "./group_keys.js";
import type { WindowPlan } from "./window_plan.js";

/** A key as the table keeps it; the two sides of a join compute it from different expressions. */
export type TableKey = Omit<KeyPlan, "expression">;

export interface StoredColumn {
  readonly type: EngineType;
  /** The key whose words are this column, when one is. */
  readonly key: TableKey | undefined;
  readonly offset: number;
  /** Bit of the null masks; undefined for a column that is never NULL. */
  readonly nullBit: number | undefined;
  /** Whether narrow code over this column, or a sort by it, needs to know how large its values are. */
  readonly isMeasured: boolean;
}

export interface TablePlan {
  readonly keys: readonly TableKey[];
  readonly columns: readonly StoredColumn[];
  readonly maskWords: number;
  readonly rowBytes: number;
  /**
   * What becomes of a row with a NULL key, which never matches: left out, kept unlinked because unmatched build rows
   * are delivered, or left out and noted.
   */
  readonly nullKeys: "drop" | "keep" | "note";
  /** More than one row is an error, none becomes a row of NULLs. */
  readonly single: boolean;
  /** Number of the limit that ends the table, if one does. */
  readonly limit: Limit | undefined;
  readonly order: RowOrder | undefined;
  /** What is computed of the ordered rows before they are read. */
  readonly window: WindowPlan | undefined;
  /** Whether whoever reads the table can do so part by part, so that it may go to disk. */
  readonly spills: boolean;
  /** On disk, rows stand as they came, and are read so, however often. */
  readonly inSequence: boolean;
}

/** Columns the rows are sorted by, and how many rows are delivered. */
export interface RowOrder {
  readonly keys: readonly { readonly column: number; readonly descending: boolean; readonly nullsFirst: boolean }[];
  readonly rows: number | undefined;
}

export interface Limit {
  readonly count: Expression | undefined;
  readonly offset: Expression | undefined;
}

/** Joins that mark the build rows they met. */
export const marksBuildRows: Readonly<Record<JoinKind, boolean>> = {
  inner: false, left: false, right: true, full: true, semi: false, anti: false, nullAwareAnti: false,
  rightSemi: true, rightAnti: true,
};

/** Joins that yield nothing for a row that no build row matches. */
export const matchesOnly: Readonly<Record<JoinKind, boolean>> = {
  inner: true, left: false, right: true, full: false, semi: true, anti: false, nullAwareAnti: false,
  rightSemi: true, rightAnti: true,
};

const NULL_MASK_BITS = 32;
const ROW_ALIGN = 8;
const KEY_WORD_BYTES = 8;

const shapeBytes: Readonly<Record<Shape, number>> = { i32: 4, f32: 4, i64: 8, f64: 8, i128: 16, view: 16 };

export interface TableRequest {
  readonly columns: readonly Pick<ColumnType, "engine" | "nullable">[];
  /** Common types of the two sides' keys. */
  readonly keyTypes: readonly EngineType[];
  /** Build-side keys over `columns`. */
  readonly buildKeys: readonly Expression[];
  /** Rows of NULLs may take the place of the table's. */
  readonly outer: boolean;
  readonly nullKeys: TablePlan["nullKeys"];
  readonly single: boolean;
  readonly limit?: Limit;
  readonly order?: RowOrder;
  readonly window?: WindowPlan;
  readonly spills?: boolean;
  readonly inSequence?: boolean;
}

/** The type both sides of a key are compared as: the wider of two of a kind. */
export function commonKeyType(a: EngineType, b: EngineType): EngineType {
  assert(a.kind === b.kind, "keys of one kind");
  if (a.kind === "decimal" && b.kind === "decimal") return a.precision >= b.precision ? a : b;
  if (a.kind === "bpchar" && b.kind === "bpchar") return a.length >= b.length ? a : b;
  return a;
}

export function planTable(request: TableRequest): TablePlan {
  const nullable = request.columns.map((column) => request.outer || request.single || column.nullable);
  const maskWords = Math.ceil(nullable.filter((each) => each).length / NULL_MASK_BITS);
  let offset = Math.ceil((TableRow.masks + 4 * maskWords) / ROW_ALIGN) * ROW_ALIGN;
  const keys = request.keyTypes.map((type): TableKey => {
    const key = { type, ...keyImage(type), offset };
    offset += key.stored * KEY_WORD_BYTES;
    return key;
  });
  let nullBits = 0;
  const columns = request.columns.map(({ engine }, index): StoredColumn => {
    const nullBit = nullable[index] === true ? nullBits++ : undefined;
    const key = keyOfColumn(request, keys, engine, index);
    const column = {
      type: engine, key, offset: key?.offset ?? offset, nullBit, isMeasured: isMeasured(request, engine, index),
    };
    if (key === undefined) offset += shapeBytes[shapeOf(engine, false)];
    return column;
  });
  const rowBytes = Math.ceil(offset / ROW_ALIGN) * ROW_ALIGN;
  const { nullKeys, single, limit, order, window, spills = false, inSequence = false } = request;
  return { keys, columns, maskWords, rowBytes, nullKeys, single, limit, order, window, spills, inSequence };
}

/** 64 bits take few values of any type by which rows are sorted, and more where these are known to be small. */
function isMeasured({ order }: TableRequest, { kind }: EngineType, index: number): boolean {
  if (kind === "decimal" || kind === "int8") return true;
  return (kind === "int4" || kind === "date") && order?.keys.some(({ column }) => column === index) === true;
}

/** Keys without those that come again, which tell no rows apart. */
export function distinctKeys(keys: RowOrder["keys"]): RowOrder["keys"] {
  return keys.filter(({ column }, index) => keys.findIndex((key) => key.column === column) === index);
}

/** The key that is this very column in the same image. */
function keyOfColumn(
  request: TableRequest, keys: readonly TableKey[], type: EngineType, column: number,
): TableKey | undefined {
  const at = request.buildKeys.findIndex((key) => key.kind === "column" && key.index === column);
  if (at < 0) return undefined;
  const key = defined(keys[at], "a key");
  return keyImage(type).stored === key.stored ? key : undefined;
}
