// What the world does to everybody: the worker dies and is restarted by its supervisor, frames of earlier leases and
// frames that do not verify stand in rings, wakes come without a reason. What one actor suffers alone (cancel, errors)
// stands with its other steps.
import { MessageType } from "#generated/layout.js";
import { frame, GARBLED, HAPPENED_DEATH, HAPPENED_GARBLE, OWNER_WORKER, type Region } from "./region.js";
import type { Scene, Step } from "./scene.js";
import { ringClear, ringLength, ringPush, type ControlAt, type World } from "./world_shape.js";

/** The supervisor: what a dead worker held is let go for it, then a new one starts. */
export function supervisorSteps({ shape }: Scene, region: Region): readonly Step[] {
  return [
    {
      name: "supervisor: buries the worker", can: (world) => world.get(shape.unburied) !== 0,
      go: (world) => {
        for (const control of shape.controls) {
          if (!region.has(world, control, OWNER_WORKER)) continue;
          const scans = region.scansOf(world, control);
          region.detachControl(world, control, OWNER_WORKER);
          // Whatever the flags say: the dead may have taken them and not signalled.
          for (const slot of [control, ...scans]) world.set(slot.rung, 1);
        }
        region.wakePageWaiters(world);
        world.set(shape.unburied, 0);
      },
    },
    {
      name: "supervisor: starts a worker",
      can: (world) => world.get(shape.workerReady) === 0 && world.get(shape.unburied) === 0,
      go: (world) => {
        world.add(shape.generation, 1);
        world.set(shape.workerReady, 1);
        world.set(shape.executorAwake, 1);
      },
    },
  ];
}

/** All that the worker's process knew is gone with it. */
function die({ shape }: Scene, world: World): void {
  world.set(shape.happened, world.get(shape.happened) | HAPPENED_DEATH);
  world.clear([shape.workerReady, shape.executorAwake]);
  world.set(shape.unburied, 1);
  for (const session of shape.sessions) world.clear(Object.values(session));
  for (const { leaves, ...job } of shape.jobs) {
    world.clear(Object.values(job));
    for (const leaf of leaves) world.clear(Object.values(leaf));
  }
  ringClear(world, shape.orders);
  ringClear(world, shape.reports);
}

function ringFaults(scene: Scene, region: Region, control: ControlAt): readonly Step[] {
  const { faults } = scene.configuration;
  const { shape } = scene;
  const epoch = (world: World): number => world.get(control.epoch);
  const room = (world: World): boolean => region.isOpen(world, control, epoch(world)) &&
    ringLength(world, control.toWorker) < control.toWorker.capacity;
  const put = (what: string, value: (world: World) => number, bit: number): readonly Step[] => [
    {
      name: `slot ${control.index}: ${what} to the worker`, fault: true, can: room,
      go: (world) => {
        world.set(shape.happened, world.get(shape.happened) | bit);
        ringPush(world, control.toWorker, value(world));
        region.ringDoorbell(world, control);
      },
    },
    {
      name: `slot ${control.index}: ${what} to the backend`, fault: true,
      can: (world) => region.isOpen(world, control, epoch(world)) && ringLength(world, control.toBackend) < 2,
      go: (world) => {
        world.set(shape.happened, world.get(shape.happened) | bit);
        ringPush(world, control.toBackend, value(world));
        region.wakeBackend(world, control);
      },
    },
  ];
  return [
    // The message that would do most harm if it were believed.
    ...faults.includes("staleFrame")
      ? put("a stale frame", (world) => frame(MessageType.CloseExecution, epoch(world) - 1), 0) : [],
    ...faults.includes("garbledFrame")
      ? put("a garbled frame", (world) => frame(GARBLED, epoch(world)), HAPPENED_GARBLE) : [],
  ];
}

/** An order of an earlier lease in a scan slot's ring. */
function staleOrders({ shape }: Scene, region: Region): readonly Step[] {
  return shape.scans.map((scan): Step => ({
    name: `scan slot ${scan.index}: a stale order`, fault: true,
    can: (world) => region.isOpen(world, scan, world.get(scan.epoch)) && ringLength(world, scan.toProducer) < 2,
    go: (world) => {
      ringPush(world, scan.toProducer, frame(MessageType.StopScan, world.get(scan.epoch) - 1));
      region.wakeProducer(world, scan);
    },
  }));
}

/** A wake for nobody's reason; one that would change nothing is none. */
function spuriousWakes({ shape }: Scene): readonly Step[] {
  const places = [
    ...shape.controls.flatMap(({ index, doorbell, rung }) => [
      { name: `slot ${index}: a doorbell without news`, at: doorbell },
      { name: `slot ${index}: a ring without news`, at: rung },
    ]),
    ...shape.scans.map(({ index, rung }) => ({ name: `scan slot ${index}: a ring without news`, at: rung })),
    { name: "executor: a wake without news", at: shape.executorAwake },
  ];
  return places.map(({ name, at }): Step => ({
    name, fault: true, can: (world) => world.get(at) === 0 && world.get(shape.workerReady) !== 0,
    go: (world) => world.set(at, 1),
  }));
}

export function adversarySteps(scene: Scene, region: Region): readonly Step[] {
  const { configuration: { faults }, shape } = scene;
  return [
    ...faults.includes("workerDies")
      ? [{
          name: "worker: dies", fault: true, can: (world: World) => world.get(shape.workerReady) !== 0,
          go: (world: World) => die(scene, world),
        } as const]
      : [],
    ...shape.controls.flatMap((control) => ringFaults(scene, region, control)),
    ...faults.includes("staleFrame") ? staleOrders(scene, region) : [],
    ...faults.includes("spuriousWake") ? spuriousWakes(scene) : [],
  ];
}
