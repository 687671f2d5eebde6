// The pictures of the machines: every state and arrow is there, nothing lies on another, arrows lead down.
import { describe, expect, test } from "vitest";
import { LAYOUTS_FINGERPRINT, machineLayouts } from "#generated/machine_layouts.js";
import { generatedMachines, MACHINES_FINGERPRINT, type GeneratedMachine } from "#generated/machines.js";
import { layOutMachine, STATE_HEIGHT, type LayoutMachine, type MachineLayout } from "#visualizer/layered_layout.js";

const EFFECT_BITS = 2 ** 32;

function layoutMachine(machine: GeneratedMachine): LayoutMachine {
  const events = machine.events.length;
  const transitions = machine.cells.flatMap((cell, at) =>
    cell < 0 ? [] : [[Math.floor(at / events), Math.floor(cell / EFFECT_BITS), at % events] as const]);
  return { states: machine.states, initial: machine.initial, finals: machine.finals, transitions };
}

const overlaps = ({ states }: MachineLayout): number => states.flatMap((one, at) =>
  states.slice(at + 1).filter((other) => Math.abs(one.y - other.y) < STATE_HEIGHT &&
    Math.abs(one.x - other.x) < (one.width + other.width) / 2)).length;

test("the generated pictures are of these machines", () => {
  expect(LAYOUTS_FINGERPRINT).toBe(MACHINES_FINGERPRINT);
  expect(Object.keys(machineLayouts)).toEqual(generatedMachines.map(({ name }) => name));
});

describe.each(generatedMachines.map((machine) => [machine.name, machine] as const))("%s", (name, machine) => {
  const layout = machineLayouts[name] as MachineLayout;

  test("has every transition once", () => {
    const drawn = layout.edges.flatMap(({ from, to, events }) => events.map((event) => `${from} ${to} ${event}`));
    const all = layoutMachine(machine).transitions.map((transition) => transition.join(" "));
    expect(drawn.sort()).toEqual(all.sort());
  });

  test("has its states apart and inside", () => {
    expect(layout.states.length).toBe(machine.states.length);
    expect(overlaps(layout)).toBe(0);
    for (const { x, y, width } of layout.states) {
      expect(x - width / 2).toBeGreaterThanOrEqual(0);
      expect(x + width / 2).toBeLessThanOrEqual(layout.width);
      expect(y + STATE_HEIGHT / 2).toBeLessThanOrEqual(layout.height);
    }
  });

  test("is laid out the same again", () => {
    expect(layOutMachine(layoutMachine(machine))).toEqual(layout);
  });
});

test("a cycle is broken once and its arrow still leads back up", () => {
  const { states, edges } = layOutMachine({
    states: ["a", "b", "c"], initial: 0, finals: [], transitions: [[0, 1, 0], [1, 2, 0], [2, 0, 0], [1, 1, 1]],
  });
  expect(states.map(({ y }) => y)).toEqual(states.map(({ y }) => y).sort((a, b) => a - b));
  const back = edges.find(({ from, to }) => from === 2 && to === 0);
  const numbers = [...(back?.path ?? "").matchAll(/-?\d+(?:\.\d+)?/g)].map(([text]) => Number(text));
  expect(numbers[1]).toBeGreaterThan(numbers.at(-1) as number);
  expect(edges.length).toBe(4);
});
