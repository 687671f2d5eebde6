// Reader of PostgreSQL's node text, the output of nodeToString(): {TAG :field value ...}, lists in parentheses,
// <> for nothing, backslash escapes, datum images as "length [ bytes ]". It knows the form only; what the
// nodes mean is for the views over this tree (query_reader.ts, expression_reader.ts).
import { limitReached, malformedMessage } from "#base/errors.js";
import type { FusionError } from "#base/errors.js";

/**
 * Nested braces and parentheses, at most. An expression takes two levels a nesting step, and the recursive
 * walks over the tree need a few stack frames a level: 1200 levels stay below half of Node's default stack.
 */
export const NESTING_MAX = 1200;

/** Bytes of one text, at most; PostgreSQL's own parser is slow long before. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** A braced node. `id` counts opening braces in order of appearance: the backend numbers the same way. */
export interface TextNode {
  readonly kind: "node";
  readonly id: number;
  readonly tag: string;
  readonly fields: ReadonlyMap<string, TextValue>;
}

/** A list of nodes, strings, numbers or nested lists. */
export interface TextList {
  readonly kind: "list";
  readonly items: readonly TextValue[];
}

/** An integer, OID, transaction id or bitmap set list; the letter tells which. */
export interface TextNumbers {
  readonly kind: "numbers";
  readonly letter: string;
  readonly numbers: readonly number[];
}

/** The bytes of a constant: eight for a by-value type, the whole varlena with its header otherwise. */
export interface TextDatum {
  readonly kind: "datum";
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Anything a field may hold; plain strings are atoms, null is "<>". */
export type TextValue = null | string | TextNode | TextList | TextNumbers | TextDatum;

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Parses a whole text into its outermost node. */
export function readNodeText(text: Uint8Array): TextNode {
  if (text.length > TEXT_BYTES_MAX)
    throw limitReached(`pg_fusion: node text of ${text.length} bytes exceeds ${TEXT_BYTES_MAX}`);
  return new NodeTextReader(text).readDocument();
}

/**
 * One pass over the text as Latin-1, so that offsets are bytes whatever the encoding: every server encoding keeps
 * ASCII bytes for ASCII characters alone. Atoms with other bytes are decoded as UTF-8 when they are cut out.
 */
class NodeTextReader {
  private readonly text: string;
  private position = 0;
  private nesting = 0;
  private nodeCount = 0;

  constructor(bytes: Uint8Array) {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // nodeToString() output is a C string: a trailing zero byte is tolerated, none inside.
    const end = view.length > 0 && view[view.length - 1] === 0 ? view.length - 1 : view.length;
    this.text = view.toString("latin1", 0, end);
  }

  readDocument(): TextNode {
    this.skipSpace();
    const value = this.readValue();
    this.skipSpace();
    if (this.position !== this.text.length) throw this.malformed("text after the outermost node");
    if (value === null || typeof value === "string" || value.kind !== "node")
      throw this.malformed("the outermost value is not a node");
    return value;
  }

  private malformed(what: string): FusionError {
    return malformedMessage(`pg_fusion: malformed node text at byte ${this.position}: ${what}`);
  }

  private skipSpace(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.position);
      if (code !== SPACE && code !== NEWLINE && code !== TAB) return;
      this.position += 1;
    }
  }

  private descend(): void {
    this.nesting += 1;
    if (this.nesting > NESTING_MAX)
      throw limitReached(
        `pg_fusion: statement nested deeper than ${NESTING_MAX} levels`,
        undefined,
        "Write long chains of operators as lists, or split the statement.");
  }

  private readValue(): TextValue {
    const code = this.text.charCodeAt(this.position);
    if (code === OPEN_BRACE) return this.readNode();
    if (code === OPEN_PAREN) return this.readList();
    const start = this.position;
    const atom = this.readAtom();
    if (this.text.charCodeAt(this.position) === SPACE
      && this.text.charCodeAt(this.position + 1) === OPEN_BRACKET && atom !== null)
      return this.readDatum(this.text.slice(start, this.position));
    return atom;
  }

  private readNode(): TextNode {
    this.descend();
    const id = this.nodeCount++;
    this.position += 1;
    const tag = this.readWord("node tag");
    const fields = new Map<string, TextValue>();
    for (;;) {
      this.skipSpace();
      const code = this.text.charCodeAt(this.position);
      if (code === CLOSE_BRACE) break;
      if (code !== COLON) throw this.malformed(`expected a field of ${tag}`);
      this.position += 1;
      const name = this.readWord("field name");
      this.skipSpace();
      const value = this.readValue();
      if (fields.has(name)) throw this.malformed(`field ${name} of ${tag} appears twice`);
      fields.set(name, value);
    }
    this.position += 1;
    this.nesting -= 1;
    return { kind: "node", id, tag, fields };
  }

  private readList(): TextList | TextNumbers {
    this.descend();
    this.position += 1;
    const letter = this.text[this.position] ?? "";
    const afterLetter = this.text.charCodeAt(this.position + 1);
    const numeric = (letter === "i" || letter === "o" || letter === "b" || letter === "x")
      && (afterLetter === SPACE || afterLetter === CLOSE_PAREN);
    const list = numeric ? this.readNumbers(letter) : this.readItems();
    this.nesting -= 1;
    return list;
  }

  private readNumbers(letter: string): TextNumbers {
    this.position += 1;
    const numbers: number[] = [];
    for (;;) {
      this.skipSpace();
      if (this.text.charCodeAt(this.position) === CLOSE_PAREN) break;
      numbers.push(this.readInteger());
    }
    this.position += 1;
    return { kind: "numbers", letter, numbers };
  }

  private readItems(): TextList {
    const items: TextValue[] = [];
    for (;;) {
      this.skipSpace();
      if (this.text.charCodeAt(this.position) === CLOSE_PAREN) break;
      items.push(this.readValue());
    }
    this.position += 1;
    return { kind: "list", items };
  }

  private readInteger(): number {
    const word = this.readWord("number");
    const value = Number(word);
    if (!Number.isInteger(value)) throw this.malformed(`"${word}" is no integer`);
    return value;
  }

  /** A token that needs no unescaping: tags, field names, numbers. */
  private readWord(what: string): string {
    const start = this.position;
    const { text } = this;
    let { position } = this;
    for (; position < text.length; position++) {
      const code = text.charCodeAt(position);
      if (code <= SPACE || code === CLOSE_BRACE || code === CLOSE_PAREN
        || code === OPEN_BRACE || code === OPEN_PAREN) break;
    }
    this.position = position;
    if (position === start) throw this.malformed(`expected a ${what}`);
    return text.slice(start, position);
  }

  /** A token up to unescaped white space or bracket, unescaped; null for "<>". */
  private readAtom(): string | null {
    const { text } = this;
    const start = this.position;
    let position = start;
    let seen = 0;
    let escaped = false;
    for (; position < text.length; position++) {
      const code = text.charCodeAt(position);
      if (code === BACKSLASH && position + 1 < text.length) {
        escaped = true;
        position += 1;
        seen |= text.charCodeAt(position);
        continue;
      }
      if (code === SPACE || code === NEWLINE || code === TAB || code === OPEN_PAREN
        || code === CLOSE_PAREN || code === OPEN_BRACE || code === CLOSE_BRACE) break;
      seen |= code;
    }
    if (position === start) throw this.malformed("expected a value");
    this.position = position;
    if (position - start === 2 && text.startsWith("<>", start)) return null;
    let atom = text.slice(start, position);
    // An unescaped quote opens a String node; identifiers that begin with one are escaped.
    if (atom.charCodeAt(0) === QUOTE && atom.length > 1 && atom.charCodeAt(atom.length - 1) === QUOTE)
      atom = atom.slice(1, -1);
    if (escaped) atom = atom.replace(/\\([^])/g, "$1");
    if (seen >= 0x80) atom = Buffer.from(atom, "latin1").toString("utf8");
    return atom;
  }

  /** " [ b b b ]" after its length; bytes are printed as signed chars. */
  private readDatum(lengthText: string): TextDatum {
    const length = Number(lengthText);
    if (!Number.isInteger(length) || length < 0) throw this.malformed("datum length");
    this.position += 2;
    const { text } = this;
    const close = text.indexOf("]", this.position);
    if (close < 0) throw this.malformed("datum without end");
    const count = Math.max(length, 8);
    const bytes = new Uint8Array(count > text.length ? 8 : count);
    let filled = 0;
    let position = this.position;
    while (position < close) {
      let code = text.charCodeAt(position);
      if (code === SPACE) {
        position += 1;
        continue;
      }
      const negative = code === 45;
      if (negative) code = text.charCodeAt(++position);
      let value = 0;
      const digits = position;
      for (; code >= 48 && code <= 57 && position - digits < 4; code = text.charCodeAt(++position))
        value = value * 10 + (code - 48);
      if (position === digits || value > 255 || filled >= bytes.length)
        throw this.malformed("datum bytes");
      bytes[filled++] = negative ? -value : value;
    }
    this.position = close + 1;
    // By-value images show the whole eight-byte Datum, others exactly `length` bytes.
    if (filled !== length && filled !== 8) throw this.malformed("datum length and bytes differ");
    return { kind: "datum", length, bytes: bytes.subarray(0, filled) };
  }
}
