// The generator against the specification: cardinalities, domains, correlations between columns, and
// that the same scale gives the same bytes. Selectivities are checked where queries depend on them.
import { describe, expect, it } from "vitest";
import { orderKey, orderingCustomer } from "#tpch/order_tables.js";
import { retailPriceCents, supplierOfPart } from "#tpch/part_tables.js";
import { parseScale, scaleOf } from "#tpch/scale.js";
import { tpchTables } from "#tpch/tables.js";
import { hashOfTable, rowsOf, smallest } from "./generated_rows.js";

const rows = Object.fromEntries(tpchTables.map((table) => [table.name, rowsOf(table.name)]));
const table = (name: string): string[][] => rows[name] ?? [];
const column = (name: string, at: number): string[] => table(name).map((row) => row[at] ?? "");
const share = (values: readonly boolean[]): number => values.filter(Boolean).length / values.length;

describe("cardinalities", () => {
  it.each(tpchTables.filter((one) => one.name !== "lineitem"))("$name", (one) => {
    expect(table(one.name)).toHaveLength(one.rowsExpected(smallest));
  });

  it("lineitem has one to seven lines an order, four on average", () => {
    const lines = new Map<string, number>();
    for (const key of column("lineitem", 0)) lines.set(key, (lines.get(key) ?? 0) + 1);
    expect(lines.size).toBe(smallest.orders);
    expect(new Set(lines.values())).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
    expect(table("lineitem").length / smallest.orders).toBeCloseTo(4, 1);
  });

  it("scale 1 has the specification's", () => {
    const { suppliers, parts, customers, orders, clerks } = scaleOf(1);
    expect([suppliers, parts, customers, orders, clerks]).toEqual([
      10_000, 200_000, 150_000, 1_500_000, 1_000,
    ]);
  });
});

describe("every table", () => {
  it.each(tpchTables)("$name has as many values a row as columns", (one) => {
    const columns = one.columns.split(/, (?=[a-z]+_)/).length;
    expect(new Set(table(one.name).map((row) => row.length))).toEqual(new Set([columns]));
  });

  it.each(tpchTables)("$name keeps within its declared lengths", (one) => {
    for (const [at, definition] of one.columns.split(/, (?=[a-z]+_)/).entries()) {
      const length = /char\((\d+)\)/.exec(definition)?.[1];
      if (length === undefined) continue;
      const longest = column(one.name, at).reduce((max, text) => Math.max(max, text.length), 0);
      expect(longest, definition).toBeLessThanOrEqual(Number(length));
    }
  });

  it.each(tpchTables)("$name has a unique primary key", (one) => {
    const names = one.columns.split(/, (?=[a-z]+_)/).map((text) => text.split(" ")[0] ?? "");
    const places = one.primaryKey.split(", ").map((name) => names.indexOf(name));
    const keys = new Set(table(one.name).map((row) => places.map((at) => row[at]).join("/")));
    expect(keys.size).toBe(table(one.name).length);
  });

  it.each(tpchTables)("$name holds no character COPY gives a meaning to", (one) => {
    expect(table(one.name).flat().some((text) => /[\\\r]/.test(text))).toBe(false);
  });
});

describe("parts and suppliers", () => {
  it("prices follow the formula", () => {
    expect(retailPriceCents(1)).toBe(90_100);
    expect(retailPriceCents(200_000)).toBe(90_000 + (20_000 % 20_001));
    for (const row of table("part")) {
      expect(Number(row[7])).toBe(retailPriceCents(Number(row[0])) / 100);
    }
  });

  it("brands belong to their manufacturer", () => {
    for (const row of table("part")) {
      expect(row[3]?.slice("Brand#".length, -1)).toBe(row[2]?.slice("Manufacturer#".length));
    }
  });

  it("names are five different colours", () => {
    for (const name of column("part", 1)) expect(new Set(name.split(" ")).size).toBe(5);
  });

  it("part-supplier pairs are those lineitem refers to", () => {
    const pairs = new Set(table("partsupp").map((row) => `${row[0]}/${row[1]}`));
    expect(table("lineitem").filter((row) => !pairs.has(`${row[1]}/${row[2]}`))).toEqual([]);
  });

  it("gives each part four different suppliers at every scale", () => {
    for (const factor of [0.01, 0.02, 0.03, 0.1, 1, 10]) {
      const scale = scaleOf(factor);
      for (let part = 1; part <= scale.parts; part += Math.ceil(scale.parts / 5_000)) {
        const suppliers = new Set([0, 1, 2, 3].map((n) => supplierOfPart(part, n, scale)));
        const fine = suppliers.size === 4 && Math.max(...suppliers) <= scale.suppliers;
        if (!fine) expect.fail(`part ${part} at scale ${factor}`);
      }
    }
  });

  it("has suppliers with complaints and with recommendations", () => {
    const comments = column("supplier", 6);
    expect(comments.filter((text) => /Customer.*Complaints/.test(text))).toHaveLength(1);
    expect(comments.filter((text) => /Customer.*Recommends/.test(text))).toHaveLength(1);
  });

  it("phones start with the nation's code", () => {
    for (const row of table("customer")) {
      expect(row[4]).toMatch(/^\d\d-\d{3}-\d{3}-\d{4}$/);
      expect(Number(row[4]?.slice(0, 2))).toBe(Number(row[3]) + 10);
    }
  });
});

describe("orders and lines", () => {
  it("use eight of each 32 order keys", () => {
    expect([0, 7, 8, 15, 16].map(orderKey)).toEqual([1, 8, 33, 40, 65]);
  });

  it("leave a third of the customers without orders", () => {
    expect([0, 1, 2, 3, 4].map(orderingCustomer)).toEqual([1, 2, 4, 5, 7]);
    const customers = column("orders", 1).map(Number);
    expect(customers.every((key) => key % 3 !== 0 && key <= smallest.customers)).toBe(true);
    expect(new Set(customers).size).toBe((smallest.customers * 2) / 3);
  });

  it("dates follow each other", () => {
    const ordered = new Map(table("orders").map((row) => [row[0], row[4] ?? ""]));
    const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;
    const within = (value: number, low: number, high: number) => value >= low && value <= high;
    // One expectation for all rows: sixty thousand times nine of them would take seconds.
    const wrong = table("lineitem").filter((row) => {
      const [ship = "", commit = "", receipt = ""] = row.slice(10, 13);
      const order = ordered.get(row[0]) ?? "";
      return !(
        within(days(order, ship), 1, 121) &&
        within(days(order, commit), 30, 90) &&
        within(days(ship, receipt), 1, 30) &&
        (row[8] === "N") === receipt > "1995-06-17" &&
        row[9] === (ship > "1995-06-17" ? "O" : "F")
      );
    });
    expect(wrong).toEqual([]);
  });

  it("orders carry their lines' total and status", () => {
    const lines = new Map<string, string[][]>();
    for (const row of table("lineitem")) {
      lines.set(row[0] ?? "", [...(lines.get(row[0] ?? "") ?? []), row]);
    }
    const wrong = table("orders").filter(([key = "", , status, total]) => {
      const own = lines.get(key) ?? [];
      const sum = own.reduce(
        (all, row) => all + Number(row[5]) * (1 + Number(row[7])) * (1 - Number(row[6])),
        0,
      );
      const states = new Set(own.map((row) => row[9]));
      const expected = states.size === 2 ? "P" : [...states][0];
      // The total is rounded once, the sum here is of floating point numbers.
      return status !== expected || Math.abs(Number(total) - sum) > 0.0051;
    });
    expect(wrong).toEqual([]);
  });

  it("prices are quantity times retail price", () => {
    const wrong = table("lineitem").filter(
      (row) => Math.round(Number(row[5]) * 100) !== Number(row[4]) * retailPriceCents(Number(row[1])),
    );
    expect(wrong).toEqual([]);
  });
});

describe("what the queries select", () => {
  const lines = table("lineitem");

  it("Q1 keeps nearly everything, in four groups", () => {
    const kept = lines.filter((row) => (row[10] ?? "") <= "1998-09-02");
    expect(kept.length / lines.length).toBeGreaterThan(0.98);
    const groups = new Map<string, number>();
    for (const row of kept) {
      const group = `${row[8]}${row[9]}`;
      groups.set(group, (groups.get(group) ?? 0) + 1);
    }
    const shareOf = (group: string) => (groups.get(group) ?? 0) / kept.length;
    expect([...groups.keys()].sort()).toEqual(["AF", "NF", "NO", "RF"]);
    expect(shareOf("AF")).toBeCloseTo(0.25, 1);
    expect(shareOf("NO")).toBeCloseTo(0.49, 1);
    expect(shareOf("NF")).toBeLessThan(0.01);
  });

  it("Q6 keeps about two per cent", () => {
    const kept = lines.map((row) => {
      const [quantity, , discount] = [Number(row[4]), 0, Number(row[6])];
      const shipped = (row[10] ?? "") >= "1994-01-01" && (row[10] ?? "") < "1995-01-01";
      return shipped && discount >= 0.05 && discount <= 0.07 && quantity < 24;
    });
    expect(share(kept)).toBeGreaterThan(0.017);
    expect(share(kept)).toBeLessThan(0.021);
  });

  it("Q13 excludes about one per cent of the orders", () => {
    const special = column("orders", 8).map((text) => /special.*requests/.test(text));
    expect(share(special)).toBeGreaterThan(0.005);
    expect(share(special)).toBeLessThan(0.02);
  });

  it("Q14 meets promotions in a sixth of the parts", () => {
    expect(share(column("part", 4).map((type) => type.startsWith("PROMO")))).toBeCloseTo(1 / 6, 1);
  });
});

describe("determinism", () => {
  // A change here changes everybody's data: raise generatorVersion with it.
  it("the bytes of scale 0.01 are these", () => {
    const hashes = Object.fromEntries(tpchTables.map(({ name }) => [name, hashOfTable(name)]));
    expect(hashes).toMatchInlineSnapshot(`
      {
        "customer": "dc0cf0bfd2cc919b",
        "lineitem": "1a7a660d974cddb0",
        "nation": "22d0a859912eef50",
        "orders": "4ade7983693c3c9b",
        "part": "aaba5086b22ce6c9",
        "partsupp": "3a9d392ffbe91b62",
        "region": "3a97020578f06225",
        "supplier": "3844c0a51b02b2db",
      }
    `);
  });

  it("refuses scales its formulas cannot hold", () => {
    for (const text of ["0", "0.005", "0.015", "-1", "101", "many", ""]) {
      expect(() => parseScale(text)).toThrow(/is not possible/);
    }
    expect(parseScale("0.1").factor).toBe(0.1);
  });
});
