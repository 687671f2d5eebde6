// Which leaves a hash join's build side may filter while they are read, and where that is expected to pay. A leaf's row
// may be left out when every row made of it would be dropped by the join, so the join must drop probe rows without
// partner, and what lies between must only ever make fewer rows of fewer: the sides listed below.
// Counter-example: SELECT ... FROM (t LEFT JOIN u ON t.a = u.a) JOIN w ON u.b = w.b may not filter u as the probe of
// that left join: rows of t that lost their partner would come back with NULLs. Read next: src/plan/physical.ts.
import { assert } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { columnsOf, inputsOf, withInputs } from "#plan/columns_of.js";
import type { JoinKind, PhysicalOperator, RuntimeFilter } from "#plan/physical.js";
import type { FilterKeyKind, Leaf, LeafFilter } from "#plan/planning.js";
import { DECIMAL64_PRECISION_MAX } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";

type HashJoin = Extract<PhysicalOperator, { readonly kind: "hashJoin" }>;

/** Joins that yield nothing of a probe row without partner. */
const dropsUnmatchedProbe: Readonly<Record<JoinKind, boolean>> = {
  inner: true, right: true, semi: true, rightSemi: true, rightAnti: true,
  left: false, full: false, anti: false, nullAwareAnti: false,
};

/** Sides of which a row can be left out of a join below: nothing changes but that the rows made of it are missing. */
const independentSides: Readonly<Record<JoinKind, { readonly probe: boolean; readonly build: boolean }>> = {
  inner: { probe: true, build: true },
  left: { probe: true, build: false },
  right: { probe: false, build: true },
  full: { probe: false, build: false },
  semi: { probe: true, build: false },
  anti: { probe: true, build: false },
  nullAwareAnti: { probe: true, build: false },
  rightSemi: { probe: false, build: true },
  rightAnti: { probe: false, build: true },
};

/** Fewer rows are read before a filter could be tested on them. */
const LEAF_ROWS_MIN = 1000;
/**
 * A build side that nothing has filtered usually holds a partner for every row (a foreign key), except where it is so
 * much smaller that it costs nothing to find out.
 */
const UNFILTERED_BUILD_RATIO = 10;
/** Numbers of a leaf's filters stand in a fixed array of its producers. */
const LEAF_FILTERS_MAX = 8;
/** Object ids and enums: shorter values are too few for a filter to reject much. */
const OPAQUE_WORD_BYTES_MIN = 4;
/** Keys of one filter (native/shm/runtime_filter.h); more make it no better. */
const FILTER_KEYS_MAX = 8;

interface LeafColumn {
  readonly leaf: number;
  readonly column: number;
}

const integers: ReadonlySet<EngineType["kind"]> = new Set(["int2", "int4", "int8"]);

/** The column an expression is, seen through casts that leave the value's words as they are. */
function plainColumn(expression: Expression): number | undefined {
  if (expression.kind === "column") return expression.index;
  if (expression.kind !== "call") return undefined;
  const [argument] = expression.arguments;
  if (argument === undefined || !expression.function.startsWith("cast.")) return undefined;
  const [from, to] = [argument.type, expression.type];
  const widens = integers.has(from.kind) && integers.has(to.kind)
    || from.kind === "decimal" && to.kind === "decimal" && from.scale === to.scale && from.precision <= to.precision;
  return widens ? plainColumn(argument) : undefined;
}

/** The leaf columns that an operator's column is, where leaving out rows by it is allowed; several under a union. */
function leafColumns(operator: PhysicalOperator, column: number): readonly LeafColumn[] {
  const below = (input: PhysicalOperator, expression: Expression | undefined): readonly LeafColumn[] => {
    const own = expression === undefined ? undefined : plainColumn(expression);
    return own === undefined ? [] : leafColumns(input, own);
  };
  switch (operator.kind) {
    case "scan": return [{ leaf: operator.leaf, column }];
    case "filter": return leafColumns(operator.input, column);
    case "project": return below(operator.input, operator.expressions[column]);
    // A group goes as a whole: all its rows have the key.
    case "hashAggregate": return below(operator.input, operator.keys[column]);
    // A partition goes as a whole too; within one, every row counts for the others.
    case "window": {
      const isKey = operator.partition.some((key) => key.kind === "column" && key.index === column);
      return isKey ? leafColumns(operator.input, column) : [];
    }
    case "sort": return operator.limit === undefined ? leafColumns(operator.input, column) : [];
    case "union": return operator.inputs.flatMap((input) => leafColumns(input, column));
    // Others read what is shared as well.
    case "limit": case "singleRow": case "shared": case "sharedReading": return [];
    case "hashJoin": {
      const yieldsBuildAlone = operator.join === "rightSemi" || operator.join === "rightAnti";
      const probeColumns = yieldsBuildAlone ? 0 : columnsOf(operator.probe).length;
      const sides = independentSides[operator.join];
      if (column < probeColumns) return sides.probe ? leafColumns(operator.probe, column) : [];
      return sides.build ? leafColumns(operator.build, column - probeColumns) : [];
    }
  }
}

/** As what the two sides of a key are compared; undefined where bits and equality differ. */
export function filterKeyKind(probe: EngineType, build: EngineType): FilterKeyKind | undefined {
  switch (build.kind) {
    case "bool": case "int2": case "int4": case "int8": case "date": case "time": case "timestamp": case "timestamptz":
      return "word";
    // Both sides take one zero and one NaN for all; a float4 is its own 32 bits.
    case "float4": case "float8": return probe.kind === build.kind ? "word" : undefined;
    case "decimal": {
      const precision = Math.max(build.precision, probe.kind === "decimal" ? probe.precision : 0);
      return precision <= DECIMAL64_PRECISION_MAX ? "word" : "pair";
    }
    case "text": case "bpchar": return "bytes";
    case "opaque":
      if (!build.byValue) return "bytes";
      return build.bitwiseEqual && build.width >= OPAQUE_WORD_BYTES_MIN ? "word" : undefined;
    case "numeric": case "interval": return undefined;
  }
}

/** Whether fewer rows come out than the tables below hold. */
function isSelective(operator: PhysicalOperator, leaves: readonly Leaf[]): boolean {
  switch (operator.kind) {
    case "scan": return (leaves[operator.leaf]?.qualNodes.length ?? 0) > 0;
    case "filter": case "limit": case "singleRow": return true;
    case "hashJoin":
      if (operator.join === "full") return false;
      return operator.join === "semi" || operator.join === "rightSemi"
        || inputsOf(operator).some((input) => isSelective(input, leaves));
    default: return inputsOf(operator).some((input) => isSelective(input, leaves));
  }
}

class FilterPlanner {
  readonly leafFilters: LeafFilter[][];
  readonly #leaves: readonly Leaf[];
  readonly #leafRows: readonly number[];
  #next = 0;

  constructor(leaves: readonly Leaf[], leafRows: readonly number[]) {
    this.#leaves = leaves;
    this.#leafRows = leafRows;
    this.leafFilters = leaves.map(() => []);
  }

  rebuilt(operator: PhysicalOperator): PhysicalOperator {
    const filters = operator.kind === "hashJoin" ? this.#filtersOf(operator) : [];
    const rebuilt = withInputs(operator, (input) => this.rebuilt(input));
    return rebuilt.kind === "hashJoin" && filters.length > 0 ? { ...rebuilt, filters } : rebuilt;
  }

  #filtersOf(join: HashJoin): readonly RuntimeFilter[] {
    if (!dropsUnmatchedProbe[join.join]) return [];
    const keysByLeaf = new Map<number, { key: number; column: number; kind: FilterKeyKind }[]>();
    join.probeKeys.forEach((probeKey, key) => {
      const buildKey = join.buildKeys[key];
      const column = plainColumn(probeKey);
      const kind = buildKey === undefined ? undefined : filterKeyKind(probeKey.type, buildKey.type);
      if (column === undefined || kind === undefined) return;
      for (const target of leafColumns(join.probe, column)) {
        const keys = keysByLeaf.get(target.leaf) ?? [];
        if (keys.length < FILTER_KEYS_MAX && !keys.some((each) => each.key === key))
          keysByLeaf.set(target.leaf, [...keys, { key, column: target.column, kind }]);
      }
    });
    return [...keysByLeaf].flatMap(([leaf, keys]) => {
      const own = this.leafFilters[leaf];
      assert(own !== undefined, "a leaf of the plan");
      if (own.length >= LEAF_FILTERS_MAX || !this.#pays(join, leaf)) return [];
      const number = this.#next++;
      own.push({ filter: number, keys: keys.map(({ column, kind }) => ({ column, kind })) });
      const pairs = keys.map(({ key, column }) => ({ key, column }));
      return [{ number, leaf, keys: pairs, rowsEstimate: Math.round(this.#leafRows[leaf] ?? 0) }];
    });
  }

  #pays({ build, buildRowsEstimate }: HashJoin, leaf: number): boolean {
    const leafRows = this.#leafRows[leaf] ?? 0;
    if (leafRows < LEAF_ROWS_MIN) return false;
    const ratio = isSelective(build, this.#leaves) ? 1 : UNFILTERED_BUILD_RATIO;
    return buildRowsEstimate * ratio <= leafRows;
  }
}

/** The plan with its runtime filters, on the joins that make them and on the leaves that test them. */
export function withRuntimeFilters(
  root: PhysicalOperator, leaves: readonly Leaf[], leafRows: readonly number[],
): { readonly root: PhysicalOperator; readonly leaves: readonly Leaf[] } {
  const planner = new FilterPlanner(leaves, leafRows);
  const rebuilt = planner.rebuilt(root);
  return {
    root: rebuilt,
    leaves: leaves.map((leaf, number) => ({ ...leaf, filters: planner.leafFilters[number] ?? [] })),
  };
}
