// Typed access to the fields of a text node, and walks over its children. A missing or ill-typed field is a malformed
// message: field names differ between PostgreSQL versions, so optional access names its default.
import { malformedMessage } from "#base/errors.js";
import type { TextNode, TextNumbers, TextValue } from "./node_text.js";

function illTyped(node: TextNode, field: string, expected: string): Error {
  return malformedMessage(`pg_fusion: field ${field} of ${node.tag} is not ${expected}`);
}

/** The child node in a field, or undefined for "<>" and an absent field. */
export function optionalNode(node: TextNode, field: string): TextNode | undefined {
  const value = node.fields.get(field);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || value.kind !== "node") throw illTyped(node, field, "a node");
  return value;
}

export function requiredNode(node: TextNode, field: string): TextNode {
  const child = optionalNode(node, field);
  if (child === undefined) throw illTyped(node, field, "present");
  return child;
}

/** The nodes of a list field; "<>" and an absent field are the empty list. */
export function nodeList(node: TextNode, field: string): readonly TextNode[] {
  const value = node.fields.get(field);
  if (value === undefined || value === null) return [];
  if (typeof value === "string" || value.kind !== "list") throw illTyped(node, field, "a list");
  return value.items.map((item) => {
    if (item === null || typeof item === "string" || item.kind !== "node")
      throw illTyped(node, field, "a list of nodes");
    return item;
  });
}

/** The strings of a list field. */
export function stringList(node: TextNode, field: string): readonly string[] {
  const value = node.fields.get(field);
  if (value === undefined || value === null) return [];
  if (typeof value === "string" || value.kind !== "list") throw illTyped(node, field, "a list");
  return value.items.map((item) => (typeof item === "string" ? item : ""));
}

/** The numbers of a list of integers or OIDs. */
export function numberList(node: TextNode, field: string): readonly number[] {
  const value = node.fields.get(field);
  if (value === undefined || value === null) return [];
  if (typeof value === "string" || value.kind !== "numbers") throw illTyped(node, field, "a list of numbers");
  return value.numbers;
}

export function numberField(node: TextNode, field: string, absent?: number): number {
  const value = node.fields.get(field);
  if (value === undefined && absent !== undefined) return absent;
  const number = typeof value === "string" ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw illTyped(node, field, "a number");
  return number;
}

export function booleanField(node: TextNode, field: string, absent?: boolean): boolean {
  const value = node.fields.get(field);
  if (value === "true") return true;
  if (value === "false") return false;
  if (value === undefined && absent !== undefined) return absent;
  throw illTyped(node, field, "a boolean");
}

/** A string field; "<>" stands for NULL and for the empty string alike. */
export function stringField(node: TextNode, field: string): string {
  const value = node.fields.get(field);
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw illTyped(node, field, "a string");
  return value;
}

/** The parse location of a node, -1 when it has none. */
export function locationOf(node: TextNode): number {
  return numberField(node, "location", -1);
}

function eachChildOf(value: TextValue, visit: (child: TextNode) => void): void {
  if (value === null || typeof value === "string") return;
  if (value.kind === "node") visit(value);
  else if (value.kind === "list") for (const item of value.items) eachChildOf(item, visit);
}

/** Visits the direct child nodes in order of appearance. */
export function eachChild(node: TextNode, visit: (child: TextNode) => void): void {
  for (const value of node.fields.values()) eachChildOf(value, visit);
}

/**
 * Visits a node and everything below it until `visit` answers "skip" for a subtree. `depth` counts the queries that a
 * node stands in below the first one, as nodes count levels outwards.
 */
export function walk(
  node: TextNode, visit: (node: TextNode, depth: number) => "skip" | undefined, depth = 0,
): void {
  if (visit(node, depth) === "skip") return;
  eachChild(node, (child) => walk(child, visit, child.tag === "QUERY" ? depth + 1 : depth));
}

/** Whether some node is "found", looking no further then, and not below nodes to "skip". */
export function someNode(
  root: TextNode, look: (node: TextNode, depth: number) => "found" | "skip" | undefined,
): boolean {
  let found = false;
  walk(root, (node, depth) => {
    const finding = found ? "found" : look(node, depth);
    found = finding === "found";
    return finding === undefined ? undefined : "skip";
  });
  return found;
}

/** Whether a node or one below it is as asked. */
export function holds(root: TextNode, isAsked: (node: TextNode) => boolean): boolean {
  return someNode(root, (node) => (isAsked(node) ? "found" : undefined));
}

/** The nodes with one of the tags, outermost only, but those within nodes that are closed. */
export function outermost(
  root: TextNode, tags: readonly string[], isClosed: (node: TextNode) => boolean = () => false,
): readonly TextNode[] {
  const found: TextNode[] = [];
  walk(root, (node) => {
    if (isClosed(node)) return "skip";
    if (!tags.includes(node.tag)) return undefined;
    found.push(node);
    return "skip";
  });
  return found;
}

/**
 * Fields PostgreSQL's equal() does not look at: where a thing stood in the statement, how it is printed, and ids
 * only the planner fills in.
 */
const ignoredFields: ReadonlySet<string> = new Set([
  "location", "list_start", "list_end", "varnosyn", "varattnosyn", "funcformat", "relabelformat",
  "coerceformat", "convertformat", "coercionformat", "row_format", "stmt_location", "stmt_len",
  "rexpr_list_start", "rexpr_list_end",
]);

function canonicalNumbers(value: TextNumbers): string {
  return `(${value.letter} ${value.numbers.join(" ")})`;
}

function canonicalValue(value: TextValue, cache: Map<number, string>): string {
  if (value === null) return "<>";
  if (typeof value === "string") return JSON.stringify(value);
  switch (value.kind) {
    case "node": return cachedText(value, cache);
    case "list": return `(${value.items.map((item) => canonicalValue(item, cache)).join(" ")})`;
    case "numbers": return canonicalNumbers(value);
    case "datum": return `${value.length}[${value.bytes.join(" ")}]`;
  }
}

function cachedText(node: TextNode, cache: Map<number, string>): string {
  const known = cache.get(node.id);
  if (known !== undefined) return known;
  let text = node.tag;
  for (const [name, value] of node.fields)
    if (!ignoredFields.has(name)) text += ` ${name}=${canonicalValue(value, cache)}`;
  text = `{${text}}`;
  cache.set(node.id, text);
  return text;
}

/**
 * Equality of expressions as PostgreSQL's equal() sees it: two nodes are equal when their canonical texts are.
 * One instance serves one node text, for the ids are only unique there.
 */
export class CanonicalTexts {
  private readonly cache = new Map<number, string>();

  of(node: TextNode): string {
    return cachedText(node, this.cache);
  }
}
