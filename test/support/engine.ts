// Runs physical plans over rows in plain TypeScript values: pages are built, pushed through compiled code and read
// back. Shared by the engine's tests.
import type { Expression, Scalar } from "#expr/expression.js";
import { inputsOf } from "#plan/columns_of.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import type { SpillOptions } from "#runtime/memory_budget.js";
import { buildPage } from "#runtime/page_builder.js";
import { PageReader, verifyPage, verifyViews } from "#runtime/page_reader.js";
import { PlanCache } from "#runtime/plan_cache.js";
import type { ColumnType } from "#types/column_type.js";
import { encodingOf } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import { type HelperSetting, PageBorrowers } from "./page_borrowers.js";

export const PAGE_BYTES = 65_536;
const POOL_PAGES = 64;

/** One memory for all tests of a file: state in front, a few pages of pool behind. */
export const memory = new EngineMemory(memoryLayout(512 * 1024 * 1024, POOL_PAGES * PAGE_BYTES));
export const cache = new PlanCache();

export function columnType(engine: EngineType, nullable = true): ColumnType {
  return {
    sqlType: 0,
    typmod: -1,
    collation: 0,
    engine,
    encoding: encodingOf(engine),
    scale: engine.kind === "decimal" ? engine.scale : 0,
    nullable,
  };
}

export const column = (index: number, type: EngineType): Expression => ({ kind: "column", index, type });

export interface RunOptions {
  readonly parameters?: ReadonlyMap<number, Scalar>;
  readonly ranges?: boolean;
  readonly resultBytes?: number;
  readonly visitsPerCall?: number;
  readonly spill?: SpillOptions;
  /** Threads that may help. */
  readonly helpers?: HelperSetting;
  /** Ends the execution early, after so many pages or leaves. */
  readonly turns?: number;
}

/** Pushes page images of leaf 0 and reads all results. */
export function runPages(
  plan: PhysicalPlan,
  pages: readonly Uint8Array[],
  options: RunOptions = {},
): { rows: Scalar[][]; execution: PlanExecution } {
  return runLeaves(plan, [pages], options);
}

/** Pushes each leaf's pages when they are wanted, and reads all results. */
export function runLeaves(
  plan: PhysicalPlan,
  leaves: readonly (readonly Uint8Array[])[],
  options: RunOptions = {},
): { rows: Scalar[][]; execution: PlanExecution } {
  const compiled = compileExecution(plan, cache);
  const { helpers: setting } = options;
  const helpers = setting && new PageBorrowers(setting, memory, cache, plan, options.parameters ?? new Map());
  const execution = new PlanExecution(compiled, {
    memory,
    resultBytes: options.resultBytes ?? PAGE_BYTES,
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    ...(options.visitsPerCall === undefined ? {} : { visitsPerCall: options.visitsPerCall }),
    ...(options.spill === undefined ? {} : { spill: options.spill }),
    ...(helpers === undefined ? {} : { morsels: helpers }),
  });
  const rows: Scalar[][] = [];
  const parts: Uint8Array[] = [];
  const take = (): void => {
    for (let image = execution.takeResult(); image !== undefined; image = execution.takeResult()) {
      parts.push(memory.bytes.slice(image.address, image.address + image.bytes));
      if (image.rows > 0) rows.push(...readResult(plan, Buffer.concat(parts.splice(0)), options));
    }
  };
  const pushed = leaves.map(() => 0);
  const lent = new Set<number>();
  const helped = (): void => {
    helpers?.step();
    for (const address of execution.takeBack()) lent.delete(address);
  };
  try {
    for (let turn = 0; !execution.done && turn !== options.turns; turn++) {
      take();
      const [leaf] = execution.wantedLeaves();
      if (leaf === undefined) continue;
      const index = pushed[leaf] ?? 0;
      const page = leaves[leaf]?.[index];
      if (setting?.dice.chance(50) === true) helped();
      if (page === undefined) {
        while (lent.size > 0) helped();
        execution.finishLeaf(leaf);
        continue;
      }
      const address = memory.layout.poolOffset + (index % POOL_PAGES) * PAGE_BYTES;
      while (lent.has(address)) helped();
      memory.bytes.set(page, address);
      pushed[leaf] = index + 1;
      if (execution.lend(leaf, address, index)) lent.add(address);
      else while (!execution.pushPage(leaf, address)) take();
    }
  } finally {
    execution.recall();
    execution.dispose();
    helpers?.end();
  }
  return { rows, execution };
}

function readResult(plan: PhysicalPlan, bytes: Uint8Array, options: RunOptions): Scalar[][] {
  const padded = new Uint8Array(Math.max(bytes.length, options.resultBytes ?? PAGE_BYTES));
  padded.set(bytes);
  const types = plan.outputs.map(({ type }) => type);
  verifyPage(padded, types);
  verifyViews(padded, types);
  return new PageReader(padded, types).all();
}

/** The columns of the only scan of a plan. */
export function scanColumns(plan: PhysicalPlan): readonly ColumnType[] {
  let operator = plan.root;
  while (operator.kind !== "scan") {
    const [input] = inputsOf(operator);
    if (input === undefined) throw new Error("no scan");
    operator = input;
  }
  return operator.columns;
}

/** Rows into pages of a few hundred rows, or as many as fit. */
export function pagesOf(
  columns: readonly ColumnType[],
  rows: readonly (readonly Scalar[])[],
  perPage: number,
  ranges = false,
): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let first = 0; first < rows.length; first += perPage) {
    pages.push(buildPage(columns, rows.slice(first, first + perPage), { pageBytes: PAGE_BYTES, ranges }));
  }
  return pages;
}
