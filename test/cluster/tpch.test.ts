// All TPC-H queries at scale 0.01: PostgreSQL's answers byte for byte, rows in order where the query orders them. None
// is refused.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasOuterOrderBy } from "#bench/compare_rows.js";
import { findPlaces } from "#cluster/places.js";
import { readToolchain } from "#cluster/toolchain.js";
import { ensureDatabase } from "#tpch/databases.js";
import { loadTpch } from "#tpch/load.js";
import { queryNames, queryText } from "#tpch/queries.js";
import { scaleOf } from "#tpch/scale.js";
import { answer, unordered } from "../support/answers.js";

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
    const expected = await answer(plain, statement, protocol);
    if (hasOuterOrderBy(statement)) expect(actual).toEqual(expected);
    else expect(unordered(actual)).toEqual(unordered(expected));
  });
});
