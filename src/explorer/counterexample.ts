// A failed exploration told again, as a trace: every transition in the order in which it happened, faults and the
// broken sentence as remarks. `trace show`, `trace replay` and the visualizer open it.
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import { FailureTrace } from "#trace/failure_trace.js";
import type { Configuration } from "./configuration.js";
import { firstWorld, sceneSteps, takeStep, type Failure } from "./exploration.js";
import { Scene } from "./scene.js";

/** Tells the steps again, to where they break. */
export function traceOf(
  configuration: Configuration, failure: Failure, machines: readonly GeneratedMachine[] = generatedMachines,
): FailureTrace {
  const scene = new Scene(configuration, machines);
  const trace = new FailureTrace("explorer");
  const steps = new Map(sceneSteps(scene).map((step) => [step.name, step]));
  const world = firstWorld(scene);
  scene.listener = ({ writer, actor, slot, epoch }, { machine, event, from, to, argument }, now) => {
    const number = "known" in slot ? slot.known : now.get(slot.at) - 1;
    trace.add(writer, { slot: number, epoch: now.get(epoch) }, { machine, event, from, to, actor, argument, cause: 0 });
  };
  trace.remark(`configuration "${configuration.name}": ${configuration.question}`);
  for (const name of failure.steps) {
    const step = steps.get(name);
    if (step === undefined) throw new Error(`no step is called ${name}`);
    if (step.fault === true) trace.remark(name);
    try {
      takeStep(scene, step, world);
    } catch {
      // Here it breaks; the sentence follows.
      trace.remark(name);
    }
  }
  trace.remark(failure.sentence);
  return trace;
}
