// Walks every world that a configuration can come to, shortest ways first: every step of every process in every order,
// and every fault that the budget allows at every moment. What breaks comes back with the steps that lead there. When
// nothing does, the worlds from which no end can be reached any more are looked for. Read next: scene.ts,
// invariants.ts, counterexample.ts.
import { messageOf } from "#base/errors.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import { adversarySteps, supervisorSteps } from "./adversary_steps.js";
import { BackendSteps } from "./backend_steps.js";
import type { Configuration } from "./configuration.js";
import { Invariants } from "./invariants.js";
import { executorSteps } from "./job_steps.js";
import { Region } from "./region.js";
import { Scene, type Step } from "./scene.js";
import { mainSteps } from "./session_steps.js";
import { Liveness } from "./liveness.js";
import { WorldSet } from "./world_set.js";
import { World } from "./world_shape.js";

/** Steps that lead to something that must not be. */
export interface Failure {
  readonly sentence: string;
  readonly steps: readonly string[];
}

export interface Exploration {
  readonly worlds: number;
  /** Steps between them. */
  readonly edges: number;
  /** Worlds in which nothing is left to do. */
  readonly ends: number;
  /** Most steps without a fault from anywhere to an end; undefined when steps can go in circles. */
  readonly longestWay: number | undefined;
  readonly failure: Failure | undefined;
  /** Stopped at the limit of worlds: nothing is said about the rest. */
  readonly cut: boolean;
  /** By machine code: whether state * events + event was taken. */
  readonly taken: readonly Uint8Array[];
  /** Names of steps that were ever taken. */
  readonly happened: ReadonlySet<string>;
}

export interface Limits {
  readonly worldsMax: number;
}

/** Every step of a scene, and its first world. */
export function sceneSteps(scene: Scene): readonly Step[] {
  const region = new Region(scene);
  const backends = scene.shape.backends.map((at) => new BackendSteps(scene, region, at));
  const executor = executorSteps(scene, region);
  const parallel = backends.flatMap(({ producers }) => producers).filter(({ at }) => at.parallel);
  return [
    ...backends.flatMap((backend) => backend.steps()),
    ...parallel.flatMap((producer) => producer.steps()),
    ...mainSteps(scene, region),
    ...executor.steps,
    ...supervisorSteps(scene, region),
    ...executor.faults,
    ...backends.flatMap((backend) => backend.faults()),
    ...adversarySteps(scene, region),
  ];
}

export function firstWorld({ shape, configuration }: Scene): World {
  const world = new World(new Uint8Array(shape.bytes));
  world.set(shape.workerReady, 1);
  world.set(shape.generation, 1);
  world.set(shape.executorAwake, 1);
  world.set(shape.budget, configuration.budget);
  return world;
}

/** Takes a step; a fault costs one of the budget. */
export function takeStep({ shape }: Scene, step: Step, world: World): void {
  if (step.fault === true) world.add(shape.budget, -1);
  step.go(world);
}

const isPossible = ({ shape }: Scene, step: Step, world: World): boolean =>
  (step.fault !== true || world.get(shape.budget) > 0) && step.can(world);

class Explorer {
  readonly #scene: Scene;
  readonly #steps: readonly Step[];
  readonly #invariants: Invariants;
  readonly #worlds: WorldSet;
  readonly #limits: Limits;
  readonly #parents: number[] = [-1];
  readonly #ways: number[] = [-1];
  readonly #liveness = new Liveness();
  readonly #happened = new Set<number>();
  #edges = 0;

  constructor(scene: Scene, limits: Limits) {
    this.#scene = scene;
    this.#limits = limits;
    this.#steps = sceneSteps(scene);
    this.#invariants = new Invariants(scene);
    this.#worlds = new WorldSet(scene.shape.bytes);
  }

  run(): Exploration {
    const [world, next] = [firstWorld(this.#scene), new World(new Uint8Array(this.#scene.shape.bytes))];
    this.#worlds.intern(world.bytes);
    let failure: Failure | undefined;
    let number = 0;
    for (; number < this.#worlds.size && failure === undefined; number++) {
      if (this.#worlds.size > this.#limits.worldsMax) break;
      this.#worlds.read(number, world.bytes);
      failure = this.#leave(number, world, next);
    }
    const cut = failure === undefined && number < this.#worlds.size;
    const lively = failure === undefined && !cut ? this.#liveness.judge(this.#worlds.size) : undefined;
    if (lively?.stuck !== undefined)
      failure = { sentence: "from here no end can be reached", steps: this.#wayTo(lively.stuck) };
    else if (lively?.circling !== undefined && !this.#scene.configuration.faults.includes("lostWake"))
      failure = { sentence: "from here steps can go in circles for ever", steps: this.#wayTo(lively.circling) };
    return {
      worlds: this.#worlds.size, edges: this.#edges, ends: this.#liveness.ends, longestWay: lively?.longestWay,
      failure, cut, taken: this.#scene.taken,
      happened: new Set([...this.#happened].map((at) => this.#steps[at]?.name ?? "")),
    };
  }

  /** Every step out of a world. */
  #leave(number: number, world: World, next: World): Failure | undefined {
    let isEnd = true;
    for (const [at, step] of this.#steps.entries()) {
      try {
        if (!isPossible(this.#scene, step, world)) continue;
        if (step.fault !== true) isEnd = false;
        next.bytes.set(world.bytes);
        takeStep(this.#scene, step, next);
        this.#invariants.check(next);
      } catch (error) {
        return { sentence: sentenceOf(error), steps: [...this.#wayTo(number), step.name] };
      }
      this.#arrive(number, at, step, next);
    }
    if (!isEnd) return undefined;
    this.#liveness.end(number);
    try {
      this.#invariants.checkEnd(world);
    } catch (error) {
      return { sentence: sentenceOf(error), steps: this.#wayTo(number) };
    }
    return undefined;
  }

  #arrive(from: number, way: number, step: Step, next: World): void {
    const before = this.#worlds.size;
    const to = this.#worlds.intern(next.bytes);
    this.#edges += 1;
    if (this.#worlds.size > before) {
      this.#parents.push(from);
      this.#ways.push(way);
    }
    this.#happened.add(way);
    if (step.fault !== true) this.#liveness.edge(from, to);
  }

  #wayTo(number: number): string[] {
    const steps: string[] = [];
    for (let at = number; at > 0; at = this.#parents[at] as number)
      steps.unshift(this.#steps[this.#ways[at] as number]?.name ?? "");
    return steps;
  }
}

/** A defect of the model shows as a failed assertion: it fails the exploration like any other. */
function sentenceOf(error: unknown): string {
  return messageOf(error);
}

/** Explores a configuration with these machines, the runtime's own unless told otherwise. */
export function explore(
  configuration: Configuration, limits: Limits, machines: readonly GeneratedMachine[] = generatedMachines,
): Exploration {
  return new Explorer(new Scene(configuration, machines), limits).run();
}
