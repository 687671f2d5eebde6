// Numbers of records in words, and how transitions have been tried.
import { expect, test } from "vitest";
import { CLOSE_CAUSE_SHIFT, CLOSE_CAUSE_STATEMENT_TIMEOUT } from "#generated/layout.js";
import { executionBackend, generatedMachines, pageLease, scanProducer } from "#generated/machines.js";
import { argumentWords } from "#visualizer/argument_words.js";
import { coverageOf } from "#visualizer/coverage.js";
import { machineLayouts } from "#generated/machine_layouts.js";

const eventOf = (machine: (typeof generatedMachines)[number], name: string): number =>
  (machine.events as readonly string[]).indexOf(name);

test("arguments are told as what they are", () => {
  expect(argumentWords(scanProducer.code, eventOf(scanProducer, "pageIssued"), 300)).toEqual(["rows", "300"]);
  const stop = eventOf(scanProducer, "stop");
  expect(argumentWords(scanProducer.code, stop, 0)).toEqual(["reason", "the engine has enough"]);
  expect(argumentWords(pageLease.code, eventOf(pageLease, "leased"), 0)).toEqual(["page", "0"]);
  expect(argumentWords(executionBackend.code, eventOf(executionBackend, "cancel"), 2)).toEqual(["reason", "cancelled"]);
  const timedOut = 2 | (CLOSE_CAUSE_STATEMENT_TIMEOUT << CLOSE_CAUSE_SHIFT);
  expect(argumentWords(executionBackend.code, eventOf(executionBackend, "cancel"), timedOut))
    .toEqual(["reason", "cancelled: statement timeout"]);
  expect(argumentWords(executionBackend.code, eventOf(executionBackend, "resultEnded"), 0)).toBeUndefined();
  expect(argumentWords(executionBackend.code, eventOf(executionBackend, "resultEnded"), 5)).toEqual(["argument", "5"]);
});

test("a transition of the recording at hand is seen here, and no drawn one was never walked", () => {
  for (const machine of generatedMachines)
    for (const { from, events } of machineLayouts[machine.name]?.edges ?? [])
      for (const event of events) {
        expect(coverageOf(machine, from, event, 3)).toBe("here");
        expect(coverageOf(machine, from, event, 0)).not.toBe("never");
      }
});
