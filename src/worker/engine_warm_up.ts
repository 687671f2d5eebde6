// Runs a plan over a made-up page, without anybody waiting for the answer: what the engine's first statement would
// load, compile and learn is there when it comes. Used once per executor thread, see warm_up_request.ts.
import { defined } from "#base/assert.js";
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import type { Scalar } from "#expr/expression.js";
import { Arena } from "#runtime/arena.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import type { EngineMemory } from "#runtime/memory.js";
import { buildPage } from "#runtime/page_builder.js";
import type { PlanCache } from "#runtime/plan_cache.js";
import { verifyPage } from "#runtime/page_reader.js";
import type { ColumnType } from "#types/column_type.js";
import { leafColumns } from "./plan_leaves.js";

const ROWS = 64;
const PAGE_BYTES = 65_536;
/** With and without NULLs: they run different code. */
const PAGES: readonly boolean[] = [false, true];

/** Image of a zero. */
const ZERO_NUMERIC: readonly number[] = [0, 0x80];
const INTERVAL_BYTES = 16;

/** A small value of a column's type. */
function sample(column: ColumnType, row: number): Scalar {
  switch (column.engine.kind) {
    case "bool":
      return row % 2 === 0;
    case "float4":
    case "float8":
      return row;
    case "text":
    case "bpchar":
      return new Uint8Array([0x61 + (row % 5)]);
    case "numeric":
      return new Uint8Array(ZERO_NUMERIC);
    case "interval":
      return new Uint8Array(INTERVAL_BYTES);
    case "opaque":
      return column.engine.byValue ? BigInt(row) : new Uint8Array(column.engine.width > 0 ? column.engine.width : 1);
    default:
      return BigInt(row);
  }
}

/** Compiles the plan into the cache and runs it to its end. */
export function warmUpEngine(planBytes: Uint8Array, memory: EngineMemory, cache: PlanCache): void {
  const plan = decodePhysicalPlan(planBytes);
  const compiled = compileExecution(plan, cache);
  const columns = defined(leafColumns(plan.root, plan.leafCount)[0], "a plan with a leaf");
  const arena = new Arena(memory);
  const execution = new PlanExecution(compiled, { memory, resultBytes: PAGE_BYTES });
  try {
    const address = arena.allocate(PAGE_BYTES);
    for (const nulls of PAGES) {
      const rows = Array.from({ length: ROWS }, (_, row) =>
        columns.map((column) => (nulls && row % 3 === 0 ? null : sample(column, row))));
      const page = buildPage(columns, rows, { pageBytes: PAGE_BYTES });
      verifyPage(page, columns);
      memory.bytes.set(page, address);
      while (!execution.pushPage(0, address)) execution.takeResult();
    }
    execution.finishLeaf(0);
    while (execution.takeResult() !== undefined);
    execution.stats();
  } finally {
    execution.dispose();
    arena.dispose();
  }
}
