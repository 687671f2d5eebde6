// Grows whole statements: joins of all kinds, derived tables, WITH, groupings, windows, set operations, subqueries in
// every clause, LIMIT under a total order. A statement leaves nothing of its answer open, except the order of rows
// where there is no ORDER BY. Read next: tree.ts for what a statement is, expressions.ts for what fills it.
import type { Dice } from "../random_plans.js";
import { constant, grow, growExact, leaf, simplest, type Scope, type ScopeColumn } from "./expressions.js";
import { aggregate, keyKinds, windowCall } from "./aggregates.js";
import { columns as schemaColumns, tables } from "./schema.js";
import type { CommonTable, Expression, FromItem, Kind, Query, Select, Target } from "./tree.js";
import { kinds, textOf } from "./tree.js";

/** How far statements may nest. */
const DEPTH_MAX = 2;

type NamedColumn = Omit<ScopeColumn, "text"> & { readonly name: string };

interface Source {
  readonly name: string;
  readonly columns: readonly NamedColumn[];
}

interface Built {
  readonly item: FromItem;
  readonly columns: readonly ScopeColumn[];
}

const plainTables: readonly Source[] = tables.map(({ name }) => ({
  name,
  columns: schemaColumns.map(({ name: column, kind, exact }) => ({ name: column, kind, exact })),
}));

export interface Features {
  readonly setOperations: boolean;
  readonly windows: boolean;
  readonly subqueries: boolean;
  readonly lateral: boolean;
}

export const allFeatures: Features = { setOperations: true, windows: true, subqueries: true, lateral: true };

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
    const wantsOrder = dice.chance(50);
    const limit =
      !wantsOrder || dice.chance(50)
        ? ""
        : dice.pick(["LIMIT 5", "LIMIT 3 OFFSET 2", "OFFSET 4", "LIMIT 0", "LIMIT 20"]);
    const canLimit = !made.distinct || made.targets.every(({ value }) => value.exact);
    return { ...made, ordered: wantsOrder && canLimit, limit: canLimit ? limit : "" };
  }

  private alias(prefix: string): string {
    this.aliases += 1;
    return `${prefix}${this.aliases}`;
  }

  private setOperation(
    depth: number,
    outer: readonly ScopeColumn[],
  ): { query: Query; columns: readonly NamedColumn[] } {
    const { dice } = this;
    const wanted = Array.from({ length: 1 + dice.below(3) }, () => dice.pick(keyKinds));
    const left = this.select(depth + 1, outer, wanted);
    const right = this.select(depth + 1, outer, wanted);
    const operation = dice.pick([
      "UNION ALL",
      "UNION",
      "INTERSECT",
      "EXCEPT",
      "UNION ALL",
      "EXCEPT ALL",
      "INTERSECT ALL",
    ]);
    const query: Query = { node: "setOperation", operation, left, right };
    return {
      query,
      columns: left.targets.map(({ name, value }) => ({ name, kind: value.kind, exact: value.exact })),
    };
  }

  /** A SELECT; with `wanted`, of exact values of just these kinds. */
  private select(depth: number, outer: readonly ScopeColumn[], wanted: readonly Kind[] | undefined): Select {
    const { dice } = this;
    const common = depth === 0 && dice.chance(15) ? this.commonTables() : [];
    const from = this.from(depth);
    const local = from.flatMap((each) => each.columns);
    const isJoin = from.length > 1 || from.some(({ item }) => item.node !== "table");
    const scope: Scope = {
      columns:
        local.length === 0 || dice.chance(90)
          ? [...local, ...outer.slice(0, outer.length > 0 && dice.chance(30) ? 3 : 0)]
          : local,
      mayFail: depth === 0 && dice.chance(isJoin ? 3 : 10),
      special: (kind, left) => this.subquery(kind, depth, left, local),
    };
    const where = dice.chance(60) ? this.condition(scope, !isJoin) : undefined;
    const shape = dice.below(10);
    const base = {
      node: "select" as const,
      common,
      from: from.map(({ item }) => item),
      where,
      ordered: false,
      limit: "",
    };
    if (shape < 4 && local.length > 0) return { ...base, ...this.grouped(scope, wanted) };
    const distinct = wanted === undefined ? dice.chance(15) : dice.chance(5);
    const targets = this.targets(scope, wanted, distinct, depth);
    return { ...base, distinct, targets, groupBy: [], grouping: "", having: undefined };
  }

  private condition(scope: Scope, mayFail: boolean): Expression {
    const { dice } = this;
    return grow(dice, { ...scope, mayFail: scope.mayFail && mayFail }, "bool", 1 + dice.below(3));
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
    return list.map((kind, index) => {
      const value =
        withWindows && dice.chance(60)
          ? windowCall(dice, scope)
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
  ): Pick<Select, "targets" | "groupBy" | "grouping" | "having" | "distinct"> {
    const { dice } = this;
    const plain = { columns: scope.columns, mayFail: false };
    const keys = Array.from({ length: dice.below(4) }, () =>
      growExact(dice, plain, keyKinds, dice.chance(60) ? 0 : 1 + dice.below(2)),
    ).filter((key) => key.parts.length > 1 || !/^\d+$/.test(String(key.parts[0])));
    // PostgreSQL 15 does not sort by a constant key of grouping sets, although some of its values are NULL.
    const canSet = keys.length > 0 && keys.every((key) => textOf(key).includes("."));
    const grouping = canSet && dice.chance(8) ? dice.pick(["ROLLUP", "CUBE", "GROUPING SETS"]) : "";
    const keyColumns = keys.map((key): Expression => key);
    const inner: Scope = {
      columns: [],
      mayFail: scope.mayFail,
      special: (kind) => {
        const fitting = keyColumns.filter((key) => key.kind === kind);
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
    const targets = list.map((kind, index): Target => {
      const key = wanted === undefined ? keys[index] : keys.find((each) => each.kind === kind);
      const value =
        key ??
        (wanted === undefined
          ? grow(dice, inner, kind, 1 + dice.below(2))
          : this.exactAggregate(inner, kind));
      return { name: `c${index + 1}`, value };
    });
    const having = dice.chance(20) ? grow(dice, inner, "bool", 2) : undefined;
    return { targets, groupBy: keys, grouping, having, distinct: false };
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
    if (kind === "bool") {
      const form = dice.below(3);
      if (form === 0) {
        const query = this.correlated(this.select(depth + 1, [], ["int4"]), outer);
        return {
          node: "expression",
          kind,
          exact: true,
          parts: [dice.pick(["EXISTS (", "NOT EXISTS ("]), query, ")"],
        };
      }
      const of = dice.pick(["int4", "text", "date", "int4", "int2"] as const);
      const query =
        form === 1
          ? this.select(depth + 1, [], [of])
          : this.correlated(this.select(depth + 1, [], [of]), outer);
      const value = simplest(dice, { columns: outer, mayFail: false }, of);
      return {
        node: "expression",
        kind,
        exact: true,
        parts: ["(", value, dice.pick([" IN (", " NOT IN (", " = ANY ("]), query, "))"],
      };
    }
    if (["uuid", "bytea", "varchar", "interval", "float4"].includes(kind)) return undefined;
    const from = this.table();
    const scope: Scope = { columns: from.columns, mayFail: false };
    const value = aggregate(dice, scope, kind);
    if (value === undefined) return undefined;
    const bare: Select = {
      node: "select",
      common: [],
      distinct: false,
      targets: [{ name: "c1", value }],
      from: [from.item],
      where: dice.chance(50) ? grow(dice, scope, "bool", 1) : undefined,
      groupBy: [],
      grouping: "",
      having: undefined,
      ordered: false,
      limit: "",
    };
    const query = dice.chance(60) ? this.correlated(bare, outer) : bare;
    return { node: "expression", kind, exact: value.exact, parts: ["(", query, ")"] };
  }

  /** The query with one more condition that compares with a column of the query around it. */
  private correlated(query: Select, outer: readonly ScopeColumn[]): Select {
    const { dice } = this;
    const inner = query.from.flatMap((item) =>
      item.node === "table" && item.name.startsWith("gen_") ? [item.alias] : [],
    );
    const [alias] = inner;
    const integers = outer.filter(({ kind }) => kind === "int4");
    if (alias === undefined || integers.length === 0) return query;
    const { text } = dice.pick(integers);
    const operator = dice.chance(85) ? "=" : dice.pick(["<", "<>"]);
    const condition: Expression = {
      node: "expression",
      kind: "bool",
      exact: true,
      parts: [`${alias}.r ${operator} ${text}`],
    };
    const where: Expression =
      query.where === undefined
        ? condition
        : {
            node: "expression",
            kind: "bool",
            exact: true,
            parts: ["(", query.where, " AND ", condition, ")"],
          };
    return { ...query, where };
  }

  private commonTables(): readonly CommonTable[] {
    const { dice } = this;
    return Array.from({ length: 1 + dice.below(2) }, () => {
      const name = this.alias("w");
      const query = this.select(1, [], undefined);
      const columns = query.targets.map(({ name: column, value }) => ({
        name: column,
        kind: value.kind,
        exact: value.exact,
      }));
      this.common.push({ name, columns });
      return { name, hint: dice.pick(["", "", "MATERIALIZED", "NOT MATERIALIZED"]), query };
    });
  }

  private table(): Built {
    const { dice } = this;
    const isCommon = this.common.length > 0 && dice.chance(60);
    const source = isCommon
      ? dice.pick(this.common)
      : dice.chance(4)
        ? plainTables[3]
        : dice.pick(plainTables.slice(0, 3));
    if (source === undefined) throw new Error("no table");
    const alias = this.alias("t");
    const columns = source.columns.map(({ name, kind, exact }) => ({
      text: `${alias}.${name}`,
      kind,
      exact,
    }));
    return { item: { node: "table", name: source.name, alias }, columns };
  }

  private derived(depth: number, lateralOver: readonly ScopeColumn[]): Built {
    const { dice } = this;
    const alias = this.alias("s");
    const lateral = this.features.lateral && lateralOver.length > 0 && dice.chance(10);
    const usesSet = this.features.setOperations && !lateral && dice.chance(15);
    const made = usesSet
      ? this.setOperation(depth, [])
      : this.derivedSelect(depth, lateral ? lateralOver : []);
    const columns = made.columns.map(({ name, kind, exact }) => ({ text: `${alias}.${name}`, kind, exact }));
    return { item: { node: "derived", query: made.query, alias, lateral }, columns };
  }

  private derivedSelect(
    depth: number,
    outer: readonly ScopeColumn[],
  ): { query: Query; columns: readonly NamedColumn[] } {
    const { dice } = this;
    const made = this.select(depth + 1, [], undefined);
    const correlated = outer.length > 0 ? this.correlated(made, outer) : made;
    const canLimit = dice.chance(10) && (!made.distinct || made.targets.every(({ value }) => value.exact));
    const query = canLimit
      ? { ...correlated, ordered: true, limit: dice.pick(["LIMIT 5", "LIMIT 10 OFFSET 1"]) }
      : correlated;
    return {
      query,
      columns: made.targets.map(({ name, value }) => ({ name, kind: value.kind, exact: value.exact })),
    };
  }

  private item(depth: number, lateralOver: readonly ScopeColumn[]): Built {
    return depth < DEPTH_MAX && this.dice.chance(15) ? this.derived(depth, lateralOver) : this.table();
  }

  /** FROM: one to four items, joined in some way. */
  private from(depth: number): readonly Built[] {
    const { dice } = this;
    const count = dice.pick(depth === 0 ? [1, 1, 2, 2, 2, 3, 3, 4] : [1, 1, 1, 2, 2, 3]);
    let joined = this.item(depth, []);
    for (let index = 1; index < count; index++) joined = this.join(joined, this.item(depth, joined.columns));
    return [joined];
  }

  private join(left: Built, right: Built): Built {
    const { dice } = this;
    const isLateral = right.item.node === "derived" && right.item.lateral;
    const kind = dice.pick(
      isLateral
        ? ["JOIN", "LEFT JOIN"]
        : ["JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"],
    );
    const columns = [...left.columns, ...right.columns];
    const equality = this.equality(left.columns, right.columns);
    const wantsMore = kind !== "FULL JOIN" && dice.chance(25);
    const more = wantsMore ? grow(dice, { columns, mayFail: false }, "bool", 1 + dice.below(2)) : undefined;
    const condition = equality ?? leaf("bool", "true");
    const whole: Expression =
      more === undefined
        ? condition
        : { node: "expression", kind: "bool", exact: true, parts: ["(", condition, " AND ", more, ")"] };
    return { item: { node: "join", kind, left: left.item, right: right.item, condition: whole }, columns };
  }

  /** An equality of two columns of one kind, selective ones preferred. */
  private equality(left: readonly ScopeColumn[], right: readonly ScopeColumn[]): Expression | undefined {
    const { dice } = this;
    for (let attempt = 0; attempt < 12; attempt++) {
      const a = dice.pick(left);
      const wanted = dice.chance(60) ? left.filter(({ text }) => /\.(id|r)$/.test(text)) : [a];
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
