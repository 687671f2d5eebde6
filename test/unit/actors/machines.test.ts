// Every machine, walked exhaustively: its table is the machine, what it owns it lets go of, and an end is always near.
import { getShortestPaths } from "xstate/graph";
import { initialTransition, transition, type AnyMachineSnapshot } from "xstate";
import { describe, expect, test } from "vitest";
import { machineCatalogue } from "#actors/catalogue.js";
import { compileMachine, type MachineTable } from "#actors/tables/compile.js";
import { stepTable } from "#actors/table_actor.js";
import * as layout from "#generated/layout.js";
import { generatedMachines } from "#generated/machines.js";

const word = (type: string) => type.slice(type.indexOf(".") + 1);
const rows = machineCatalogue.map((row) => ({ ...row, table: compileMachine(row.machine) }));

/** States reachable from `from` by any event. */
function reachable(table: MachineTable, from: number): Set<number> {
  const seen = new Set([from]);
  for (const state of seen)
    for (const cell of table.cells[state] ?? []) if (cell !== undefined) seen.add(cell.to);
  return seen;
}

/** Events that, whatever happens before them, must lead to an end in a bounded number of steps. */
const emergencies: Readonly<Record<string, readonly string[]>> = {
  planning_backend: ["abandon", "workerLost"],
  planning_worker: ["closeReceived"],
  execution_backend: ["cancel", "abort", "workerLost"],
  execution_worker: ["closeReceived"],
  scan: ["close"],
  scan_producer: ["close", "fail"],
  page_lease: [],
  runtime_filter: [],
  cancellation: ["requested", "disposeOrdered"],
  // Without its first file there is nothing to be removed.
  spill_directory: [],
};

describe.each(rows)("$name", ({ name, code, machine, table }) => {
  test("the generated table is the machine, for every state and event", () => {
    const generated = generatedMachines[code - 1];
    expect(generated?.name).toBe(name);
    if (generated === undefined) return;
    expect(generated.states).toEqual(table.states);
    expect(generated.events).toEqual(table.events.map(word));
    const snapshots = new Map<string, AnyMachineSnapshot>();
    const [initial] = initialTransition(machine);
    snapshots.set(String(initial.value), initial);
    for (const snapshot of snapshots.values()) {
      const state = generated.states.indexOf(String(snapshot.value));
      for (const [event, type] of table.events.entries()) {
        const step = stepTable(generated, state, event);
        expect(step !== undefined, `${String(snapshot.value)} ${type}`).toBe(snapshot.can({ type }));
        if (step === undefined) continue;
        const [next, effects] = transition(machine, snapshot, { type });
        snapshots.set(String(next.value), next);
        expect(generated.states[step.to]).toBe(next.value);
        const mask = effects.map((effect) => {
          const params = Object.values(((effect as { params?: unknown }).params ?? {}) as Record<string, string>)
            .map((value) => value.charAt(0).toUpperCase() + value.slice(1)).join("");
          return generated.effects.indexOf(effect.type + params);
        }).reduce((bits, bit) => bits + 2 ** bit, 0);
        expect(step.mask).toBe(mask);
      }
    }
    expect(snapshots.size).toBe(generated.states.length);
    expect(generated.finals).toEqual(table.finals.flatMap((final, i) => (final ? [i] : [])));
  });

  test("every state is reached and every event is used", () => {
    expect(getShortestPaths(machine, { events: table.events.map((type) => ({ type })) }).length)
      .toBeGreaterThanOrEqual(table.states.length);
    for (const event of table.events.keys())
      expect(table.cells.some((row) => row[event] !== undefined)).toBe(true);
    for (const [effect, effectName] of table.effects.entries())
      expect(table.cells.flat().some((cell) => cell?.effects.includes(effect)), effectName).toBe(true);
  });

  test("a final state takes no event, any other state can still end", () => {
    if (name === "page_lease" || name === "runtime_filter") return;
    for (const [state, final] of table.finals.entries()) {
      if (final) expect(table.cells[state]?.every((cell) => cell === undefined)).toBe(true);
      else expect([...reachable(table, state)].some((to) => table.finals[to])).toBe(true);
    }
  });

  test("an emergency is taken in every state that is not final, and leaves no way back", () => {
    for (const type of emergencies[name] ?? []) {
      const event = table.events.findIndex((candidate) => word(candidate) === type);
      expect(event).toBeGreaterThanOrEqual(0);
      for (const [state, final] of table.finals.entries()) {
        if (final) continue;
        const cell = table.cells[state]?.[event];
        // The only states that may refuse it are those the same emergency led to.
        const settled = table.cells.some((row) => row[event]?.to === state);
        expect(cell !== undefined || settled, `${table.states[state]} takes ${type}`).toBe(true);
        if (cell !== undefined) expect(reachable(table, cell.to).has(table.initial)).toBe(false);
      }
    }
  });
});

/** Walks a table and tells, for every state, all values that `fold` can reach it with. */
function valuesByState<V>(
  table: MachineTable, start: V, fold: (value: V, effects: string[], event: string) => V,
) {
  const seen = new Map<string, { state: number; value: V }>();
  const queue = [{ state: table.initial, value: start }];
  const key = (at: { state: number; value: V }) => JSON.stringify([at.state, at.value]);
  seen.set(key({ state: table.initial, value: start }), { state: table.initial, value: start });
  for (const at of queue)
    for (const [event, cell] of (table.cells[at.state] ?? []).entries()) {
      if (cell === undefined) continue;
      const effects = cell.effects.map((effect) => table.effects[effect] ?? "");
      const next = {
        state: cell.to,
        value: fold(at.value, effects, word(table.events[event] ?? "")),
      };
      if (seen.has(key(next))) continue;
      seen.set(key(next), next);
      queue.push(next);
    }
  return [...seen.values()].map(({ state, value }) => ({
    state: table.states[state] ?? "", final: table.finals[state] ?? false, value,
  }));
}

const tableOf = (name: string) => {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(name);
  return row.table;
};

describe("ownership", () => {
  test("a producer holds a page exactly while filling or waiting for the ring, and none at its end", () => {
    const found = valuesByState(tableOf("scan_producer"), 0, (held, effects, event) => {
      if (event === "pageAcquired") return held + 1;
      if (event === "pageIssued" || effects.includes("releasePage")) return held - 1;
      return held;
    });
    for (const { state, value } of found)
      expect([state, value]).toEqual([state, ["filling", "waitingForRing"].includes(state) ? 1 : 0]);
  });

  test("a producer's page wait is withdrawn whenever it was announced", () => {
    const found = valuesByState(tableOf("scan_producer"), 0, (waits, effects) =>
      waits + (effects.includes("beginPageWait") ? 1 : 0) - (effects.includes("endPageWait") ? 1 : 0));
    for (const { state, value } of found) expect([state, value]).toEqual([state, state === "waitingForPage" ? 1 : 0]);
  });

  test.each(["planning_backend", "execution_backend"])("%s closes the session it used exactly once", (name) => {
    const found = valuesByState(tableOf(name), { open: 0, closed: 0 }, (value, effects) => ({
      open: value.open + effects.filter((effect) => effect.startsWith("send")).length,
      closed: value.closed + effects.filter((effect) => effect.startsWith("closeSession")).length,
    }));
    for (const { final, value } of found) expect(value.closed).toBe(final ? value.open : 0);
  });

  test.each(["planning_worker", "execution_worker"])("%s detaches exactly once, at the very end", (name) => {
    const found = valuesByState(tableOf(name), 0, (count, effects) =>
      count + effects.filter((effect) => effect === "detachSession").length);
    for (const { final, value } of found) expect(value).toBe(final ? 1 : 0);
  });

  test("a worker's execution hands out one job and is closed only after the job's last report", () => {
    const last = ["jobFinished", "jobFailed", "jobDisposed"];
    const found = valuesByState(tableOf("execution_worker"), { assigned: 0, ended: 0 }, (value, effects, event) => ({
      assigned: value.assigned + (effects.includes("assignJob") ? 1 : 0),
      ended: value.ended + (last.includes(event) ? 1 : 0),
    }));
    for (const { final, value } of found) {
      expect(value.assigned - value.ended).toBeGreaterThanOrEqual(0);
      expect(value.assigned).toBeLessThanOrEqual(1);
      if (final) expect(value.ended).toBe(value.assigned);
    }
  });

  test("a worker answers at most once", () => {
    for (const name of ["planning_worker", "execution_worker"]) {
      const answers = ["sendPlanReady", "sendPlanRefused", "sendFailed"];
      const found = valuesByState(tableOf(name), 0, (count, effects) =>
        count + effects.filter((effect) => answers.includes(effect)).length);
      for (const { value } of found) expect(value).toBeLessThanOrEqual(1);
    }
  });

  test("a backend raises at most one error, and only in a failed or refused end", () => {
    for (const name of ["planning_backend", "execution_backend"]) {
      const found = valuesByState(tableOf(name), 0, (count, effects) =>
        count + effects.filter((effect) => effect.startsWith("raise")).length);
      for (const { state, value } of found)
        expect([state, value]).toEqual([state, ["failed", "refused"].includes(state) ? 1 : 0]);
    }
  });

  test("a cancelled job is disposed of and reports it exactly once", () => {
    const found = valuesByState(tableOf("cancellation"), { disposed: 0, reported: 0 }, (value, effects) => ({
      disposed: value.disposed + (effects.includes("disposeJob") ? 1 : 0),
      reported: value.reported + (effects.includes("reportDisposed") ? 1 : 0),
    }));
    for (const { final, value } of found) {
      expect(value.disposed).toBeLessThanOrEqual(1);
      if (final) expect(value.reported).toBe(value.disposed);
    }
  });
});

describe("runtime_filter", () => {
  test("its states carry the numbers of the slot words", () => {
    expect(tableOf("runtime_filter").states).toEqual(["free", "leased", "building", "ready", "declined"]);
    const { FILTER_FREE, FILTER_LEASED, FILTER_BUILDING, FILTER_READY, FILTER_DECLINED } = layout;
    expect([FILTER_FREE, FILTER_LEASED, FILTER_BUILDING, FILTER_READY, FILTER_DECLINED]).toEqual([0, 1, 2, 3, 4]);
  });

  test("is released from every state that holds it, and ready only by being published", () => {
    const table = tableOf("runtime_filter");
    const event = (name: string) => table.events.findIndex((candidate) => word(candidate) === name);
    const into = (state: string) => table.cells.flatMap((row) => row.flatMap((cell, code) =>
      (cell !== undefined && table.states[cell.to] === state ? [word(table.events[code] ?? "")] : [])));
    for (const [state, row] of table.cells.entries()) {
      const released = row[event("released")];
      expect(released === undefined ? undefined : table.states[released.to]).toBe(
        table.states[state] === "free" ? undefined : "free");
    }
    expect(new Set(into("ready"))).toEqual(new Set(["published"]));
    expect(new Set(into("building"))).toEqual(new Set(["begun"]));
    expect(new Set(into("leased"))).toEqual(new Set(["leased"]));
  });

  test("a ready filter changes no more until it is released", () => {
    const table = tableOf("runtime_filter");
    const ready = table.states.indexOf("ready");
    expect((table.cells[ready] ?? []).flatMap((cell, code) =>
      (cell === undefined ? [] : [word(table.events[code] ?? "")]))).toEqual(["released"]);
  });
});

describe("page_lease", () => {
  test("its states carry the numbers of the owner words", () => {
    expect(tableOf("page_lease").states).toEqual(["free", "leased", "issued", "imported", "reserved"]);
    expect([layout.PAGE_FREE, layout.PAGE_LEASED, layout.PAGE_ISSUED, layout.PAGE_IMPORTED, layout.PAGE_RESERVED])
      .toEqual([0, 1, 2, 3, 4]);
  });

  test("a page is never in two hands: leased again only from free or reserved", () => {
    const table = tableOf("page_lease");
    const leased = table.events.indexOf("page.leased");
    const sources = table.states.filter((_, state) => table.cells[state]?.[leased] !== undefined);
    expect(sources).toEqual(["free", "reserved"]);
  });
});
