// The reader of node text: every form it knows, every recorded statement, and texts that break the form.
import { FusionError } from "#base/errors.js";
import { NESTING_MAX, readNodeText } from "#frontend/node_text.js";
import type { TextNode, TextValue } from "#frontend/node_text.js";
import { CanonicalTexts, requiredNode, walk } from "#frontend/text_fields.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixtureQueries, fixtureText } from "../../support/planning_fixtures.js";

const read = (text: string): TextNode => readNodeText(new TextEncoder().encode(text));
const field = (text: string): TextValue | undefined => read(`{T :f ${text}}`).fields.get("f");

describe("values", () => {
  it("are atoms, nothing, lists, numbers and datums", () => {
    expect(field("12")).toBe("12");
    expect(field("-1.5")).toBe("-1.5");
    expect(field("<>")).toBeNull();
    expect(field("true")).toBe("true");
    expect(field("(\"a\" \"b\")")).toMatchObject({ kind: "list", items: ["a", "b"] });
    expect(field("(o 1 2 4294967295)")).toEqual({ kind: "numbers", letter: "o", numbers: [1, 2, 4294967295] });
    expect(field("(i)")).toEqual({ kind: "numbers", letter: "i", numbers: [] });
    expect(field("(b -3)")).toEqual({ kind: "numbers", letter: "b", numbers: [-3] });
    expect(field("4 [ 3 0 -1 -128 0 0 0 127 ]"))
      .toEqual({ kind: "datum", length: 4, bytes: Uint8Array.of(3, 0, 255, 128, 0, 0, 0, 127) });
    expect(field("0 [ ]")).toEqual({ kind: "datum", length: 0, bytes: new Uint8Array(0) });
    expect(field("({A} {B})")).toMatchObject({ items: [{ tag: "A" }, { tag: "B" }] });
    expect(field("((i 1) (i 2))")).toMatchObject({ items: [{ numbers: [1] }, { numbers: [2] }] });
  });

  it("lose their backslashes", () => {
    expect(field("we\\ ird")).toBe("we ird");
    expect(field("\\<>")).toBe("<>");
    expect(field("\\\\\\{\\(\\}\\)")).toBe("\\{(})");
    expect(field("\\1st")).toBe("1st");
    expect(field("(\"a\\ b\")")).toMatchObject({ items: ["a b"] });
  });

  it("keep characters beyond ASCII", () => {
    expect(field("naïve\\ 漢字")).toBe("naïve 漢字");
  });

  it("may look like field names", () => {
    expect(read("{T :f :g :h 1}").fields.get("f")).toBe(":g");
  });
});

describe("nodes", () => {
  it("are numbered by their opening braces", () => {
    const root = read("{A :x {B :y ({C} {D})} :name \\{ :z {E}}");
    const ids: string[] = [];
    walk(root, (node) => {
      ids.push(`${node.id}${node.tag}`);
      return undefined;
    });
    expect(ids).toEqual(["0A", "1B", "2C", "3D", "4E"]);
  });

  it("of every recorded statement count as many as unescaped braces", () => {
    for (const name of Object.keys(fixtureQueries)) {
      const text = fixtureText(name);
      let last = 0;
      walk(readNodeText(text), (node) => {
        last = Math.max(last, node.id);
        return undefined;
      });
      const braces = Buffer.from(text).toString("latin1").replace(/\\[^]/g, "").split("{").length - 1;
      expect(last + 1, name).toBe(braces);
    }
  });

  it("equal each other whatever their location", () => {
    const texts = new CanonicalTexts();
    const root = read("{L :a {VAR :varno 1 :varnosyn 1 :location 5} :b {VAR :varno 1 :varnosyn 2 :location 9}"
      + " :c {VAR :varno 2 :varnosyn 1 :location 5}}");
    const [a, b, c] = ["a", "b", "c"].map((name) => texts.of(requiredNode(root, name)));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});

describe("broken texts", () => {
  const broken = [
    "", "{", "}", "{}", "{T", "{T :f", "{T :f}", "{T :f 1", "{T f 1}", "{T :f 1} x", "(1)", "12", "{T :f (}",
    "{T :f (i x)}", "{T :f 4 [ 1 2}", "{T :f 4 [ 1 2 ]}", "{T :f 4 [ 999 0 0 0 ]}", "{T :f 1 :f 2}",
    "{T :f 99999999999 [ 1 ]}", "{T :f -1 [ 1 ]}",
  ];
  for (const text of broken)
    it(`such as ${text === "" ? "nothing" : text} are malformed messages`, () => {
      expect(() => read(text)).toThrow(FusionError);
    });

  it("nested too deep hit a limit, not the stack", () => {
    const deep = `${"{T :f ".repeat(NESTING_MAX + 1)}1${"}".repeat(NESTING_MAX + 1)}`;
    expect(() => read(deep)).toThrow(/nested deeper/);
    const deepest = `${"{T :f ".repeat(NESTING_MAX)}1${"}".repeat(NESTING_MAX)}`;
    expect(read(deepest).tag).toBe("T");
  });

  it("never end in another error than ours", () => {
    const original = Buffer.from(fixtureText("aggregate_case"));
    const change = fc.record({ at: fc.nat(original.length - 1), byte: fc.integer({ min: 1, max: 255 }) });
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.boolean(), (changes, cut) => {
      const text = Buffer.from(original);
      for (const { at, byte } of changes) text[at] = byte;
      try {
        readNodeText(cut ? text.subarray(0, changes[0]?.at ?? 0) : text);
      } catch (error) {
        expect(error).toBeInstanceOf(FusionError);
      }
    }), { numRuns: 500 });
  });
});
