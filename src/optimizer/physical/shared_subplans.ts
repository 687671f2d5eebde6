// Equal parts of a plan, run once: a view or WITH query that groups and is read twice, a subquery written out twice.
// Of these only groupings are shared: they are finished before anybody reads them, and small. What a join yields would
// have to be kept, and two pipelines that each keep nothing cost less than one table of all its rows; common rows
// (with_queries.ts) are kept because they are common, and only get their numbers here. Parts are equal when their
// operators are and their scans read the same columns of the same table under the same conditions.
// Counter-example: SELECT ... FROM (SELECT count(*) FROM t WHERE random() < 0.5) a, (the same) b reads t twice, for the
// two counts differ. Read next: src/lowering/pipeline.ts, which makes shared rows when the first reader is cut.
import { defined } from "#base/assert.js";
import { numberField, optionalNode } from "#frontend/text_fields.js";
import { mayDiffer } from "#optimizer/block_checks.js";
import type { StatementFacts, TableSource } from "#optimizer/from/table_source.js";
import type { CompactLeaf } from "#optimizer/leaf_columns.js";
import { columnsOf, inputsOf, withInputs } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";
import type { Leaf } from "#plan/planning.js";
import { withRuntimeFilters } from "./runtime_filters.js";

/** A leaf with what is known of it while the plan is made. */
export interface BuiltLeaf {
  readonly leaf: Leaf;
  /** Of its columns. */
  readonly names: readonly string[];
  /** Rows it is expected to deliver. */
  readonly rows: number;
  /** Why PostgreSQL runs it, where it is no table. */
  readonly reason: string | undefined;
  /** Equal for leaves that deliver the same rows; undefined where that is not certain. */
  readonly identity: string | undefined;
}

/** RTEKind of a table. */
const RELATION = 0;

/** What tells a leaf from others. */
export function leafIdentity(
  table: TableSource, { keys }: CompactLeaf, { texts, facts }: StatementFacts,
): string | undefined {
  const entry = table.query.rangeTable[table.rangeIndex - 1]?.source;
  if (entry === undefined || table.reason !== undefined || numberField(entry, "rtekind") !== RELATION) return undefined;
  if (optionalNode(entry, "tablesample") !== undefined) return undefined;
  if ([entry, ...table.quals].some((node) => mayDiffer(node, facts))) return undefined;
  return JSON.stringify([table.rangeIndex, texts.of(entry), table.quals.map((qual) => texts.of(qual)), keys]);
}

interface Occurrence {
  count: number;
  /** Some reader needs all rows. */
  isReadWhole: boolean;
}

class SharedPlanner {
  readonly kept: number[] = [];
  /** By leaf: the first leaf of the same identity; a leaf without one is like no other. */
  readonly #first: readonly number[];
  readonly #found = new Map<number, Occurrence>();
  readonly #shares = new Map<number, number>();
  readonly #numbers = new Map<PhysicalOperator, number>();
  readonly #numberByText = new Map<string, number>();
  /** Readings of common rows, by the number they have so far. */
  readonly #readings = new Map<number, number>();
  /** Their numbers among all that is shared now. */
  readonly #renumbered = new Map<number, number>();
  #shareCount = 0;

  constructor(leaves: readonly BuiltLeaf[]) {
    this.#first = leaves.map(({ identity }, number) => (
      identity === undefined ? number : leaves.findIndex((leaf) => leaf.identity === identity)));
  }

  get mayShare(): boolean {
    return this.#first.some((first, number) => first !== number);
  }

  countReadings(operator: PhysicalOperator): void {
    if (operator.kind === "sharedReading")
      this.#readings.set(operator.share, (this.#readings.get(operator.share) ?? 0) + 1);
    for (const input of inputsOf(operator)) this.countReadings(input);
  }

  /** What is in a part that was met before is no further occurrence: it goes with the part. */
  find(operator: PhysicalOperator, filtered: readonly Leaf[]): void {
    const key = this.#keyOf(operator);
    if (key !== undefined) {
      const known = this.#found.get(key);
      const occurrence = known ?? { count: 0, isReadWhole: false };
      occurrence.count++;
      occurrence.isReadWhole ||= !isFilteredFromAbove(operator, filtered);
      if (known !== undefined) return;
      this.#found.set(key, occurrence);
    }
    for (const input of inputsOf(operator)) this.find(input, filtered);
  }

  rebuilt(operator: PhysicalOperator): PhysicalOperator {
    const key = this.#keyOf(operator);
    const occurrence = key === undefined ? undefined : this.#found.get(key);
    if (key === undefined || occurrence === undefined || occurrence.count < 2 || !occurrence.isReadWhole)
      return this.#inside(operator);
    const columns = columnsOf(operator);
    const estimate = operator.rowsEstimate === undefined ? {} : { rowsEstimate: operator.rowsEstimate };
    const known = this.#shares.get(key);
    if (known !== undefined) return { kind: "sharedReading", share: known, columns, ...estimate };
    const input = this.#inside(operator);
    // After what is shared inside: numbers grow outwards.
    const share = this.#shareCount++;
    this.#shares.set(key, share);
    return { kind: "shared", share, input, columns, ...estimate };
  }

  #inside(operator: PhysicalOperator): PhysicalOperator {
    switch (operator.kind) {
      case "scan": {
        this.kept.push(operator.leaf);
        return { ...operator, leaf: this.kept.length - 1 };
      }
      case "shared": {
        const input = this.rebuilt(operator.input);
        if (!this.#readings.has(operator.share)) return input;
        const share = this.#shareCount++;
        this.#renumbered.set(operator.share, share);
        return { ...operator, share, input };
      }
      case "sharedReading":
        return { ...operator, share: defined(this.#renumbered.get(operator.share), "rows that were made before") };
      case "hashJoin": {
        // In the order the builder met the leaves: build sides first.
        const build = this.rebuilt(operator.build);
        return { ...operator, build, probe: this.rebuilt(operator.probe) };
      }
      default: return withInputs(operator, (input) => this.rebuilt(input));
    }
  }

  #keyOf(operator: PhysicalOperator): number | undefined {
    return operator.kind === "hashAggregate" ? this.#numberOf(operator) : undefined;
  }

  /** Equal for parts that are; runtime filters, which come and go with the place, do not count. */
  #numberOf(operator: PhysicalOperator): number {
    const known = this.#numbers.get(operator);
    if (known !== undefined) return known;
    const text = JSON.stringify(this.#bare(operator), asText);
    const number = this.#numberByText.get(text) ?? this.#numberByText.size;
    this.#numberByText.set(text, number);
    this.#numbers.set(operator, number);
    return number;
  }

  /** The operator alone: what is below it is known by number. */
  #bare(operator: PhysicalOperator): object {
    switch (operator.kind) {
      case "scan": return { ...operator, leaf: this.#first[operator.leaf] ?? operator.leaf };
      case "sharedReading": return operator;
      case "union": return { ...operator, inputs: operator.inputs.map((input) => this.#numberOf(input)) };
      case "hashJoin": {
        const { filters: _, ...join } = operator;
        return { ...join, probe: this.#numberOf(join.probe), build: this.#numberOf(join.build) };
      }
      default: return { ...operator, input: this.#numberOf(operator.input) };
    }
  }
}

/** Estimates depend on the place, and not every value of a constant has a form in JSON. */
function asText(field: string, value: unknown): unknown {
  if (field === "rowsEstimate") return undefined;
  return typeof value === "bigint" || typeof value === "symbol" ? String(value) : value;
}

function hasShares(operator: PhysicalOperator): boolean {
  return operator.kind === "shared" || inputsOf(operator).some(hasShares);
}

function scansIn(operator: PhysicalOperator): readonly number[] {
  return operator.kind === "scan" ? [operator.leaf] : inputsOf(operator).flatMap(scansIn);
}

function filtersIn(operator: PhysicalOperator): readonly number[] {
  const own = operator.kind === "hashJoin" ? (operator.filters ?? []).map(({ number }) => number) : [];
  return [...own, ...inputsOf(operator).flatMap(filtersIn)];
}

/** Whether a join above lets only a part of the rows be read. */
function isFilteredFromAbove(operator: PhysicalOperator, filtered: readonly Leaf[]): boolean {
  const own = new Set(filtersIn(operator));
  return scansIn(operator).some((leaf) => filtered[leaf]?.filters.some(({ filter }) => !own.has(filter)) === true);
}

/**
 * The plan with equal groupings made once, and the leaves it still has. Where filters of joins above would leave every
 * reader a part of the rows only, each reader makes its part: together they may be far less than the whole.
 */
export function shareSubplans(
  root: PhysicalOperator, leaves: readonly BuiltLeaf[], runtimeFilters: boolean,
): { readonly root: PhysicalOperator; readonly leaves: readonly BuiltLeaf[] } {
  const planner = new SharedPlanner(leaves);
  planner.countReadings(root);
  if (!planner.mayShare && !hasShares(root)) return { root, leaves };
  const plain = leaves.map(({ leaf }) => leaf);
  const filtered = runtimeFilters
    ? withRuntimeFilters(root, plain, leaves.map(({ rows }) => rows)) : { root, leaves: plain };
  planner.find(filtered.root, filtered.leaves);
  const rebuilt = planner.rebuilt(root);
  return { root: rebuilt, leaves: planner.kept.flatMap((number) => leaves[number] ?? []) };
}
