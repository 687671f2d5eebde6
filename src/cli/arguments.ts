// The words of the command line: which command, which flags. It checks form only; the commands check
// meaning. Flags may also come as npm configuration (`npm start --scale 1`).
import { CommandError } from "#cluster/command_error.js";

/** Flags that take a value. */
const valued = ["port", "scale", "queries", "runs", "limit", "json", "destination"] as const;
/** Flags that are there or not. */
const plain = ["plain", "no-data", "once", "indexes"] as const;

type Valued = (typeof valued)[number];
type Plain = (typeof plain)[number];

export interface Arguments {
  readonly values: Readonly<Partial<Record<Valued, string>>>;
  readonly flags: ReadonlySet<Plain>;
  /** What is neither flag nor value, in order. */
  readonly words: readonly string[];
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

/** npm keeps flags it does not know in the environment of the script. */
function fromNpm(values: Partial<Record<Valued, string>>): void {
  for (const name of ["port", "scale"] as const) {
    const value = process.env[`npm_config_${name}`];
    if (value !== undefined && value !== "" && value !== "true") values[name] = value;
  }
}

/** Splits the words; with `passThrough` unknown flags are words, for a program behind us. */
export function parseArguments(words: readonly string[], passThrough = false): Arguments {
  const values: Partial<Record<Valued, string>> = {};
  const flags = new Set<Plain>();
  const rest: string[] = [];
  fromNpm(values);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [name = "", inline] = word.replace(/^--/, "").split(/=(.*)/s);
    if (word.startsWith("--") && isOneOf(valued, name)) {
      const value = inline ?? words[++at];
      if (value === undefined) throw new CommandError(`--${name} needs a value.`);
      values[name] = value;
    } else if (word.startsWith("--") && isOneOf(plain, name)) {
      flags.add(name);
    } else if (word.startsWith("-") && !passThrough) {
      throw new CommandError(`unknown option ${word}.`, "See: npx pg-fusion help");
    } else {
      rest.push(word);
    }
  }
  return { values, flags, words: rest };
}
