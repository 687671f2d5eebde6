// LIKE and NOT LIKE between computed values, under deterministic collations: `%`, `_` for a character, and the
// backslash as escape. A pattern that ends in its escape is an error only where matching comes to its end; the host
// decides about those. Read next: library/like_match.ts.
import { sqlError } from "#base/errors.js";
import type { Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { asBytes, first, second } from "./operand.js";
import { like as likeCode } from "./text_code.js";

const PERCENT = 0x25;
const UNDERSCORE = 0x5f;
const BACKSLASH = 0x5c;

/** `over`: no later start can match either, because the text has come to its end. */
type Match = "yes" | "no" | "over";

function endsInEscape(): never {
  throw sqlError("22025", "LIKE pattern must not end with escape character");
}

/** The first byte behind the character at a place. */
function next(text: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end++;
  return end;
}

function match(text: Uint8Array, textAt: number, pattern: Uint8Array, patternAt: number): Match {
  let [t, p] = [textAt, patternAt];
  while (t < text.length && p < pattern.length) {
    const wanted = pattern[p];
    if (wanted === PERCENT) return matchAnywhere(text, t, pattern, p + 1);
    if (wanted === UNDERSCORE) {
      t = next(text, t);
      p++;
      continue;
    }
    if (wanted === BACKSLASH && ++p >= pattern.length) endsInEscape();
    if (text[t] !== pattern[p]) return "no";
    t++;
    p++;
  }
  if (t < text.length) return "no";
  while (pattern[p] === PERCENT) p++;
  return p >= pattern.length ? "yes" : "over";
}

/** Behind a `%`: what follows it may begin at any character. */
function matchAnywhere(text: Uint8Array, textAt: number, pattern: Uint8Array, patternAt: number): Match {
  let [t, p] = [textAt, patternAt];
  for (; pattern[p] === PERCENT || pattern[p] === UNDERSCORE; p++) {
    if (pattern[p] === PERCENT) continue;
    if (t >= text.length) return "over";
    t = next(text, t);
  }
  if (p >= pattern.length) return "yes";
  if (pattern[p] === BACKSLASH && p + 1 >= pattern.length) endsInEscape();
  const wanted = pattern[p] === BACKSLASH ? pattern[p + 1] : pattern[p];
  for (; t < text.length; t = next(text, t)) {
    if (text[t] !== wanted) continue;
    const found = match(text, t, pattern, p);
    if (found !== "no") return found;
  }
  return "over";
}

function isLike(values: readonly Present[]): boolean {
  return match(asBytes(first(values)), 0, asBytes(second(values)), 0) === "yes";
}

/**
 * A pattern whose escape is another character, or none, as one whose escape is the backslash; undefined for an escape
 * that PostgreSQL refuses.
 */
export function withBackslashes(pattern: Uint8Array, escape: Uint8Array): Uint8Array | undefined {
  const [text, mark] = [Buffer.from(pattern).toString("latin1"), Buffer.from(escape).toString("latin1")];
  if (mark === "\\") return pattern;
  if (mark === "") return Buffer.from(text.replaceAll("\\", "\\\\"), "latin1");
  if (next(escape, 0) !== escape.length) return undefined;
  let [made, isEscaped] = ["", false];
  for (let at = 0; at < text.length;) {
    const isMark = !isEscaped && text.startsWith(mark, at);
    const piece = isMark ? mark : text.charAt(at);
    made += isMark ? "\\" : piece === "\\" && !isEscaped ? "\\\\" : piece;
    isEscaped = isMark;
    at += piece.length;
  }
  return Buffer.from(made, "latin1");
}

const like = (negated: boolean): ScalarFunction => hostFunction({
  key: negated ? "text.notLike" : "text.like",
  procedures: (negated ? [851, 1570] : [850, 1569]).map((oid) => ({ oid, source: negated ? "textnlike" : "textlike" })),
  doc: `Whether a text ${negated ? "does not match" : "matches"} a LIKE pattern`,
  arguments: ["text", "text"],
  result: { kind: "bool" },
  evaluate: (values) => isLike(values) !== negated,
  emit: likeCode(negated),
});

export const likes: readonly ScalarFunction[] = [like(false), like(true)];
