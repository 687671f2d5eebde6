// All TPC-H queries at scale 0.01: equal to PostgreSQL's answer byte for byte, or refused by name. Which ones run is
// written down here, so that the set cannot shrink unnoticed; rows in order where the query orders them all.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPlaces } from "#cluster/places.js";
import { readToolchain } from "#cluster/toolchain.js";
import { ensureDatabase } from "#tpch/databases.js";
import { loadTpch } from "#tpch/load.js";
import { queryNames, queryText } from "#tpch/queries.js";
import { scaleOf } from "#tpch/scale.js";
import { answer, refused, unordered } from "../support/answers.js";

/** Refused today; the list may only become shorter. */
const refusedToday: readonly string[] = [];

let plain: pg.Client;
let fusion: pg.Client;

beforeAll(async () => {
  const home = process.env["PG_FUSION_TEST_HOME"];
  const places = findPlaces(home === undefined ? {} : { home });
  const scale = scaleOf(0.01);
  const database = await ensureDatabase(places, scale);
  await loadTpch(places, database, {
    toolchain: readToolchain(places.root), scale, onProgress: () => undefined,
  });
  plain = new pg.Client({ database });
  fusion = new pg.Client({ database });
  await plain.connect();
  await fusion.connect();
  await fusion.query("SET pg_fusion.enable = on");
}, 300_000);

afterAll(async () => {
  await plain.end();
  await fusion.end();
});

describe.each(["simple", "extended"] as const)("TPC-H, %s protocol", (protocol) => {
  it.each(queryNames)("%s", async (name) => {
    const statement = queryText(name);
    const actual = await answer(fusion, statement, protocol);
    if (refusedToday.includes(name) && refused(actual)) {
      console.log(`${name} is refused: ${actual.kind === "error" ? actual.message : ""}`);
      return;
    }
    const expected = await answer(plain, statement, protocol);
    expect(unordered(actual)).toEqual(unordered(expected));
  });
});
