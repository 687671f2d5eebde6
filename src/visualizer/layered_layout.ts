// Places the states of a machine in layers and bends its arrows around them, as Sugiyama, Tagawa and Toda (1981)
// do: break cycles, layer, add bends, order by medians, straighten. It runs while files are generated, never in the
// page, so that a picture is the same on every day. Read next: scripts/generate/machine_layouts.mjs.

/** A machine as far as a picture goes. */
export interface LayoutMachine {
  readonly states: readonly string[];
  readonly initial: number;
  readonly finals: readonly number[];
  /** From, to and event of every transition. */
  readonly transitions: readonly (readonly [number, number, number])[];
}

export interface PlacedState {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface PlacedEdge {
  readonly from: number;
  readonly to: number;
  readonly events: readonly number[];
  /** SVG path data. */
  readonly path: string;
}

export interface MachineLayout {
  readonly width: number;
  readonly height: number;
  readonly states: readonly PlacedState[];
  readonly edges: readonly PlacedEdge[];
}

export const STATE_HEIGHT = 26;
const LAYER_HEIGHT = 54;
const CHARACTER_WIDTH = 7.2;
const STATE_PADDING = 22;
const GAP = 12;
const BEND_WIDTH = 2;
const MARGIN = 14;
const LOOP_ROOM = 12;
const SWEEPS = 12;

interface Node {
  readonly layer: number;
  readonly width: number;
  /** Neighbours in the layer above and below. */
  readonly up: number[];
  readonly down: number[];
  x: number;
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly events: number[];
}

function pairsOf({ transitions }: LayoutMachine): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const [from, to, event] of transitions) {
    const key = `${from}/${to}`;
    const pair = pairs.get(key) ?? { from, to, events: [] };
    pair.events.push(event);
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/** Pairs that lead back to a state on the way to them. */
function backwardPairs(machine: LayoutMachine, pairs: readonly Pair[]): Set<Pair> {
  const backward = new Set<Pair>();
  const entered = new Set<number>();
  const left = new Set<number>();
  const visit = (state: number): void => {
    entered.add(state);
    for (const pair of pairs.filter(({ from, to }) => from === state && to !== state)) {
      if (!entered.has(pair.to)) visit(pair.to);
      else if (!left.has(pair.to)) backward.add(pair);
    }
    left.add(state);
  };
  visit(machine.initial);
  for (let state = 0; state < machine.states.length; state++) if (!entered.has(state)) visit(state);
  return backward;
}

interface Arrow {
  readonly pair: Pair;
  readonly from: number;
  readonly to: number;
  readonly reversed: boolean;
  /** Nodes from `from` to `to`, bends between them. */
  readonly nodes: number[];
}

/** Longest way from the start, so that every arrow leads down; final states share the last layer. */
function layersOf(machine: LayoutMachine, arrows: readonly Arrow[]): number[] {
  const layers = machine.states.map(() => 0);
  for (let round = 0; round < machine.states.length; round++)
    for (const { from, to } of arrows) layers[to] = Math.max(layers[to] ?? 0, (layers[from] ?? 0) + 1);
  const last = Math.max(...layers);
  for (const state of machine.finals)
    if (!arrows.some(({ from }) => from === state)) layers[state] = last;
  return layers;
}

function addBends(nodes: Node[], arrow: Arrow): void {
  const bottom = (nodes[arrow.to] as Node).layer;
  let above = arrow.from;
  arrow.nodes.push(above);
  for (let layer = (nodes[arrow.from] as Node).layer + 1; layer < bottom; layer++) {
    nodes.push({ layer, width: BEND_WIDTH, up: [above], down: [], x: 0 });
    (nodes[above] as Node).down.push(nodes.length - 1);
    above = nodes.length - 1;
    arrow.nodes.push(above);
  }
  (nodes[above] as Node).down.push(arrow.to);
  (nodes[arrow.to] as Node).up.push(above);
  arrow.nodes.push(arrow.to);
}

function crossings(nodes: readonly Node[], layers: readonly number[][]): number {
  let count = 0;
  for (const [index, layer] of layers.entries()) {
    const below = layers[index + 1] ?? [];
    const ends = layer.flatMap((node) =>
      (nodes[node] as Node).down.map((to) => below.indexOf(to)).sort((a, b) => a - b));
    for (let one = 0; one < ends.length; one++)
      for (let two = one + 1; two < ends.length; two++)
        if ((ends[one] as number) > (ends[two] as number)) count += 1;
  }
  return count;
}

/** Orders each layer by the mean place of its neighbours, down and up in turn, and keeps the best order met. */
function orderLayers(nodes: readonly Node[]): number[][] {
  const depth = 1 + Math.max(...nodes.map(({ layer }) => layer));
  let layers: number[][] = Array.from({ length: depth }, () => []);
  nodes.forEach(({ layer }, node) => layers[layer]?.push(node));
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(nodes, best);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const side = sweep % 2 === 0 ? "up" : "down";
    const indices = layers.map((_, index) => index);
    for (const index of side === "up" ? indices : indices.reverse()) {
      const near = layers[side === "up" ? index - 1 : index + 1] ?? [];
      const layer = layers[index] as number[];
      const weight = new Map(layer.map((node, place) => {
        const places = (nodes[node] as Node)[side].map((other) => near.indexOf(other));
        const mean = places.reduce((sum, value) => sum + value, 0) / places.length;
        return [node, places.length === 0 ? place : mean] as const;
      }));
      layers[index] = [...layer].sort((a, b) => (weight.get(a) as number) - (weight.get(b) as number));
    }
    const count = crossings(nodes, layers);
    if (count >= fewest) continue;
    fewest = count;
    best = layers.map((layer) => [...layer]);
  }
  layers = best;
  return layers;
}

/** Pulls each node to its neighbours' mean without touching those beside it. */
function straighten(nodes: Node[], layers: readonly number[][]): void {
  for (const layer of layers) {
    let x = 0;
    for (const node of layer.map((index) => nodes[index] as Node)) {
      node.x = x + node.width / 2;
      x += node.width + GAP;
    }
  }
  for (let sweep = 0; sweep < SWEEPS * 2; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const row = layer.map((index) => nodes[index] as Node);
      const wished = row.map(({ up, down, x }) => {
        const near = [...up, ...down];
        return near.length === 0 ? x : near.reduce((sum, other) => sum + (nodes[other] as Node).x, 0) / near.length;
      });
      placeRow(row, wished);
    }
  }
  const least = Math.min(...nodes.map(({ x, width }) => x - width / 2));
  for (const node of nodes) node.x += MARGIN - least;
}

/** The least change that keeps order and distance: from the left, from the right, and the mean of both. */
function placeRow(row: readonly Node[], wished: readonly number[]): void {
  const room = (at: number): number =>
    ((row[at - 1] as Node).width + (row[at] as Node).width) / 2 + GAP;
  const right: number[] = [];
  wished.forEach((x, at) => right.push(at === 0 ? x : Math.max(x, (right[at - 1] as number) + room(at))));
  const left = [...wished];
  for (let at = row.length - 2; at >= 0; at--)
    left[at] = Math.min(left[at] as number, (left[at + 1] as number) - room(at + 1));
  row.forEach((node, at) => (node.x = ((left[at] as number) + (right[at] as number)) / 2));
}

const yOf = (layer: number): number => MARGIN + STATE_HEIGHT / 2 + layer * LAYER_HEIGHT;
const round = (value: number): number => Math.round(value * 10) / 10;

/** A curve through the bends; arrows of one state leave it side by side. */
function pathOf(nodes: readonly Node[], arrow: Arrow, fan: (node: number, arrow: Arrow) => number): string {
  const points = arrow.nodes.map((index, place) => {
    const { x, layer } = nodes[index] as Node;
    const half = STATE_HEIGHT / 2;
    if (place === 0) return [x + fan(index, arrow), yOf(layer) + half] as const;
    if (place === arrow.nodes.length - 1) return [x + fan(index, arrow), yOf(layer) - half] as const;
    return [x, yOf(layer)] as const;
  });
  const ordered = arrow.reversed ? points.reverse() : points;
  const [first, ...rest] = ordered as [readonly [number, number], ...(readonly (readonly [number, number])[])];
  let [x, y] = first;
  let path = `M${round(x)} ${round(y)}`;
  for (const [toX, toY] of rest) {
    const middle = (y + toY) / 2;
    path += `C${round(x)} ${round(middle)} ${round(toX)} ${round(middle)} ${round(toX)} ${round(toY)}`;
    [x, y] = [toX, toY];
  }
  return path;
}

function loopPath({ x, layer, width }: Node): string {
  const [right, y] = [x + width / 2, yOf(layer)];
  return `M${round(right)} ${round(y - 6)}C${round(right + LOOP_ROOM)} ${round(y - 14)} ` +
    `${round(right + LOOP_ROOM)} ${round(y + 14)} ${round(right)} ${round(y + 6)}`;
}

/** Offsets of arrows along the edge of a state, by where their other ends lie. */
function fanOf(nodes: readonly Node[], arrows: readonly Arrow[]): (node: number, arrow: Arrow) => number {
  return (node, arrow) => {
    const downwards = arrow.nodes[0] === node;
    const beside = (other: Arrow): number =>
      (nodes[(downwards ? other.nodes[1] : other.nodes.at(-2)) as number] as Node).x;
    const sharing = arrows
      .filter(({ nodes: way }) => (downwards ? way[0] : way.at(-1)) === node)
      .sort((a, b) => beside(a) - beside(b));
    const spread = Math.min(12, ((nodes[node] as Node).width - 16) / Math.max(1, sharing.length));
    return (sharing.indexOf(arrow) - (sharing.length - 1) / 2) * spread;
  };
}

/** The picture of one machine. */
export function layOutMachine(machine: LayoutMachine): MachineLayout {
  const pairs = pairsOf(machine);
  const backward = backwardPairs(machine, pairs);
  const arrows = pairs.filter(({ from, to }) => from !== to).map((pair): Arrow => {
    const reversed = backward.has(pair);
    return { pair, reversed, from: reversed ? pair.to : pair.from, to: reversed ? pair.from : pair.to, nodes: [] };
  });
  const layers = layersOf(machine, arrows);
  const nodes: Node[] = machine.states.map((name, state) => ({
    layer: layers[state] ?? 0,
    width: name.length * CHARACTER_WIDTH + STATE_PADDING,
    up: [], down: [], x: 0,
  }));
  for (const arrow of arrows) addBends(nodes, arrow);
  straighten(nodes, orderLayers(nodes));
  const fan = fanOf(nodes, arrows);
  const loops = pairs.filter(({ from, to }) => from === to);
  const looped = new Set(loops.map(({ from }) => from));
  const right = Math.max(...nodes.map(({ x, width }, node) => x + width / 2 + (looped.has(node) ? LOOP_ROOM : 0)));
  return {
    width: Math.ceil(right + MARGIN),
    height: yOf(Math.max(...layers)) + STATE_HEIGHT / 2 + MARGIN,
    states: nodes.slice(0, machine.states.length).map(({ x, layer, width }) =>
      ({ x: round(x), y: yOf(layer), width: round(width) })),
    edges: [
      ...arrows.map((arrow) => ({ ...arrow.pair, path: pathOf(nodes, arrow, fan) })),
      ...loops.map((pair) => ({ ...pair, path: loopPath(nodes[pair.from] as Node) })),
    ],
  };
}
