// The form of the command line: values, flags, words, and what npm makes of them.
import { afterEach, describe, expect, it } from "vitest";
import { parseArguments } from "#cli/arguments.js";

afterEach(() => {
  delete process.env["npm_config_scale"];
});

describe("arguments", () => {
  it("takes values in both spellings", () => {
    const { values, words } = parseArguments(["tpch", "--scale", "1", "--queries=q1,q6"]);
    expect(values).toEqual({ scale: "1", queries: "q1,q6" });
    expect(words).toEqual(["tpch"]);
  });

  it("knows its flags and nobody else's", () => {
    expect(parseArguments(["--plain", "--no-data"]).flags).toEqual(new Set(["plain", "no-data"]));
    expect(() => parseArguments(["--fast"])).toThrow(/unknown option --fast/);
    expect(() => parseArguments(["--scale"])).toThrow(/--scale needs a value/);
  });

  it("leaves psql's options to psql", () => {
    const { words } = parseArguments(["-c", "select 1", "--csv", "--port", "54331"], true);
    expect(words).toEqual(["-c", "select 1", "--csv"]);
  });

  it("accepts flags that npm took away", () => {
    process.env["npm_config_scale"] = "1";
    expect(parseArguments([]).values.scale).toBe("1");
    expect(parseArguments(["--scale", "0.1"]).values.scale).toBe("0.1");
  });
});
