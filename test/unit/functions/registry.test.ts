// The registry against PostgreSQL's own catalogue: where a server is installed, every OID must belong to the built-in
// C function it claims to implement.
import { existsSync, readFileSync } from "node:fs";
import { functionByKey, functionsByOid, functionRows, isExactIn } from "#functions/registry.js";
import { describe, expect, test } from "vitest";

const catalogue = [15, 16, 17, 18]
  .map((major) => `/usr/share/postgresql/${major}/postgres.bki`)
  .find((path) => existsSync(path));

function sourcesByOid(path: string): Map<number, string> {
  const text = readFileSync(path, "utf8");
  const start = text.indexOf("create pg_proc 1255");
  const rows = text.slice(start, text.indexOf("close pg_proc", start));
  const sources = new Map<number, string>();
  for (const line of rows.split("\n")) {
    const match = /^insert \( (\d+) .* (\S+) _null_ _null_ _null_ _null_ \)$/.exec(line);
    if (match) sources.set(Number(match[1]), (match[2] ?? "").replaceAll("'", ""));
  }
  return sources;
}

describe("function registry", () => {
  test("finds functions by OID and by key", () => {
    expect(functionsByOid(177)[0]?.key).toBe("int4.add");
    expect(functionsByOid(178)[0]?.key).toBe("int4.add");
    expect(functionsByOid(1726)).toEqual([functionByKey("decimal.multiply"), functionByKey("numeric.multiply")]);
    expect(functionsByOid(1)).toEqual([]);
    expect(functionRows().length).toBeGreaterThan(100);
  });

  test.skipIf(catalogue === undefined)("claims only OIDs of the functions it names", () => {
    const sources = sourcesByOid(catalogue ?? "");
    expect(sources.size).toBeGreaterThan(2900);
    for (const { key } of functionRows()) {
      for (const { oid, source } of functionByKey(key).procedures) {
        expect(`${key} ${oid} ${sources.get(oid)}`).toBe(`${key} ${oid} ${source}`);
      }
    }
  });

  test("leaves intervals to servers whose intervals may be infinite", () => {
    for (const key of ["interval.add", "timestamp.addInterval", "date.subtractInterval", "timestamptz.subtract"]) {
      expect([15, 16, 17, 18].filter((major) => isExactIn(functionByKey(key), major)), key).toEqual([15, 16]);
    }
    expect(isExactIn(functionByKey("interval.less"), 18)).toBe(true);
  });

  test("keeps in PostgreSQL what it cannot compute exactly", () => {
    const decimal = (precision: number, scale: number) => ({ kind: "decimal" as const, precision, scale });
    const add = functionByKey("decimal.add");
    expect(add.resultType([decimal(15, 2), decimal(1, 0)])).toEqual(decimal(16, 2));
    expect(functionByKey("decimal.multiply").resultType([decimal(15, 2), decimal(16, 2)])).toEqual(
      decimal(31, 4),
    );
    expect(functionByKey("decimal.multiply").resultType([decimal(38, 20), decimal(38, 20)])).toBeUndefined();
    expect(functionByKey("int4.add").resultType([{ kind: "int2" }, { kind: "int2" }])).toBeUndefined();
    expect(functionByKey("int4.add").resultType([{ kind: "int2" }, { kind: "int4" }])).toEqual({
      kind: "int4",
    });
    const text = (byteOrder: boolean) => ({ kind: "text" as const, byteOrder });
    expect(functionByKey("text.equal").resultType([text(false), text(false)])).toEqual({ kind: "bool" });
    expect(functionByKey("text.less").resultType([text(false), text(false)])).toBeUndefined();
    expect(functionByKey("cast.decimal.decimal").resultType([decimal(15, 4)], 4 + (10 << 16) + 2)).toEqual(
      decimal(10, 2),
    );
    expect(functionByKey("cast.decimal.float8").resultType([decimal(16, 2)])).toBeUndefined();
  });
});
