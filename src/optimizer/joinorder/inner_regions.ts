// Rewrites the caller's operator tree into binary operators: nested inner joins are flattened to one region, and each
// region becomes a left-deep tree that joins along predicates and multiplies only where none connects. It decides no
// order: conflict detection needs some tree without needless cross products to start from. Sets are BigInt masks, as
// this runs once and for any number of relations. Read next: conflict_detection.ts.
import { assert, defined } from "#base/assert.js";
import type { JoinPredicate, JoinQuery, OperatorTree, OuterJoinKind, Relation } from "./operator_tree.js";

/** A predicate and what it reads, as masks. */
export interface Conjunct {
  readonly predicate: JoinPredicate;
  readonly reads: bigint;
  readonly rejectsNulls: bigint;
}

export type BinaryOperator =
  | { readonly kind: "leaf"; readonly all: bigint; readonly relation: number }
  | {
      readonly kind: "filter";
      readonly all: bigint;
      readonly input: BinaryOperator;
      readonly conjuncts: readonly Conjunct[];
      readonly region: number;
    }
  | {
      /** Without conjuncts a cross join. */
      readonly kind: "inner";
      readonly all: bigint;
      readonly left: BinaryOperator;
      readonly right: BinaryOperator;
      readonly conjuncts: readonly Conjunct[];
      readonly region: number;
    }
  | {
      readonly kind: OuterJoinKind;
      readonly operator: number | undefined;
      readonly build: "right" | undefined;
      readonly all: bigint;
      readonly left: BinaryOperator;
      readonly right: BinaryOperator;
      readonly conjuncts: readonly Conjunct[];
      readonly matchFraction: number | undefined;
    };

export interface BinaryTree {
  readonly root: BinaryOperator;
  /** Parts of one region that no predicate of two inputs connects; multiplying any two of them is right. */
  readonly crossPairs: readonly (readonly [bigint, bigint])[];
}

/** Pairs grow with the square and plans with the power of two; above it only one order of multiplying is offered. */
const CROSS_COMPONENTS_MAX = 8;

export function maskOf(relations: Iterable<number>): bigint {
  let mask = 0n;
  for (const relation of relations) mask |= 1n << BigInt(relation);
  return mask;
}

function conjunctOf(predicate: JoinPredicate): Conjunct {
  const reads = maskOf(predicate.relations);
  const rejectsNulls = maskOf(predicate.rejectsNulls);
  assert((rejectsNulls & ~reads) === 0n, "a predicate rejects nulls of what it reads");
  return { predicate, reads, rejectsNulls };
}

/** Inputs of one region that predicates of two inputs connect, joined left-deep. */
interface Component {
  tree: BinaryOperator;
  /** Logarithm of its rows, as if predicates were independent: decides only who is multiplied first. */
  logRows: number;
}

/** Builds one region's tree; `pending` are the predicates no operator has taken yet. */
class RegionBuilder {
  private pending: Conjunct[];
  private readonly region: number;
  private readonly inputs: readonly BinaryOperator[];
  private readonly logRowsOf: (all: bigint) => number;

  constructor(
    region: number, inputs: readonly BinaryOperator[], pending: Conjunct[], logRowsOf: (all: bigint) => number,
  ) {
    this.region = region;
    this.inputs = inputs;
    this.pending = pending;
    this.logRowsOf = logRowsOf;
  }

  build(): { readonly root: BinaryOperator; readonly parts: readonly bigint[] } {
    const all = this.inputs.reduce((mask, input) => mask | input.all, 0n);
    const constants = this.take(({ reads }) => (reads & all) === 0n);
    const filtered = this.inputs.map((input) => {
      const conjuncts = this.take(({ reads }) => (reads & ~input.all) === 0n);
      return this.filter(input, conjuncts);
    });
    const components = this.components(filtered).sort((a, b) => a.logRows - b.logRows);
    return {
      root: this.filter(this.multiply(components), constants),
      parts: components.map(({ tree }) => tree.all),
    };
  }

  private filter(input: BinaryOperator, conjuncts: readonly Conjunct[]): BinaryOperator {
    return conjuncts.length === 0
      ? input
      : { kind: "filter", all: input.all, input, conjuncts, region: this.region };
  }

  private take(wanted: (conjunct: Conjunct) => boolean): Conjunct[] {
    const taken = this.pending.filter(wanted);
    if (taken.length > 0) this.pending = this.pending.filter((conjunct) => !wanted(conjunct));
    return taken;
  }

  private join(left: BinaryOperator, right: BinaryOperator): BinaryOperator {
    const all = left.all | right.all;
    const conjuncts = this.take(({ reads }) => (reads & ~all) === 0n);
    return { kind: "inner", all, left, right, conjuncts, region: this.region };
  }

  /** For every input the inputs it shares a predicate of exactly two inputs with. */
  private neighbours(inputs: readonly BinaryOperator[]): readonly ReadonlySet<number>[] {
    const neighbours = inputs.map(() => new Set<number>());
    for (const { reads } of this.pending) {
      const touched = inputs.flatMap((input, index) => ((input.all & reads) === 0n ? [] : [index]));
      const [first = 0, second = 0] = touched;
      if (touched.length !== 2) continue;
      neighbours[first]?.add(second);
      neighbours[second]?.add(first);
    }
    return neighbours;
  }

  private components(inputs: readonly BinaryOperator[]): Component[] {
    const neighbours = this.neighbours(inputs);
    const joined = new Set<number>();
    return inputs.flatMap((input, index) => {
      if (joined.has(index)) return [];
      const component: Component = { tree: input, logRows: this.logRowsOf(input.all) };
      const frontier = new Set([index]);
      for (let next: number | undefined = index; next !== undefined; next = lowestOf(frontier)) {
        frontier.delete(next);
        joined.add(next);
        if (next !== index) this.grow(component, defined(inputs[next], "neighbours are inputs"));
        for (const neighbour of neighbours[next] ?? []) if (!joined.has(neighbour)) frontier.add(neighbour);
      }
      return [component];
    });
  }

  private grow(component: Component, input: BinaryOperator): void {
    const tree = this.join(component.tree, input);
    const conjuncts = tree.kind === "inner" ? tree.conjuncts : [];
    component.logRows = conjuncts.reduce(
      (sum, { predicate }) => sum + Math.log(predicate.selectivity),
      component.logRows + this.logRowsOf(input.all),
    );
    component.tree = tree;
  }

  /** Joins the components, smallest first, preferring one that lets a predicate of several be evaluated. */
  private multiply(components: readonly Component[]): BinaryOperator {
    const [first, ...rest] = components.map(({ tree }) => tree);
    let tree = defined(first, "a region has inputs");
    while (rest.length > 0) {
      const all = tree.all;
      const connected = rest.findIndex((other) =>
        this.pending.some(({ reads }) => (reads & ~(all | other.all)) === 0n));
      const [next] = rest.splice(Math.max(connected, 0), 1);
      tree = this.join(tree, defined(next, "there is a component left"));
    }
    return tree;
  }
}

function lowestOf(numbers: ReadonlySet<number>): number | undefined {
  return numbers.size === 0 ? undefined : Math.min(...numbers);
}

class Normaliser {
  readonly crossPairs: [bigint, bigint][] = [];
  private regions = 0;
  private readonly relations: readonly Relation[];

  constructor(relations: readonly Relation[]) {
    this.relations = relations;
  }

  normalise(tree: OperatorTree): BinaryOperator {
    switch (tree.kind) {
      case "leaf":
        return { kind: "leaf", all: 1n << BigInt(tree.relation), relation: tree.relation };
      case "inner":
        return this.normaliseRegion(tree);
      default: {
        const left = this.normalise(tree.left);
        const right = this.normalise(tree.right);
        assert((left.all & right.all) === 0n, "a relation is one leaf");
        const { kind, operator, build, matchFraction } = tree;
        const conjuncts = tree.predicates.map(conjunctOf);
        return { kind, operator, build, all: left.all | right.all, left, right, conjuncts, matchFraction };
      }
    }
  }

  private normaliseRegion(tree: OperatorTree & { kind: "inner" }): BinaryOperator {
    const inputs: BinaryOperator[] = [];
    const conjuncts: Conjunct[] = [];
    const flatten = (node: OperatorTree): void => {
      if (node.kind !== "inner") {
        inputs.push(this.normalise(node));
        return;
      }
      // A condition without relations belongs to its own node; in one region they all mean the same.
      conjuncts.push(...node.predicates.map(conjunctOf));
      for (const input of node.inputs) flatten(input);
    };
    flatten(tree);
    const region = this.regions;
    this.regions += 1;
    const { root, parts } = new RegionBuilder(region, inputs, conjuncts, (all) => this.logRows(all)).build();
    if (parts.length <= CROSS_COMPONENTS_MAX)
      parts.forEach((part, index) => {
        for (const other of parts.slice(index + 1)) this.crossPairs.push([part, other]);
      });
    return root;
  }

  private logRows(all: bigint): number {
    return this.relations.reduce(
      (sum, { rows }, index) => ((all >> BigInt(index)) & 1n) === 0n ? sum : sum + Math.log(Math.max(rows, 1)), 0);
  }
}

/** The query's operators as a binary tree over all its relations. */
export function binaryTreeOf(query: JoinQuery): BinaryTree {
  const normaliser = new Normaliser(query.relations);
  const root = normaliser.normalise(query.tree);
  assert(root.all === (1n << BigInt(query.relations.length)) - 1n, "every relation is a leaf of the tree");
  return { root, crossPairs: normaliser.crossPairs };
}
