// docs/machines.md: one mermaid state diagram and one effect table per machine, from the compiled tables, so that a picture
// cannot disagree with what runs.
const eventWord = (type) => type.slice(type.indexOf(".") + 1);

const title = { backend: "runs in the backend (C table)", worker: "runs in the worker", both: "specification of both sides" };

/** Transitions between the same two states share an arrow. */
function arrows(table) {
  const byPair = new Map();
  table.cells.forEach((row, from) => row.forEach((cell, event) => {
    if (!cell) return;
    const key = `${table.states[from]} --> ${table.states[cell.to]}`;
    byPair.set(key, [...(byPair.get(key) ?? []), eventWord(table.events[event])]);
  }));
  return [...byPair].map(([pair, events]) => `  ${pair}: ${events.join(", ")}`);
}

function effectRows(table) {
  const rows = [];
  table.cells.forEach((row, from) => row.forEach((cell, event) => {
    if (!cell || cell.effects.length === 0) return;
    rows.push(`| ${table.states[from]} | ${eventWord(table.events[event])} | ${cell.effects.map((e) => table.effects[e]).join(", ")} |`);
  }));
  return rows;
}

function section({ name, code, side, table }) {
  const lines = [`## ${name}`, "", `Machine ${code}, ${title[side]}. Source: \`src/actors/${name}/${name}.machine.ts\`.`, "", "```mermaid", "stateDiagram-v2",
    `  [*] --> ${table.states[table.initial]}`, ...arrows(table)];
  table.states.forEach((state, i) => { if (table.finals[i]) lines.push(`  ${state} --> [*]`); });
  lines.push("```", "");
  const rows = effectRows(table);
  if (rows.length > 0) lines.push("| state | event | effects, in order |", "| --- | --- | --- |", ...rows, "");
  return lines;
}

export function machineDiagrams(machines) {
  const head = ["# State machines", "", "Generated from `src/actors` by `npm run generate`; do not edit. An event without an arrow is a protocol violation.", ""];
  return [...head, ...machines.flatMap(section)].join("\n");
}
