// Grows whole statements: joins of all kinds, derived tables, WITH, groupings, windows, set operations, subqueries in
// every clause, LIMIT under a total order. A statement leaves nothing of its answer open, except the order of rows
// where there is no ORDER BY. Read next: tree.ts for what a statement is, expressions.ts for what fills it.
import type { Dice } from "../random_plans.js";
import { constant, grow, growExact, leaf, type Scope, type ScopeColumn } from "./expressions.js";
import { aggregate, keyKinds } from "./aggregates.js";
import { functionRows, type NamedColumn, recursiveQueries, rowsOfValue, valuesOf } from "./row_sources.js";
import { columns as schemaColumns, largeTable, tables, views } from "./schema.js";
import { type Built, correlated, scalarSubquery, type SubqueryHost, subqueryCondition } from "./subqueries.js";
import type { CommonTable, Expression, FromItem, Kind, Query, Select, Target } from "./tree.js";
import { groupings, kinds, orderable, plainSelect, textOf } from "./tree.js";
import { windowCall, windowsOverRows } from "./windows.js";

/** How far statements may nest. */
const DEPTH_MAX = 2;

interface Source {
  readonly name: string;
  readonly columns: readonly NamedColumn[];
}

const sourceOf = ({ name }: { readonly name: string }): Source => ({
  name,
  columns: schemaColumns.map(({ name: column, kind, exact }) => ({ name: column, kind, exact })),
});

const plainTables: readonly Source[] = [...tables, ...views].map(sourceOf);

export interface Features {
  readonly setOperations: boolean;
  readonly windows: boolean;
  readonly subqueries: boolean;
  readonly lateral: boolean;
}

export const allFeatures: Features = { setOperations: true, windows: true, subqueries: true, lateral: true };

const limits = [
  "LIMIT 5", "LIMIT 3 OFFSET 2", "OFFSET 4", "LIMIT 0", "LIMIT 20", "LIMIT ALL", "LIMIT NULL OFFSET 1", "LIMIT (1 + 2)",
  "FETCH FIRST 4 ROWS WITH TIES",
];

/** The same rows each time. */
const samples = ["BERNOULLI (50) REPEATABLE (7)", "SYSTEM (100) REPEATABLE (1)"];

/** Columns as expressions see them. */
function under(alias: string, columns: readonly NamedColumn[]): readonly ScopeColumn[] {
  return columns.map(({ name, kind, exact }) => ({ text: `${alias}.${name}`, kind, exact }));
}

/** Aliases of tables in scope, of which all columns are. */
function tablesIn(columns: readonly ScopeColumn[]): readonly string[] {
  return columns.flatMap(({ text }) => /^(t\d+)\.id$/.exec(text)?.[1] ?? []);
}

/** A whole row as text, or a system column, of a table in scope. */
function rowParts(dice: Dice, kind: Kind, columns: readonly ScopeColumn[]): Expression | undefined {
  if (!dice.chance(2) || (kind !== "text" && kind !== "bool")) return undefined;
  const aliases = tablesIn(columns);
  if (aliases.length === 0) return undefined;
  const alias = dice.pick(aliases);
  return kind === "bool"
    ? leaf("bool", dice.pick([`(${alias} IS NOT NULL)`, `(${alias}.tableoid = 'gen_a'::regclass)`]))
    : leaf("text", `${alias}${dice.pick(["", ".ctid", ".tableoid::regclass", ".xmax"])}::text`);
}

function both(first: Expression, second: Expression): Expression {
  return { node: "expression", kind: "bool", exact: true, parts: ["(", first, " AND ", second, ")"] };
}

/** Whether it may read the items before it. */
function isLateral(item: FromItem): boolean {
  return item.node === "function" || (item.node === "derived" && item.lateral);
}

/** Equal values of two exact columns have equal text; numerics of two scales and char(n) of two lengths have not. */
const looksAlike = (kind: Kind): boolean => kind !== "numeric" && kind !== "bpchar";

export class StatementMaker {
  private readonly dice: Dice;
  private readonly features: Features;
  private aliases = 0;
  /** WITH queries that may be named. */
  private common: Source[] = [];

  constructor(dice: Dice, features: Features = allFeatures) {
    this.dice = dice;
    this.features = features;
  }

  /** A whole statement. */
  statement(): Query {
    this.aliases = 0;
    this.common = [];
    const { dice } = this;
    if (this.features.setOperations && dice.chance(8)) return this.setOperation(0, []).query;
    const made = this.select(0, [], undefined);
    return dice.chance(50) ? this.limited(made, dice.chance(50)) : made;
  }

  /** In order, perhaps cut off, or the first of each kind, where none of that leaves a row open. */
  private limited(given: Select, cut: boolean): Select {
    const { dice } = this;
    const made = orderable(given);
    const isExact = made.targets.every(({ value }) => value.exact);
    const direction = dice.chance(60) ? "" : dice.pick([" DESC", " NULLS FIRST", " DESC NULLS LAST"]);
    if (cut && isExact && dice.chance(10))
      return { ...made, direction, tied: true, limit: `FETCH FIRST ${dice.pick([1, 3, 8])} ROWS WITH TIES` };
    const limit = cut ? dice.pick(limits) : "";
    if (isExact && !made.distinct && dice.chance(12))
      return { ...made, direction, ordered: true, limit, distinctOn: 1 + dice.below(made.targets.length) };
    return made.distinct && !isExact ? made : { ...made, direction, ordered: true, limit };
  }

  private alias(prefix: string): string {
    this.aliases += 1;
    return `${prefix}${this.aliases}`;
  }

  private setOperation(
    depth: number,
    outer: readonly ScopeColumn[],
    kinds?: readonly Kind[],
  ): { query: Query; columns: readonly NamedColumn[] } {
    const { dice } = this;
    const wanted = kinds ?? Array.from({ length: 1 + dice.below(3) }, () => dice.pick(keyKinds));
    const left = this.select(depth + 1, outer, wanted);
    const right = this.arm(depth, outer, wanted);
    const operation = dice.pick([
      "UNION ALL",
      "UNION",
      "INTERSECT",
      "EXCEPT",
      "UNION ALL",
      "EXCEPT ALL",
      "INTERSECT ALL",
    ]);
    const ordered = dice.chance(20) && wanted.every(looksAlike);
    const limit = ordered && dice.chance(60) ? dice.pick(limits) : "";
    const query: Query = { node: "setOperation", operation, left, right, ordered, limit };
    return {
      query,
      columns: left.targets.map(({ name, value: { kind, exact } }) =>
        ({ name, kind, exact: exact && looksAlike(kind) })),
    };
  }

  /** The right arm of a set operation: a SELECT, VALUES, or another set operation. */
  private arm(depth: number, outer: readonly ScopeColumn[], wanted: readonly Kind[]): Query {
    const { dice } = this;
    if (dice.chance(8)) return valuesOf(dice, wanted).query;
    const select = this.select(depth + 1, outer, wanted);
    if (dice.chance(8)) return { ...orderable(select), ordered: true, limit: dice.pick(limits) };
    if (!dice.chance(15)) return select;
    const operation = dice.pick(["UNION ALL", "UNION", "EXCEPT", "INTERSECT ALL"]);
    const other = this.select(depth + 1, outer, wanted);
    // The order of an arm shows in what its limit keeps.
    const limit = dice.chance(30) && wanted.every(looksAlike) ? dice.pick(limits) : "";
    return { node: "setOperation", operation, left: select, right: other, ordered: limit !== "", limit };
  }

  /** A SELECT; with `wanted`, of exact values of just these kinds. */
  private select(depth: number, outer: readonly ScopeColumn[], wanted: readonly Kind[] | undefined): Select {
    const { dice } = this;
    const known = this.common;
    const common = dice.chance(depth === 0 ? 15 : 3) ? this.commonTables(depth) : [];
    const made = this.body(depth, outer, wanted);
    // Queries outside see no more than they did.
    this.common = known;
    return { ...made, common };
  }

  /** All but WITH. */
  private body(depth: number, outer: readonly ScopeColumn[], wanted: readonly Kind[] | undefined): Select {
    const { dice } = this;
    const from = this.from(depth);
    const local = from.flatMap((each) => each.columns);
    const isJoin = from.length > 1 || from.some(({ item }) => item.node !== "table");
    const scope: Scope = {
      columns:
        local.length === 0 || dice.chance(90)
          ? [...local, ...outer.slice(0, outer.length > 0 && dice.chance(30) ? 3 : 0)]
          : local,
      mayFail: depth === 0 && dice.chance(isJoin ? 3 : 10),
      special: (kind, left) => rowParts(dice, kind, local) ?? this.subquery(kind, depth, left, local),
    };
    // Which of two errors comes first is open: conditions are met some rows ahead.
    const failsInWhere = scope.mayFail && dice.chance(50);
    const listed = from.length > 1 ? this.equality(from[0]?.columns ?? [], from[1]?.columns ?? []) : undefined;
    // Few, so that rows are left.
    const chosen = dice.chance(depth === 0 ? 45 : 30) ? this.condition(scope, failsInWhere && !isJoin) : undefined;
    const where = listed === undefined || chosen === undefined ? listed ?? chosen : both(listed, chosen);
    const above: Scope = { ...scope, mayFail: scope.mayFail && !failsInWhere };
    const shape = dice.below(10);
    const base = { ...plainSelect, from: from.map(({ item }) => item), where };
    if (shape < 4 && local.length > 0) return { ...base, ...this.grouped(above, wanted) };
    const distinct = wanted === undefined ? dice.chance(15) : dice.chance(5);
    const targets = this.targets(above, wanted, distinct, depth);
    return { ...base, distinct, targets };
  }

  private condition(scope: Scope, mayFail: boolean): Expression {
    const { dice } = this;
    return grow(dice, { ...scope, mayFail: scope.mayFail && mayFail }, "bool", 1 + dice.below(dice.chance(60) ? 1 : 3));
  }

  private targets(
    scope: Scope,
    wanted: readonly Kind[] | undefined,
    distinct: boolean,
    depth: number,
  ): readonly Target[] {
    const { dice } = this;
    const withWindows =
      this.features.windows && !distinct && wanted === undefined && dice.chance(depth === 0 ? 15 : 5);
    const list = wanted ?? Array.from({ length: 1 + dice.below(4) }, () => dice.pick(kinds));
    const withSets = wanted === undefined && !distinct && !withWindows && depth === 0 && dice.chance(3);
    return list.map((kind, index) => {
      if (withSets && index > 0 && dice.chance(50)) return { name: `c${index + 1}`, value: rowsOfValue(dice, scope) };
      const value =
        withWindows && dice.chance(60)
          ? windowCall(dice, windowsOverRows(dice, scope))
          : wanted === undefined && !distinct
            ? grow(dice, scope, kind, dice.below(4))
            : this.exactOf(scope, kind);
      return { name: `c${index + 1}`, value };
    });
  }

  private exactOf(scope: Scope, kind: Kind): Expression {
    const { dice } = this;
    for (let attempt = 0; attempt < 20; attempt++) {
      const grown = grow(dice, { ...scope, mayFail: false }, kind, dice.below(2));
      if (grown.exact && grown.kind === kind) return grown;
    }
    return constant(dice, kind);
  }

  private grouped(
    scope: Scope,
    wanted: readonly Kind[] | undefined,
  ): Pick<Select, "targets" | "groupBy" | "grouping" | "having"> {
    const { dice } = this;
    const plain = { columns: scope.columns, mayFail: false };
    const owners = wanted === undefined && dice.chance(6) ? tablesIn(scope.columns) : [];
    const owner = owners.length > 0 ? dice.pick(owners) : undefined;
    const keys = owner !== undefined ? [leaf("int4", `${owner}.id`)] : Array.from({ length: dice.below(4) }, () =>
      growExact(dice, plain, keyKinds, dice.chance(60) ? 0 : 1 + dice.below(2)),
    ).filter((key) => key.parts.length > 1 || !/^([\d.]+|true|false)$/.test(String(key.parts[0])));
    // PostgreSQL 15 does not sort by a constant key of grouping sets, although some of its values are NULL.
    const canSet = owner === undefined && keys.length > 0 && keys.every((key) => textOf(key).includes("."));
    const grouping = canSet && dice.chance(12) ? dice.pick(groupings) : "";
    const keyColumns = keys.map((key): Expression => key);
    // A table's primary key brings its other columns along.
    const dependent = scope.columns.filter(({ text }) => owner !== undefined && text.startsWith(`${owner}.`));
    const inner: Scope = {
      columns: dependent,
      mayFail: scope.mayFail,
      special: (kind) => {
        const fitting = keyColumns.filter((key) => key.kind === kind);
        if (grouping !== "" && kind === "int4" && dice.chance(30))
          return leaf("int4", `GROUPING(${keys.map(textOf).join(", ")})`);
        if (fitting.length > 0 && dice.chance(50)) return dice.pick(fitting);
        return dice.chance(85) ? aggregate(dice, { ...scope, special: () => undefined }, kind) : undefined;
      },
    };
    const list = wanted ?? [
      ...keys.map((key) => key.kind),
      ...Array.from({ length: 1 + dice.below(3) }, () =>
        dice.pick(["int8", "numeric", "float8", "int4", "text", "bool", "date", "int8"] as const),
      ),
    ];
    const withWindows = this.features.windows && wanted === undefined && dice.chance(10);
    const targets = list.map((kind, index): Target => {
      const key = wanted === undefined ? keys[index] : keys.find((each) => each.kind === kind);
      const value =
        key ??
        (wanted !== undefined
          ? this.exactAggregate(inner, kind)
          : withWindows && dice.chance(50)
            ? this.windowOverGroups(inner, grouping === "" ? keys : undefined)
            : grow(dice, inner, kind, 1 + dice.below(2)));
      return { name: `c${index + 1}`, value };
    });
    const having = dice.chance(20) ? grow(dice, inner, "bool", 2) : undefined;
    return { targets, groupBy: keys, grouping, having };
  }

  /** A window over the groups, which their keys tell apart. */
  private windowOverGroups(inner: Scope, keys: readonly Expression[] | undefined): Expression {
    const { dice } = this;
    return windowCall(dice, {
      value: (kind) => this.exactAggregate(inner, kind),
      number: (kind) => (kind === "float8" ? this.summableAggregate(inner) : inner.special?.(kind, 1))
        ?? constant(dice, kind),
      unique: keys !== undefined && keys.length > 0 && keys.every(({ exact }) => exact) ? keys : undefined,
    });
  }

  /** A float of groups whose sum over them is exact in any order, as no average's is. */
  private summableAggregate(inner: Scope): Expression | undefined {
    const grown = Array.from({ length: 10 }, () => inner.special?.("float8", 1));
    return grown.find((each) => each?.parts[0] === "sum(");
  }

  private exactAggregate(inner: Scope, kind: Kind): Expression {
    for (let attempt = 0; attempt < 10; attempt++) {
      const grown = inner.special?.(kind, 1);
      if (grown?.exact === true) return grown;
    }
    return constant(this.dice, kind);
  }

  /** A subquery in an expression: EXISTS, IN, a scalar one. */
  private subquery(
    kind: Kind,
    depth: number,
    left: number,
    outer: readonly ScopeColumn[],
  ): Expression | undefined {
    const { dice } = this;
    if (!this.features.subqueries || depth >= DEPTH_MAX || left < 1 || !dice.chance(kind === "bool" ? 10 : 2))
      return undefined;
    const host: SubqueryHost = {
      dice,
      selectOf: (wanted) => this.select(depth + 1, dice.chance(8) ? outer : [], wanted),
      combinedOf: (wanted) => this.setOperation(depth + 1, dice.chance(10) ? outer : [], wanted).query,
      table: () => this.table(),
    };
    return kind === "bool" ? subqueryCondition(host, outer) : scalarSubquery(host, kind, outer);
  }

  private commonTables(depth: number): readonly CommonTable[] {
    const { dice } = this;
    return Array.from({ length: 1 + dice.below(2) }, () => {
      const name = this.alias("w");
      if (dice.chance(10)) {
        const { text, columns } = dice.pick(recursiveQueries);
        this.common = [...this.common, { name, columns }];
        return { name, hint: "", query: { node: "verbatim", text: text.replace("{name}", name) } };
      }
      const made = this.select(depth + 1, [], undefined);
      const query = dice.chance(10) ? this.limited(made, true) : made;
      const columns = query.targets.map(({ name: column, value }) => ({
        name: column,
        kind: value.kind,
        exact: value.exact,
      }));
      this.common = [...this.common, { name, columns }];
      return { name, hint: dice.pick(["", "", "MATERIALIZED", "NOT MATERIALIZED"]), query };
    });
  }

  private table(): Built {
    const { dice } = this;
    const isCommon = this.common.length > 0 && dice.chance(60);
    const own = dice.chance(1) ? [sourceOf(largeTable)]
      : dice.chance(20) ? plainTables.slice(3) : plainTables.slice(0, 3);
    const source = dice.pick(isCommon ? this.common : own);
    const isTable = !isCommon && views.every(({ name }) => name !== source.name);
    const alias = this.alias(isTable ? "t" : "q");
    const sample = isTable && dice.chance(2) ? ` TABLESAMPLE ${dice.pick(samples)}` : "";
    return { item: { node: "table", name: source.name, alias, sample }, columns: under(alias, source.columns) };
  }

  private derived(depth: number, lateralOver: readonly ScopeColumn[]): Built {
    const { dice } = this;
    const alias = this.alias("s");
    if (dice.chance(15)) {
      const { query, columns } = valuesOf(dice);
      return { item: { node: "derived", query, alias, lateral: false }, columns: under(alias, columns) };
    }
    const lateral = this.features.lateral && lateralOver.length > 0 && dice.chance(30);
    if (lateral && dice.chance(20)) return this.computed(alias, lateralOver);
    const usesSet = this.features.setOperations && !lateral && dice.chance(15);
    const made = usesSet
      ? this.setOperation(depth, [])
      : this.derivedSelect(depth, lateral ? lateralOver : []);
    return { item: { node: "derived", query: made.query, alias, lateral }, columns: under(alias, made.columns) };
  }

  private derivedSelect(
    depth: number,
    outer: readonly ScopeColumn[],
  ): { query: Query; columns: readonly NamedColumn[] } {
    const { dice } = this;
    const made = this.select(depth + 1, [], undefined);
    const asked = outer.length > 0 ? correlated(dice, made, outer) : made;
    const query = dice.chance(outer.length > 0 ? 30 : 12) ? this.limited(asked, true) : asked;
    return {
      query,
      columns: made.targets.map(({ name, value }) => ({ name, kind: value.kind, exact: value.exact })),
    };
  }

  /** Values of the items before it under names of their own: a SELECT without FROM, or two. */
  private computed(alias: string, outer: readonly ScopeColumn[]): Built {
    const { dice } = this;
    const scope: Scope = { columns: outer, mayFail: false };
    const kindsOf = Array.from({ length: 1 + dice.below(2) }, () => dice.pick(keyKinds));
    const one = (): Select => ({
      ...plainSelect,
      targets: kindsOf.map((kind, index) => ({ name: `c${index + 1}`, value: this.exactOf(scope, kind) })),
      where: dice.chance(25) ? grow(dice, scope, "bool", 1) : undefined,
    });
    const operation = dice.pick(["UNION ALL", "UNION", "EXCEPT"]);
    const query: Query = dice.chance(60)
      ? one() : { node: "setOperation", operation, left: one(), right: one(), ordered: false, limit: "" };
    const columns = kindsOf.map((kind, index) => ({ name: `c${index + 1}`, kind, exact: true }));
    return { item: { node: "derived", query, alias, lateral: true }, columns: under(alias, columns) };
  }

  private item(depth: number, lateralOver: readonly ScopeColumn[]): Built {
    if (this.dice.chance(4)) {
      const { item, columns } = functionRows(this.dice, this.alias("f"), this.features.lateral ? lateralOver : []);
      return { item, columns };
    }
    return depth < DEPTH_MAX && this.dice.chance(15) ? this.derived(depth, lateralOver) : this.table();
  }

  /** FROM: one to four items, joined in some way; or two of them in a list. */
  private from(depth: number): readonly Built[] {
    const { dice } = this;
    const count = dice.pick(depth === 0 ? [1, 1, 2, 2, 2, 3, 3, 4] : [1, 1, 1, 2, 2, 3]);
    let joined = this.item(depth, []);
    for (let index = 1; index < count; index++) {
      const next = this.item(depth, joined.columns);
      if (index === count - 1 && !isLateral(next.item) && dice.chance(10)) return [joined, next];
      const [left, right] = !isLateral(next.item) && dice.chance(12) ? [next, joined] : [joined, next];
      joined = this.join(left, right, depth);
    }
    return [joined];
  }

  private join(left: Built, right: Built, depth: number): Built {
    const { dice } = this;
    const readsLeft = isLateral(right.item);
    const kind = dice.pick(
      readsLeft
        ? ["JOIN", "LEFT JOIN"]
        : ["JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"],
    );
    const columns = [...left.columns, ...right.columns];
    const areTables = left.item.node === "table" && right.item.node === "table";
    if (areTables && dice.chance(6)) return this.merged(kind, left, right);
    // Two tables, so that the pairs stay few.
    const areFew = left.item.node === "table" && right.item.node !== "join" && !readsLeft;
    const isFree = kind !== "FULL JOIN" && areFew && dice.chance(4);
    const equality = isFree
      ? grow(dice, { columns, mayFail: false }, "bool", 1)
      : this.equality(left.columns, right.columns);
    const wantsMore = kind !== "FULL JOIN" && dice.chance(18);
    const special: Scope["special"] = (of, deep) => this.subquery(of, depth + 1, deep, columns);
    const scope: Scope = { columns, mayFail: false, ...(dice.chance(30) ? { special } : {}) };
    const more = wantsMore ? grow(dice, scope, "bool", 1 + dice.below(2)) : undefined;
    const condition = equality ?? leaf("bool", "true");
    const whole = more === undefined ? condition : both(condition, more);
    const item = { node: "join", kind, left: left.item, right: right.item, condition: whole, using: "" } as const;
    return { item, columns };
  }

  /** Two tables joined by columns of one name, which are one column then. */
  private merged(kind: string, left: Built, right: Built): Built {
    const { dice } = this;
    const names = dice.pick([["id"], ["r"], ["id", "r"], ["g", "id"], ["d", "r"], ["tc", "id"]]);
    const known = ({ columns }: Built, name: string): ScopeColumn | undefined =>
      columns.find(({ text }) => text.endsWith(`.${name}`));
    const alias = this.alias("j");
    const shared = names.flatMap((name) => {
      const [first, second] = [known(left, name), known(right, name)];
      return first !== undefined && first.kind === second?.kind ? [{ ...first, text: `${alias}.${name}` }] : [];
    });
    const columns = [...shared, ...left.columns, ...right.columns];
    const list = shared.map(({ text }) => text.replace(/.*\./, "")).join(", ");
    const [condition, using] = shared.length === 0
      ? [leaf("bool", "true"), ""] : [undefined, ` USING (${list}) AS ${alias}`];
    return { item: { node: "join", kind, left: left.item, right: right.item, condition, using }, columns };
  }

  /** An equality of two columns of one kind, selective ones preferred. */
  private equality(left: readonly ScopeColumn[], right: readonly ScopeColumn[]): Expression | undefined {
    const { dice } = this;
    for (let attempt = 0; attempt < 12; attempt++) {
      const a = dice.pick(left);
      const wanted = dice.chance(75) ? left.filter(({ text }) => /\.(id|r)$/.test(text)) : [a];
      const from = wanted.length > 0 ? dice.pick(wanted) : a;
      const fitting = right.filter(
        ({ kind, text }) =>
          kind === from.kind &&
          (wanted.length === 0 || !/\.(id|r)$/.test(from.text) || /\.(id|r)$/.test(text) || attempt > 6),
      );
      if (fitting.length === 0) continue;
      const to = dice.pick(fitting);
      return {
        node: "expression",
        kind: "bool",
        exact: true,
        parts: ["(", leaf(from.kind, from.text), " = ", leaf(to.kind, to.text), ")"],
      };
    }
    return undefined;
  }
}
