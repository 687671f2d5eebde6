// The house rules that a machine can hold: import directions, names, sizes, file headers, and words that
// mean unfinished work. It reads the committed and new files of the checkout; it runs none of them.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Which folders of src each folder may import; itself is always allowed, generated code by anybody. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  types: ["base"],
  wasm: ["base"],
  expr: ["base", "types"],
  functions: ["base", "types", "wasm", "expr"],
  plan: ["base", "types", "expr", "functions"],
  codec: ["base", "types", "expr", "functions", "plan"],
  frontend: ["base", "types", "expr", "functions", "plan", "codec"],
  // Plans the analysed query: node ids and PostgreSQL's own expressions are part of its answer.
  optimizer: ["base", "types", "expr", "functions", "plan", "frontend"],
  lowering: ["base", "types", "wasm", "expr", "functions", "plan"],
  runtime: ["base", "types", "wasm", "expr", "functions", "plan", "codec", "lowering"],
  // These two know messages, not plans, and not each other; worker wires them together.
  transport: ["base", "codec"],
  actors: ["base", "codec"],
  trace: ["base", "actors"],
  // A model of everything that talks, driven by the machines' own tables.
  explorer: ["base", "actors", "trace"],
  // The composition root: it may know everything of the engine, and only replay imports it.
  worker: [
    "base", "types", "wasm", "expr", "functions", "plan", "codec", "frontend", "optimizer",
    "lowering", "runtime", "transport", "actors", "trace",
  ],
  // The second composition root: it drives the worker's own actors, engine and planner from a recording.
  replay: ["base", "types", "plan", "codec", "frontend", "runtime", "actors", "trace", "worker"],
  // The people's side never reaches into the engine: it talks to it through PostgreSQL.
  cluster: ["base"],
  tpch: ["base", "cluster"],
  bench: ["base", "cluster", "tpch"],
  // Reads recordings; its page runs in a browser and knows the machines as tables.
  visualizer: ["base", "plan", "codec", "actors", "trace"],
  cli: ["base", "cluster", "tpch", "bench", "trace", "replay", "visualizer"],
};

/** Files over 600 lines, each with its reason. The list only shrinks. */
const longFiles: Readonly<Record<string, string>> = {};
const fileLinesMax = 600;
const lineCharactersMax = 120;
/** Lines that may be longer, by file, each with its reason. The list only shrinks. */
const wideFiles: Readonly<Record<string, string>> = {
  "test/cluster/differential_statements.ts": "one SQL statement a line, so that a failure names its line",
};

const vagueNames = /(^|[_./-])(utils?|helpers?|commons?|misc|managers?)([_./-]|$)/;
// Spelt with classes, so that this line does not match itself.
const unfinished = /\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/;
const source = /\.(ts|mjs|c|h|cc|cpp|hpp|sql|fbs|proto)$/;

/** Files git knows or would add, without generated ones. */
const files: readonly string[] = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard"],
  { cwd: root, encoding: "utf8" },
)
  .split("\n")
  .filter((path) => path !== "" && !path.includes("/generated/"))
  .filter((path) => existsSync(join(root, path)));
const sources = files.filter((path) => source.test(path));
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const folderOf = (path: string): string => path.split("/")[1] ?? "";
const ours = files.filter((path) => /^src\/.*\.ts$/.test(path));

function imports(path: string): readonly string[] {
  const found = textOf(path).matchAll(/(?:from|import)\s*\(?\s*"(#[^"]+|\.[^"]+)"/g);
  return [...found].map((match) => match[1] ?? "");
}

describe("imports", () => {
  it("every folder of src stands in the map", () => {
    const folders = new Set(ours.filter((path) => path.split("/").length > 2).map(folderOf));
    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it("point down the map only", () => {
    const wrong = ours.flatMap((path) => {
      const allowed = [...(mayImport[folderOf(path)] ?? []), folderOf(path), "generated"];
      return imports(path)
        .filter((target) => target.startsWith("#"))
        .filter((target) => !allowed.includes(target.slice(1).split("/")[0] ?? ""))
        .map((target) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("stay inside their folder when relative, and name a file", () => {
    const wrong = ours.flatMap((path) => {
      const inside = path.split("/").length - 3;
      return imports(path)
        .filter((target) => target.startsWith("."))
        .filter((target) => (target.match(/\.\.\//g) ?? []).length > inside || !target.endsWith(".js"))
        .map((target) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("there are no barrels", () => {
    expect(ours.filter((path) => basename(path) === "index.ts")).toEqual([]);
    expect(ours.filter((path) => /^export \* from/m.test(textOf(path)))).toEqual([]);
  });
});

describe("names", () => {
  it("of source files are snake_case", () => {
    // Command files keep the hyphen of the command they are.
    const commands = ["scripts/pg-fusion.mjs"];
    const name = /^[a-z0-9_]+(\.(machine|effects|test|config|cluster|browser|d))*\.[a-z]+$/;
    const wrong = sources
      .filter((path) => /\.(ts|mjs|c|h|cc|cpp|hpp)$/.test(path) && !commands.includes(path))
      .filter((path) => !name.test(basename(path)));
    expect(wrong).toEqual([]);
  });

  it("say what is inside", () => {
    expect(files.filter((path) => vagueNames.test(path))).toEqual([]);
  });

  it("of unit tests mirror the file they test", () => {
    const tests = files.filter((path) => /^test\/unit\/.+\/.+\.test\.ts$/.test(path));
    const folders = new Set(tests.map((path) => path.split("/")[2] ?? ""));
    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
  });
});

describe("sizes", () => {
  const limited = sources.filter((path) => !path.endsWith(".sql"));

  it("files have at most 600 lines", () => {
    const long = limited.filter((path) => textOf(path).split("\n").length > fileLinesMax + 1);
    expect(long.filter((path) => !(path in longFiles))).toEqual([]);
    expect(Object.keys(longFiles).filter((path) => !long.includes(path))).toEqual([]);
  });

  it("lines have at most 120 characters", () => {
    const widthOf = (line: string) => line.replaceAll("\t", "    ").length;
    const tooWide = limited.flatMap((path) =>
      textOf(path)
        .split("\n")
        .map((line, at) => ({ width: widthOf(line), place: `${path}:${at + 1}` }))
        .filter(({ width }) => width > lineCharactersMax && !(path in wideFiles))
        .map(({ width, place }) => `${place} (${width})`),
    );
    expect(tooWide).toEqual([]);
  });
});

describe("contents", () => {
  it("every source opens by saying what it is", () => {
    const headless = sources
      .filter((path) => !/\.(sql|fbs|proto)$/.test(path))
      .filter((path) => {
        const text = textOf(path).replace(/^#!.*\n/, "");
        const comment = /^(?:(?:\/\/.*\n)+|\/\*[\s\S]*?\*\/)/.exec(text)?.[0] ?? "";
        // The configuration files of tools explain themselves inside.
        return comment.length < 40 && !path.endsWith(".config.ts");
      });
    expect(headless).toEqual([]);
  });

  it("nothing is left for later", () => {
    const lines = sources.flatMap((path) =>
      textOf(path)
        .split("\n")
        .map((line, at) => ({ line, place: `${path}:${at + 1}` }))
        .filter(({ line }) => unfinished.test(line))
        .map(({ place }) => place),
    );
    expect(lines).toEqual([]);
  });

  it("the engine takes time and chance from src/base only", () => {
    const people = ["base", "cluster", "tpch", "bench", "cli", "visualizer"];
    const wrong = ours
      .filter((path) => !people.includes(folderOf(path)))
      .filter((path) => /\b(Math\.random|Date\.now|setTimeout|setInterval)\b/.test(textOf(path)));
    expect(wrong).toEqual([]);
  });

  it("the type any appears nowhere", () => {
    const any = /(:\s*any\b|\bas any\b|<any[,>]|\bany\[\])/;
    const code = (path: string) => textOf(path).replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "");
    expect(ours.filter((path) => any.test(code(path)))).toEqual([]);
  });

  it("only native/extension includes PostgreSQL's headers", () => {
    const wrong = sources
      .filter((path) => path.startsWith("native/") && !path.startsWith("native/extension/"))
      .filter((path) => /#include "postgres\.h"/.test(textOf(path)));
    expect(wrong).toEqual([]);
  });
});
