// docs/machines.md: one mermaid state diagram and one table of effects per machine, from the compiled tables, so
// that a picture cannot disagree with what runs.
import { eventWord } from "./machine_words.mjs";

const titles = {
  backend: "runs in the backend, as a C table",
  worker: "runs in the worker",
  both: "specification of both sides",
};

/** Every transition: names of its two states, its event and its effects. */
const transitionsOf = (table) =>
  table.cells.flatMap((row, from) =>
    row.flatMap((cell, event) =>
      cell === undefined
        ? []
        : [{
            from: table.states[from],
            to: table.states[cell.to],
            event: eventWord(table.events[event]),
            effects: cell.effects.map((effect) => table.effects[effect]),
          }]));

/** Transitions between the same two states share an arrow. */
function arrows(transitions) {
  const byPair = new Map();
  for (const { from, to, event } of transitions) {
    const pair = `${from} --> ${to}`;
    byPair.set(pair, [...(byPair.get(pair) ?? []), event]);
  }
  return [...byPair].map(([pair, events]) => `  ${pair}: ${events.join(", ")}`);
}

function section({ name, code, side, table }) {
  const transitions = transitionsOf(table);
  const finals = table.states.filter((_, i) => table.finals[i]);
  const rows = transitions
    .filter(({ effects }) => effects.length > 0)
    .map(({ from, event, effects }) => `| ${from} | ${event} | ${effects.join(", ")} |`);
  const head = ["| state | event | effects, in order |", "| --- | --- | --- |"];
  const effects = rows.length === 0 ? [] : [...head, ...rows, ""];
  return [
    `## ${name}`,
    "",
    `Machine ${code}, ${titles[side]}. Source: \`src/actors/${name}/${name}.machine.ts\`.`,
    "",
    "```mermaid",
    "stateDiagram-v2",
    `  [*] --> ${table.states[table.initial]}`,
    ...arrows(transitions),
    ...finals.map((state) => `  ${state} --> [*]`),
    "```",
    "",
    ...effects,
  ];
}

export function machineDiagrams(machines) {
  return [
    "# State machines",
    "",
    "Generated from `src/actors` by `npm run generate`; do not edit.",
    "An event without an arrow is a protocol violation.",
    "",
    ...machines.flatMap(section),
  ].join("\n");
}
