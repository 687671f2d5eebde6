// WINDOW clauses as the analysed query has them: what partitions, orders and frames, before anybody decided who runs
// it. Offsets of frames stay nodes. Read next: windows.ts.
import { assert } from "#base/assert.js";
import type { TextNode } from "#frontend/node_text.js";
import type { SortGroup } from "#frontend/sort_group.js";
import { readSortGroup } from "#frontend/sort_group.js";
import { nodeList, numberField, optionalNode } from "#frontend/text_fields.js";
import type { FrameBound, WindowFrame } from "#plan/physical.js";

/** FRAMEOPTION_* bits. */
const options = {
  range: 0x2, rows: 0x4, groups: 0x8,
  startCurrentRow: 0x200, endCurrentRow: 0x400, startPreceding: 0x800, endPreceding: 0x1000,
  startFollowing: 0x2000, endFollowing: 0x4000,
  excludeCurrentRow: 0x8000, excludeGroup: 0x10000, excludeTies: 0x20000,
} as const;

export interface ClauseBound {
  readonly kind: FrameBound["kind"];
  readonly offset: TextNode | undefined;
}

export interface WindowClause {
  /** What WINDOWFUNC nodes refer to. */
  readonly reference: number;
  readonly partition: readonly SortGroup[];
  readonly order: readonly SortGroup[];
  readonly unit: WindowFrame["unit"];
  readonly start: ClauseBound;
  readonly end: ClauseBound;
  readonly exclusion: WindowFrame["exclusion"];
}

export function readWindowClause(node: TextNode): WindowClause {
  const bits = numberField(node, "frameOptions");
  const has = (option: keyof typeof options): boolean => (bits & options[option]) !== 0;
  const bound = (currentRow: boolean, preceding: boolean, following: boolean, field: string): ClauseBound => {
    const kind = currentRow ? "currentRow" : preceding ? "preceding" : following ? "following" : "unbounded";
    return { kind, offset: optionalNode(node, field) };
  };
  assert(has("range") || has("rows") || has("groups"), "a frame has a unit");
  return {
    reference: numberField(node, "winref"),
    partition: nodeList(node, "partitionClause").map(readSortGroup),
    order: nodeList(node, "orderClause").map(readSortGroup),
    unit: has("rows") ? "rows" : has("groups") ? "groups" : "range",
    start: bound(has("startCurrentRow"), has("startPreceding"), has("startFollowing"), "startOffset"),
    end: bound(has("endCurrentRow"), has("endPreceding"), has("endFollowing"), "endOffset"),
    exclusion: has("excludeCurrentRow") ? "currentRow" : has("excludeGroup") ? "group"
      : has("excludeTies") ? "ties" : "none",
  };
}
