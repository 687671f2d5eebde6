// Scripts of SQL run through psql. Those in compare/ must print the same bytes with pg_fusion.enable off and on:
// PostgreSQL is the expected output. Those in expect/ show what only pg_fusion prints (refusals, EXPLAIN) and have a
// text beside them, which `npm run accept` rewrites.
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const accept = process.env["PG_FUSION_ACCEPT"] === "1";
const folder = (name: string): URL => new URL(`./${name}/`, import.meta.url);
const scripts = (name: string): readonly string[] =>
  readdirSync(folder(name)).filter((file) => file.endsWith(".sql")).sort();
const setup = readFileSync(new URL("./setup.sql", import.meta.url), "utf8");

/** What psql prints for the script, both streams in one order, in a schema made afresh. */
function output(script: string, enable: "off" | "on"): string {
  const options = ["-X", "-q", "-v", "VERBOSITY=terse", "-v", "ON_ERROR_STOP=0"];
  const env = { ...process.env, PGOPTIONS: "-c max_parallel_workers_per_gather=0 -c client_min_messages=warning" };
  const begin = `SET search_path = regress;\nSET pg_fusion.enable = ${enable};\nSET client_min_messages = notice;\n`;
  const prepared = spawnSync("psql", [...options, "-v", "ON_ERROR_STOP=1"], { env, input: setup, encoding: "utf8" });
  expect(prepared.stderr).toBe("");
  const ran = spawnSync("bash", ["-c", `exec psql ${options.join(" ")} 2>&1`], {
    env,
    input: begin + script,
    encoding: "utf8",
  });
  return ran.stdout;
}

/** From 18 on PostgreSQL says of every node whether its kind is disabled, which is so of none here. */
const sinceFifteen = (text: string): string => text.replace(/^ +Disabled: false +\+\n/gm, "");

describe("the same with and without", () => {
  it.each(scripts("compare"))("%s", (file) => {
    const script = readFileSync(new URL(file, folder("compare")), "utf8");
    expect(output(script, "on")).toBe(output(script, "off"));
  });
});

describe("as written beside", () => {
  it.each(scripts("expect"))("%s", (file) => {
    const script = readFileSync(new URL(file, folder("expect")), "utf8");
    const place = new URL(file.replace(/\.sql$/, ".out"), folder("expect"));
    const actual = sinceFifteen(output(script, "on"));
    if (accept) writeFileSync(place, actual);
    expect(actual).toBe(readFileSync(place, "utf8"));
  });
});
