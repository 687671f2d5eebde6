// Groupings over random joins, in one step and in two: what the optimizer makes of them, compiled and interpreted,
// gives the rows of the plan that joins first. Printed plans of statements are in test/plans.
import { expect, test } from "vitest";
import type { Expression, Scalar } from "#expr/expression.js";
import { Attributes } from "#optimizer/attributes.js";
import type { StatementFacts, TableSource } from "#optimizer/from/table_source.js";
import { groupedEarly } from "#optimizer/grouping/eager_aggregation.js";
import { PhysicalBuilder } from "#optimizer/physical/physical_builder.js";
import type { LogicalJoinKind, LogicalOperator } from "#plan/logical.js";
import { inputsOf, originsOf } from "#plan/logical.js";
import type { AggregateCall, PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { columnType, pagesOf, runLeaves } from "../../../support/engine.js";
import { Dice } from "../../../support/random_plans.js";

const int4: EngineType = { kind: "int4" };
const int8: EngineType = { kind: "int8" };
const money: EngineType = { kind: "decimal", precision: 12, scale: 2 };
const wide: EngineType = { kind: "decimal", precision: 38, scale: 2 };
const large: EngineType = { kind: "decimal", precision: 25, scale: 2 };
const text: EngineType = { kind: "text", byteOrder: true };

/** Of every table: a key, a number, money, a text, and more money. */
const columns: readonly ColumnType[] = [int4, int4, money, text, large].map((type) => columnType(type));
const kinds: readonly LogicalJoinKind[] = ["inner", "inner", "left", "full", "semi", "anti"];

class Maker {
  readonly attributes = new Attributes();
  readonly tables: { readonly origin: number; readonly attributes: readonly number[] }[] = [];
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** What the builder asks of a statement. */
  get statement(): StatementFacts {
    const tables = this.tables.map(({ origin, attributes: own }, rangeIndex) => ({
      origin, rangeIndex, quals: [], query: { source: { id: 0 }, rangeTable: [] },
      leafColumnOf: (attribute: number) => own.indexOf(attribute),
      has: (attribute: number) => own.includes(attribute),
      distinctValues: () => 1 + this.#dice.below(1000),
      leaf: {
        compact: (used: ReadonlySet<number>) => {
          const kept = [...used].sort((a, b) => a - b);
          return { columns: [], types: kept.map((index) => columns[index]), names: kept.map(String), keys: [] };
        },
      },
    }));
    return { attributes: this.attributes, tables: tables as unknown as TableSource[] } as unknown as StatementFacts;
  }

  operator(depth: number): LogicalOperator {
    const dice = this.#dice;
    if (depth === 0) return this.#scan();
    if (dice.chance(15)) return this.#filter(this.operator(depth - 1));
    if (dice.chance(15)) return this.#compute(this.operator(depth - 1));
    return this.#join(this.operator(depth - 1), this.operator(dice.below(depth)));
  }

  column(operator: LogicalOperator, wanted: (type: EngineType) => boolean): Expression | undefined {
    const found = this.visible(operator).filter((each) => wanted(this.attributes.typeOf(each).engine));
    if (found.length === 0) return undefined;
    const index = this.#dice.pick(found);
    return { kind: "column", index, type: this.attributes.typeOf(index).engine };
  }

  visible(operator: LogicalOperator): number[] {
    const origins = originsOf(operator);
    return this.#all().filter((attribute) => origins.has(this.attributes.originOf(attribute)));
  }

  grouping(input: LogicalOperator): LogicalOperator {
    const dice = this.#dice;
    const origin = this.attributes.newOrigin();
    const keys = Array.from({ length: dice.below(3) }, () => this.#key(input)).flatMap((expression) => {
      if (expression === undefined) return [];
      const column = columnType(expression.type);
      return [{ attribute: this.#add(origin, column), expression, column }];
    });
    const aggregates = Array.from({ length: dice.below(5) }, () => this.#call(input)).map((call) => (
      { attribute: this.#add(origin, call.result), call }));
    return { kind: "aggregate", origin, input, keys, aggregates, rows: 1 + dice.below(100) };
  }

  readonly #made: number[] = [];

  #all(): readonly number[] {
    return this.#made;
  }

  #add(origin: number, type: ColumnType): number {
    const attribute = this.attributes.add(origin, "c", type);
    this.#made.push(attribute);
    return attribute;
  }

  #scan(): LogicalOperator {
    const origin = this.attributes.newOrigin();
    this.tables.push({ origin, attributes: columns.map((column) => this.#add(origin, column)) });
    const rows = this.#dice.pick([1, 10, 1000, 100_000]);
    return { kind: "scan", origin, tableRows: rows, rows };
  }

  #isPositive(operator: LogicalOperator): Expression {
    const argument = this.column(operator, ({ kind }) => kind === "int4");
    const zero: Expression = { kind: "constant", value: 0n, type: int4 };
    return { kind: "call", function: "integer.greater", type: { kind: "bool" }, arguments: [argument ?? zero, zero] };
  }

  #filter(input: LogicalOperator): LogicalOperator {
    return { kind: "filter", input, predicate: this.#isPositive(input), rows: Math.max(1, input.rows / 3) };
  }

  #compute(input: LogicalOperator): LogicalOperator {
    const origin = this.attributes.newOrigin();
    const argument = this.column(input, ({ kind }) => kind === "int4");
    const otherwise: Expression = { kind: "constant", value: 7n, type: int4 };
    const expression: Expression = argument === undefined
      ? otherwise : { kind: "coalesce", arguments: [argument, otherwise], type: int4 };
    const attribute = this.#add(origin, columnType(int4));
    return { kind: "compute", origin, input, columns: [{ attribute, expression }], rows: input.rows };
  }

  #join(left: LogicalOperator, right: LogicalOperator): LogicalOperator {
    const dice = this.#dice;
    const join = dice.pick(kinds);
    const sides = [left, right].map((side) => this.column(side, ({ kind }) => kind === "int4"));
    const [a, b] = sides;
    const conditions: Expression[] = a === undefined || b === undefined || dice.chance(10) ? []
      : [{ kind: "call", function: "integer.equal", arguments: [a, b], type: { kind: "bool" } }];
    const rows = dice.pick([1, 100, 100_000, 10_000_000]);
    return { kind: "join", join, left, right, conditions, build: dice.chance(50) ? "left" : "right", rows };
  }

  #key(input: LogicalOperator): Expression | undefined {
    const key = this.column(input, () => true);
    if (key?.type.kind !== "int4" || this.#dice.chance(60)) return key;
    const argument = this.column(input, ({ kind }) => kind === "text");
    return argument === undefined ? key
      : { kind: "isNull", argument, negated: this.#dice.chance(50), type: { kind: "bool" } };
  }

  #call(input: LogicalOperator): AggregateCall {
    const dice = this.#dice;
    const filter = dice.chance(25) ? { filter: this.#isPositive(input) } : {};
    const rows: AggregateCall = { function: "countRows", ...filter, result: columnType(int8, false) };
    const argument = this.#argument(input);
    if (argument === undefined || dice.chance(20)) return rows;
    const call = { argument, ...filter };
    const { kind } = argument.type;
    if (dice.chance(25)) return { ...call, function: "count", result: columnType(int8, false) };
    if (kind === "text" || kind === "bool" || dice.chance(30)) {
      const name = kind === "bool" ? "boolOr" as const : dice.pick(["min", "max"] as const);
      return { ...call, function: name, result: columnType(argument.type) };
    }
    if (kind === "int4" && dice.chance(20)) return { ...call, function: "bitXor", result: columnType(int4) };
    return { ...call, function: "sum", result: columnType(kind === "int4" ? int8 : wide) };
  }

  #argument(input: LogicalOperator): Expression | undefined {
    const column = this.column(input, ({ kind }) => kind !== "bool");
    if (column?.type.kind !== "int4" || this.#dice.chance(60)) return column;
    const otherwise: Expression = { kind: "constant", value: 5n, type: int4 };
    return { kind: "coalesce", arguments: [column, otherwise], type: int4 };
  }
}

interface Planned {
  readonly plan: PhysicalPlan;
  /** By leaf: its table, and which of the columns it delivers. */
  readonly leaves: readonly { readonly table: number; readonly columns: readonly number[] }[];
}

function planned(maker: Maker, operator: LogicalOperator, asked: readonly number[]): Planned {
  const builder = new PhysicalBuilder(maker.statement);
  const built = builder.build(operator, new Set(asked));
  const types = asked.map((each) => maker.attributes.typeOf(each));
  const values = asked.map((index, at): Expression => ({ kind: "column", index, type: types[at]?.engine ?? int4 }));
  const plan: PhysicalPlan = {
    version: 1, root: builder.project(built, values, types), leafCount: builder.leaves.length, parameters: [],
    outputs: types.map((type, index) => ({ name: `c${index}`, type })),
  };
  const leaves = builder.leaves.map(({ leaf, names }) => ({ table: leaf.rangeIndex, columns: names.map(Number) }));
  return { plan, leaves };
}

function groupings(operator: LogicalOperator): number {
  return (operator.kind === "aggregate" ? 1 : 0)
    + inputsOf(operator).reduce((sum, input) => sum + groupings(input), 0);
}

const shown = (rows: readonly (readonly Scalar[])[]): string[] => rows.map((row) => row.map(String).join("|")).sort();

function randomRows(dice: Dice): Scalar[][] {
  const nulls = dice.pick([0, 20]);
  const orNull = (value: Scalar): Scalar => (dice.chance(nulls) ? null : value);
  return Array.from({ length: dice.pick([0, 1, 6, 25]) }, () => [
    orNull(BigInt(dice.below(5))), orNull(BigInt(dice.below(9) - 3)), orNull(BigInt(dice.below(400))),
    orNull(new TextEncoder().encode(dice.pick(["a", "b", "a longer text than fits"]))),
    orNull(BigInt(dice.below(4)) * 10n ** 22n),
  ]);
}

/** Interpreted and compiled. */
function answers({ plan, leaves }: Planned, tables: readonly Scalar[][][]): readonly string[][] {
  const rows = leaves.map(({ table, columns: own }) =>
    (tables[table] ?? []).map((row) => own.map((index) => row[index] ?? null)));
  const pages = leaves.map(({ columns: own }, leaf) =>
    pagesOf(own.map((index) => columns[index] as ColumnType), rows[leaf] ?? [], 11));
  return [shown(interpret(plan, rows)), shown(runLeaves(plan, pages).rows)];
}

test("groupings in two steps give the rows of one", () => {
  let steps = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const dice = new Dice(seed);
    const maker = new Maker(dice);
    const grouping = maker.grouping(maker.operator(1 + dice.below(3)));
    const asked = maker.visible(grouping);
    const early = groupedEarly(grouping, maker.statement, Infinity);
    steps += groupings(early) - 1;
    const tables = maker.tables.map(() => randomRows(dice));
    const [interpreted, compiled] = answers(planned(maker, grouping, asked), tables);
    const [earlyInterpreted, earlyCompiled] = answers(planned(maker, early, asked), tables);
    expect(compiled, `seed ${seed}`).toEqual(interpreted);
    expect(earlyInterpreted, `seed ${seed}`).toEqual(interpreted);
    expect(earlyCompiled, `seed ${seed}`).toEqual(interpreted);
  }
  expect(steps).toBeGreaterThan(40);
});
