// Random trees of joins, unions, limits and single rows over several leaves, for differential tests. Expressions and
// values are those of random_plans.ts.
import type { Expression, Scalar } from "#expr/expression.js";
import { columnsOf } from "#plan/columns_of.js";
import type { JoinKind, PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { columnType } from "./engine.js";
import { Dice, growExpressions, randomAggregates, randomValue, types } from "./random_plans.js";

const joins: readonly JoinKind[] = [
  "inner", "left", "right", "full", "semi", "anti", "nullAwareAnti", "rightSemi", "rightAnti",
];

/** Rows of all leaves paired with each other: the most that a join of them gives, or a sort writes to disk. */
const PAIRS_MAX = 30_000;

export interface RandomJoinPlan {
  readonly plan: PhysicalPlan;
  readonly parameters: ReadonlyMap<number, Scalar>;
  readonly leaves: readonly Scalar[][][];
  readonly scans: readonly (readonly ColumnType[])[];
}

/** Few types, so that keys find partners; every leaf draws from the same few values of each. */
class Grower {
  readonly scans: ColumnType[][] = [];
  readonly parameters: EngineType[] = [];
  readonly #dice: Dice;
  readonly #types: readonly EngineType[];

  constructor(dice: Dice, chosen: readonly EngineType[]) {
    this.#dice = dice;
    this.#types = chosen;
  }

  operator(depth: number): PhysicalOperator {
    const dice = this.#dice;
    if (depth === 0 || this.scans.length > 4) return this.#scan();
    switch (dice.below(10)) {
      case 0: return this.#filter(this.operator(depth - 1));
      case 1: return this.#project(this.operator(depth - 1));
      case 2: return this.#aggregate(this.operator(depth - 1));
      case 3: return this.#union(depth);
      case 4: return dice.chance(50) ? this.limit(this.operator(depth - 1)) : this.sort(this.operator(depth - 1));
      default: return this.#join(depth);
    }
  }

  limit(input: PhysicalOperator): PhysicalOperator {
    const dice = this.#dice;
    const bound = (): Expression => ({
      kind: "constant", type: { kind: "int8" }, value: dice.chance(10) ? null : BigInt(dice.below(40)),
    });
    return {
      kind: "limit", input, columns: columnsOf(input),
      ...(dice.chance(80) ? { count: bound() } : {}),
      ...(dice.chance(30) ? { offset: bound() } : {}),
    };
  }

  sort(input: PhysicalOperator): PhysicalOperator {
    const dice = this.#dice;
    const pool = this.#expressions(columnsOf(input)).filter(({ type }) =>
      type.kind !== "opaque" && (!("byteOrder" in type) || type.byteOrder));
    if (pool.length === 0) return input;
    const keys = Array.from({ length: 1 + dice.below(3) }, () => ({
      expression: dice.pick(pool), descending: dice.chance(50), nullsFirst: dice.chance(50),
    }));
    const columns = columnsOf(input);
    return { kind: "sort", input, keys, columns, ...(dice.chance(30) ? { limit: 1 + dice.below(20) } : {}) };
  }

  #scan(): PhysicalOperator {
    const dice = this.#dice;
    const columns = Array.from({ length: 1 + dice.below(3) }, () =>
      columnType(dice.pick(this.#types), dice.chance(60)));
    this.scans.push(columns);
    return { kind: "scan", leaf: this.scans.length - 1, columns };
  }

  #expressions(columns: readonly ColumnType[]): Expression[] {
    return growExpressions(this.#dice, columns.map(({ engine }) => engine), this.parameters, 4, true);
  }

  #condition(columns: readonly ColumnType[]): Expression | undefined {
    const conditions = this.#expressions(columns).filter((each) => each.type.kind === "bool");
    return conditions.length === 0 ? undefined : this.#dice.pick(conditions);
  }

  #filter(input: PhysicalOperator): PhysicalOperator {
    const predicate = this.#condition(columnsOf(input));
    return predicate === undefined ? input : { kind: "filter", input, predicate };
  }

  #project(input: PhysicalOperator): PhysicalOperator {
    const pool = this.#expressions(columnsOf(input));
    const expressions = Array.from({ length: 1 + this.#dice.below(3) }, () => this.#dice.pick(pool));
    const columns = expressions.map(({ type }) => columnType(type));
    return { kind: "project", input, expressions, columns };
  }

  #aggregate(input: PhysicalOperator): PhysicalOperator {
    const pool = this.#expressions(columnsOf(input));
    const keys = Array.from({ length: this.#dice.below(3) }, () => this.#dice.pick(pool));
    const aggregates = randomAggregates(this.#dice, pool);
    const columns = [...keys.map(({ type }) => columnType(type)), ...aggregates.map(({ result }) => result)];
    return { kind: "hashAggregate", input, keys, aggregates, columns, groupsEstimate: 0 };
  }

  #union(depth: number): PhysicalOperator {
    const first = this.operator(depth - 1);
    const columns = columnsOf(first).map(({ engine }) => columnType(engine));
    const inputs = [first];
    for (let more = this.#dice.below(3); more > 0; more--) inputs.push(this.#like(columns));
    return { kind: "union", inputs, columns };
  }

  /** A projection to given columns, from whatever fits. */
  #like(columns: readonly ColumnType[]): PhysicalOperator {
    const input = this.#scan();
    const own = columnsOf(input);
    const expressions = columns.map(({ engine }): Expression => {
      const at = own.findIndex((column) => JSON.stringify(column.engine) === JSON.stringify(engine));
      return at >= 0
        ? { kind: "column", index: at, type: engine }
        : this.#constant(engine);
    });
    return { kind: "project", input, expressions, columns };
  }

  #constant(type: EngineType): Expression {
    const value = this.#dice.chance(20) ? null : randomValue(this.#dice, type, true);
    return { kind: "constant", type, value };
  }

  #join(depth: number): PhysicalOperator {
    const dice = this.#dice;
    const probe = this.operator(depth - 1);
    let build = this.operator(depth - 1 - dice.below(depth));
    const join = dice.pick(joins);
    if (dice.chance(10)) build = { kind: "singleRow", input: this.#one(build), columns: columnsOf(build) };
    const [left, right] = [columnsOf(probe), columnsOf(build)];
    const probeKeys: Expression[] = [];
    const buildKeys: Expression[] = [];
    const wanted = join === "nullAwareAnti" ? 1 : dice.pick([0, 1, 1, 1, 2, 3]);
    const pool = this.#expressions(left);
    for (let tries = 0; tries < 40 && probeKeys.length < wanted; tries++) {
      const key = dice.pick(left.length > 0 && dice.chance(70) ? pool.slice(0, left.length) : pool);
      const partners = right.flatMap(({ engine }, index) =>
        (JSON.stringify(engine) === JSON.stringify(key.type) ? [index] : []));
      if (partners.length === 0) continue;
      probeKeys.push(key);
      buildKeys.push({ kind: "column", index: dice.pick(partners), type: key.type });
    }
    const kind = join === "nullAwareAnti" && probeKeys.length !== 1 ? "anti" : join;
    const residual = kind !== "nullAwareAnti" && dice.chance(35)
      ? this.#condition([...left, ...right])
      : undefined;
    const columns = kind === "rightSemi" || kind === "rightAnti"
      ? right
      : kind === "semi" || kind === "anti" || kind === "nullAwareAnti" ? left : [...left, ...right];
    return {
      kind: "hashJoin", join: kind, probe, build, probeKeys, buildKeys, buildRowsEstimate: 0,
      columns: columns.map((column) => ({ ...column, nullable: true })),
      ...(residual === undefined ? {} : { residual }),
    };
  }

  /** At most one row most of the time, so that single rows are not always errors. */
  #one(input: PhysicalOperator): PhysicalOperator {
    if (this.#dice.chance(20)) return input;
    const count: Expression = { kind: "constant", type: { kind: "int8" }, value: BigInt(this.#dice.below(2)) };
    return { kind: "limit", input, count, columns: columnsOf(input) };
  }
}

export function randomJoinPlan(seed: number): RandomJoinPlan {
  const dice = new Dice(seed);
  const chosen = Array.from({ length: 1 + dice.below(3) }, () => dice.pick(types));
  const grower = new Grower(dice, chosen);
  let root = grower.operator(1 + dice.below(3));
  const top = dice.below(10);
  if (top < 2) root = grower.limit(root);
  else if (top < 4) root = grower.sort(root);
  const nullPercent = dice.pick([0, 10, 30]);
  const distinct = dice.pick([1, 3, 12]);
  const palettes = new Map(chosen.map((type) =>
    [JSON.stringify(type), Array.from({ length: distinct }, () => randomValue(dice, type, true))] as const));
  let pairs = PAIRS_MAX;
  const leaves = grower.scans.map((columns) => {
    const length = Math.min(dice.pick([0, 1, 5, 12, 30]), pairs);
    pairs = Math.floor(pairs / Math.max(1, length));
    return Array.from({ length }, () =>
      columns.map(({ engine, nullable }): Scalar => {
        if (nullable && dice.chance(nullPercent)) return null;
        return dice.pick(palettes.get(JSON.stringify(engine)) ?? []);
      }));
  });
  const plan: PhysicalPlan = {
    version: 1,
    root,
    leafCount: grower.scans.length,
    outputs: columnsOf(root).map(({ engine }, index) => ({ name: `c${index}`, type: columnType(engine) })),
    parameters: grower.parameters.map((type, index) => ({ id: index + 1, type })),
  };
  const parameters = new Map(grower.parameters.map((type, index) =>
    [index + 1, dice.chance(10) ? null : randomValue(dice, type, true)] as const));
  return { plan, parameters, leaves, scans: grower.scans };
}
