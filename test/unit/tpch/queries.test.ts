// The query texts: all there, and ready to be sent as one statement.
import { describe, expect, it } from "vitest";
import { parseQueries, queryNames, queryText } from "#tpch/queries.js";

describe("queries", () => {
  it.each(queryNames)("%s is one statement without comments", (name) => {
    const text = queryText(name);
    expect(text).toMatch(/^(select|with)\b/);
    expect(text).not.toMatch(/;|--/);
  });

  it("parses lists", () => {
    expect(parseQueries("q1, q6")).toEqual(["q1", "q6"]);
    expect(parseQueries("all")).toHaveLength(22);
    expect(() => parseQueries("q23")).toThrow(/no query/);
    expect(() => parseQueries("../secret")).toThrow(/no query/);
  });
});
