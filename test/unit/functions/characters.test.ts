// Strings counted in characters, and LIKE: what a table of cases says best. Random arguments meet a server in
// test/cluster/functions.test.ts.
import { describe, expect, test } from "vitest";
import type { Present } from "#functions/function.js";
import { functionByKey } from "#functions/registry.js";
import type { EngineType } from "#types/engine_type.js";

const TEXT: EngineType = { kind: "text", byteOrder: true };

function call(key: string, ...values: (string | number | boolean)[]): string | bigint | boolean {
  const given = values.map((value): Present =>
    typeof value === "string" ? Buffer.from(value) : typeof value === "number" ? BigInt(value) : value);
  const result = functionByKey(key).evaluate(given, { arguments: given.map(() => TEXT), result: TEXT });
  return result instanceof Uint8Array ? Buffer.from(result).toString() : (result as bigint | boolean);
}

describe("characters", () => {
  test("are counted, not bytes", () => {
    expect(call("text.length", "kůň")).toBe(3n);
    expect(call("text.bytes", "kůň")).toBe(5n);
    expect(call("text.position", "žluťoučký kůň", "kůň")).toBe(11n);
    expect(call("text.reverse", "kůň")).toBe("ňůk");
  });

  test("are cut where PostgreSQL cuts", () => {
    expect(call("text.substring", "abcdef", -1, 3)).toBe("a");
    expect(call("text.substring", "abcdef", 2, 2_147_483_647)).toBe("bcdef");
    expect(() => call("text.substring", "abcdef", 2, -1)).toThrow("negative substring length not allowed");
    expect(call("text.left", "kůň", -1)).toBe("ků");
    expect(call("text.right", "kůň", -1)).toBe("ůň");
    expect(() => call("text.right", "kůň", -(2 ** 31))).toThrow("right(text, -2147483648) is not supported");
    expect(call("text.splitPart", "a,b,c", ",", -1)).toBe("c");
    expect(call("text.splitPart", "abc", "", 1)).toBe("abc");
    expect(() => call("text.splitPart", "abc", ",", 0)).toThrow("field position must not be zero");
  });

  test("are padded and trimmed", () => {
    expect(call("text.padLeft", "ž", 4, "ab")).toBe("abaž");
    expect(call("text.padRight", "hello", 3, "x")).toBe("hel");
    expect(call("text.padLeft", "ab", 5, "")).toBe("ab");
    expect(call("text.trimBoth", "xxabyx", "xy")).toBe("ab");
    expect(() => call("text.padLeft", "", 2_147_483_647, "a")).toThrow("requested length too large");
    expect(() => call("text.repeat", "a", 600_000_000)).toThrow("more than 512 MB");
  });

  test("fit varchar(n), or do not", () => {
    expect(call("text.cut", "ab   ", 4 + 3, false)).toBe("ab ");
    expect(call("text.cut", "abcd", 4 + 3, true)).toBe("abc");
    expect(() => call("text.cut", "abcd", 4 + 3, false)).toThrow("value too long for type character varying(3)");
  });
});

describe("LIKE", () => {
  test.each([
    ["abc", "a%", true], ["abc", "%b_", true], ["abc", "_b", false], ["", "%", true], ["", "", true], ["a", "", false],
    ["a%c", "a\\%c", true], ["abc", "a\\%c", false], ["kůň", "k_ň", true],
    ["aXbXc", "%X%X%", true], ["ab", "%_%_%_%", false],
    ["mississippi", "%iss%ip%", true], ["", "\\", false],
  ])("%s LIKE %s is %s", (text, pattern, expected) => {
    expect(call("text.like", text, pattern)).toBe(expected);
    expect(call("text.notLike", text, pattern)).toBe(!expected);
  });

  test("a pattern must not end in its escape", () => {
    expect(() => call("text.like", "abc", "ab\\")).toThrow("must not end with escape character");
  });
});
