// What only the real region has: frames that do not verify, messages larger than a ring, the pool inside a WebAssembly
// memory, threads asleep in a futex, hostile bytes, and a native surface that no argument can crash.
import { Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { encodeExecutionFailed, encodeStartExecution } from "#codec/execution_message.js";
import { encodeScanFailed } from "#codec/scan_message.js";
import { FLIGHT_NOTE_STALE_FRAME, FRAME_BYTES_MAX, MessageType } from "#generated/layout.js";
import { addon } from "#transport/addon.js";
import { Region } from "#transport/region.js";
import { FlightPen } from "#worker/flight_pen.js";
import { RegionJobTransport } from "#worker/region_transport.js";
import type { ReceivedFrame, SlotLease, StaleFrames } from "#transport/transport.js";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RegionPeer, smallRegion } from "../../support/region_peer.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

let peer: RegionPeer;
let region: Region;

beforeEach(() => {
  peer = new RegionPeer();
  region = Region.attach(peer.native.fd(), peer.native.wakeFds());
  expect(region.ready(peer.startWorker(), 2)).toBe(true);
});

afterEach(() => {
  region.close();
  peer.native.close();
});

function controlLease(): SlotLease {
  const lease = peer.acquireControl(0, 0);
  if (typeof lease === "string") throw new Error(lease);
  return lease;
}

const poolBytes = smallRegion.pageBytes * smallRegion.pageCount;
const windowOffset = 1 << 20;
const sharedMemory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });

const startOf = (planBytes: number): Uint8Array =>
  encodeStartExecution({
    plan: new Uint8Array(planBytes).fill(7), planDigest: 1n, producers: [], parameters: [],
    permitsScan: 0, permitsResult: 0, analyze: false, filters: [], memoryKb: 0,
    spillLimitKb: -1,
  });

describe("attachment", () => {
  it("refuses what is no region, and a number of wake descriptors that does not fit", () => {
    expect(() => Region.attach(peer.native.wakeFds()[0] ?? 0, 0)).toThrow("cannot attach");
    expect(() => Region.attach(peer.native.fd(), new Int32Array(3))).toThrow(RangeError);
    expect(() => Region.attach(1_000_000, 0)).toThrow("cannot attach");
  });

  it("reads the numbers", () => {
    expect(region.numbers).toEqual({
      pageBytes: 65_536, pageCount: 16, controlSlotCount: 4, scanSlotCount: 8, controlRingBytes: 4096,
      incarnation: 42n,
    });
  });

  it("ends with close, for good", () => {
    region.close();
    expect(() => region.audit()).toThrow("closed");
    expect(() => region.control.receive(0)).toThrow("closed");
    region.close();
  });
});

describe("frames", () => {
  it("longer than the ring travel in fragments, as the reader makes room", () => {
    const lease = controlLease();
    const start = startOf(100_000);
    expect(peer.send("control", lease, MessageType.StartExecution, start, 5)).toBe("ok");
    let frame: ReceivedFrame | undefined;
    // The peer's queue moves when it is called again, as the backend's does when it is woken.
    for (let i = 0; i < 200 && frame === undefined; i++) {
      frame = region.control.receive(lease.slot);
      peer.receive("control", lease);
    }
    expect(frame).toMatchObject({ type: MessageType.StartExecution, sequence: 5, payload: start });
  });

  it("of the worker queue up and go on after the doorbell", async () => {
    const lease = controlLease();
    const failed = encodeExecutionFailed({ sqlstate: "XX000", message: "m".repeat(30_000), detail: "", hint: "" });
    let rung = 0;
    region.onWake(() => { rung += 1; });
    for (let i = 0; i < 3; i++)
      expect(region.control.send(lease, MessageType.ExecutionFailed, failed, i)).toBe("ok");
    const received: ReceivedFrame[] = [];
    for (let i = 0; i < 500 && received.length < 3; i++) {
      const frame = peer.receive("control", lease);
      if (frame !== undefined) received.push(frame);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    region.stopWake();
    expect(received.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
    for (const { payload } of received) expect(payload).toEqual(failed);
    expect(rung).toBeGreaterThan(0);
  });

  it("of a thread that does not listen fit at once or are refused whole", () => {
    const lease = controlLease();
    const message = new Uint8Array(1500);
    expect(region.control.send(lease, MessageType.ExecutionFailed, new Uint8Array(4080), 0)).toBe("full");
    expect(region.control.send(lease, MessageType.ExecutionFailed, message, 0)).toBe("ok");
    expect(region.control.send(lease, MessageType.ExecutionFailed, message, 0)).toBe("ok");
    expect(region.control.send(lease, MessageType.ExecutionFailed, message, 0)).toBe("full");
    expect(region.control.send(lease, MessageType.ExecutionFailed, new Uint8Array(1000), 0)).toBe("ok");
    expect(region.control.send(lease, MessageType.ExecutionFailed, new Uint8Array(), 0)).toBe("ok");
  });

  it("are refused whole when too much is queued", () => {
    const lease = controlLease();
    const large = new Uint8Array(FRAME_BYTES_MAX);
    region.onWake(() => undefined);
    expect(region.control.send(lease, MessageType.ExecutionFailed, large, 0)).toBe("ok");
    expect(region.control.send(lease, MessageType.ExecutionFailed, large, 0)).toBe("ok");
    expect(region.control.send(lease, MessageType.ExecutionFailed, large, 0)).toBe("full");
    expect(() => region.control.send(lease, MessageType.ExecutionFailed, new Uint8Array(FRAME_BYTES_MAX + 1), 0))
      .toThrow(RangeError);
  });

  const violation = expect.objectContaining({ code: "protocolViolation", sqlstate: "08P01" });

  it("with damaged bytes break their session only", () => {
    const lease = controlLease();
    const other = controlLease();
    const start = startOf(100);
    new DataView(start.buffer, start.byteOffset).setUint32(0, 0x7fff_ffff, true);
    peer.send("control", lease, MessageType.StartExecution, start);
    peer.send("control", other, MessageType.StartExecution, startOf(10));
    expect(() => region.control.receive(lease.slot)).toThrow(violation);
    expect(region.control.receive(other.slot)?.type).toBe(MessageType.StartExecution);
    expect(region.audit().protocolViolations).toBe(1);
  });

  it("of an unknown or misdirected type are violations", () => {
    const lease = controlLease();
    for (const type of [0, 99, MessageType.PlanReady, MessageType.ScanFinished]) {
      // The native peer sends what it is told.
      peer.native.send(0, lease.slot, lease.epoch, type, 0, startOf(1));
      expect(() => region.control.receive(lease.slot)).toThrow(violation);
      region.control.detach(lease);
      peer.detach("control", lease);
      Object.assign(lease, controlLease());
    }
  });

  it("with a damaged header are violations, not crashes", () => {
    const lease = controlLease();
    peer.send("control", lease, MessageType.StartExecution, startOf(10));
    peer.native.scribble(peer.native.ringOffset(0, lease.slot), new Uint8Array([255, 255, 255, 255]));
    expect(() => region.control.receive(lease.slot)).toThrow(violation);
  });

  it("of an earlier lease are dropped and counted", () => {
    const lease = controlLease();
    peer.send("control", lease, MessageType.StartExecution, startOf(10));
    peer.send("control", lease, MessageType.CloseExecution, startOf(10));
    peer.ageFrame("control", lease);
    const dropped: StaleFrames[] = [];
    region.control.onStale((each) => dropped.push(each));
    expect(region.control.receive(lease.slot)?.type).toBe(MessageType.CloseExecution);
    expect(region.control.receive(lease.slot)).toBeUndefined();
    expect(region.audit().staleDrops).toBe(1);
    expect(dropped).toMatchObject([{ lease, count: 1, type: MessageType.StartExecution }]);
  });

  it("of an earlier producer are told as the session's that reads them", () => {
    const lease = controlLease();
    const scan = peer.acquireScan(lease, 0, 0);
    if (typeof scan === "string") throw new Error(scan);
    peer.send("scan", scan, MessageType.ScanFailed, encodeScanFailed({ sqlstate: "XX000", message: "late" }), 8);
    peer.ageFrame("scan", scan);
    const notes: unknown[] = [];
    const pen = new FlightPen({
      record: (session, { event, argument, cause }) => notes.push({ session, event, argument, cause }),
    });
    const job = new RegionJobTransport(region, pen, new Uint8Array(), () => undefined);
    expect(job.receiveScan(lease, scan)).toBeUndefined();
    expect(notes).toEqual([
      { session: lease, event: FLIGHT_NOTE_STALE_FRAME, argument: MessageType.ScanFailed, cause: 8 },
    ]);
  });

  it("survive any bytes in the ring", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(200), (bytes, at) => {
        const lease = controlLease();
        peer.send("control", lease, MessageType.StartExecution, startOf(150));
        peer.native.scribble(peer.native.ringOffset(0, lease.slot) + at, bytes);
        try {
          for (let i = 0; i < 5; i++) region.control.receive(lease.slot);
        } catch (error) {
          expect(error).toMatchObject({ code: "protocolViolation" });
        }
        region.control.detach(lease);
        peer.detach("control", lease);
      }),
      { numRuns: 300 },
    );
    expect(region.audit().controlSlotsHeld).toBe(0);
  });
});

describe("the pool in a WebAssembly memory", () => {
  /** l: (address) -> i32.load8_u, s: (address, value) -> i32.store8, over an imported shared memory of 64 pages. */
  const code = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 11, 2, 96, 1, 127, 1, 127, 96, 2, 127, 127, 0,
    2, 9, 1, 1, 109, 1, 109, 2, 3, 64, 64, 3, 3, 2, 0, 1, 7, 9, 2, 1, 108, 0, 0, 1, 115, 0, 1,
    10, 19, 2, 7, 0, 32, 0, 45, 0, 0, 11, 9, 0, 32, 0, 32, 1, 58, 0, 0, 11,
  ]);

  function machine(memory: WebAssembly.Memory): { l: (a: number) => number; s: (a: number, v: number) => void } {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { m: { m: memory } });
    return instance.exports as { l: (a: number) => number; s: (a: number, v: number) => void };
  }

  it("shows pages to JavaScript and to generated code, which cannot damage them", () => {
    const memory = sharedMemory();
    const { l: load, s: store } = machine(memory);
    region.mapPool(memory, windowOffset);
    const lease = controlLease();
    const scan = peer.acquireScan(lease, 0, 0) as SlotLease;
    peer.produce(lease, scan, new Uint8Array([1, 2, 3, 250]), 4);
    const found = region.scan.importPage(scan);
    if (found.kind !== "page") throw new Error(found.kind);
    const { page } = found;
    expect(page.address).toBe(windowOffset + page.page * smallRegion.pageBytes);
    expect([...page.content().subarray(0, 4)]).toEqual([1, 2, 3, 250]);
    expect(page.content().length).toBe(smallRegion.pageBytes);
    expect(load(page.address + 3)).toBe(250);
    expect(() => store(page.address + 3, 0)).toThrow(WebAssembly.RuntimeError);
    store(windowOffset - 1, 9);
    store(windowOffset + poolBytes, 9);
    expect(load(windowOffset - 1) + load(windowOffset + poolBytes)).toBe(18);
    page.release();

    // Results are copied out of the same memory.
    store(64, 77);
    const answer = region.control.acquireResult(lease);
    if (answer.kind !== "page") throw new Error(answer.kind);
    answer.page.write(new Uint8Array(memory.buffer), 64, 1);
    expect(load(windowOffset + answer.page.page * smallRegion.pageBytes)).toBe(77);
    answer.page.issue(1, 1);
    expect(peer.takeResult(lease)).toEqual({ kind: "page", rows: 1, bytes: new Uint8Array([77]) });

    region.unmapPool();
    expect(load(windowOffset)).toBe(0);
    store(windowOffset, 5);
    expect(load(windowOffset)).toBe(5);
    region.mapPool(memory, windowOffset);
  });

  it("is mapped only over shared memory, aligned and large enough", () => {
    const native = new (addon().Region)(peer.native.fd());
    const memory = sharedMemory();
    const view = new Uint8Array(memory.buffer);
    expect(() => native.mapPoolReadOnly(new Uint8Array(poolBytes * 2), 0)).toThrow("shared");
    expect(() => native.mapPoolReadOnly(view, 100)).toThrow("boundary");
    expect(() => native.mapPoolReadOnly(view, view.length - poolBytes + 65_536)).toThrow(RangeError);
    expect(() => native.mapPoolReadOnly(view, view.length)).toThrow(RangeError);
    native.mapPoolReadOnly(view, windowOffset);
    expect(() => native.mapPoolReadOnly(view, windowOffset)).toThrow("already");
    native.unmapPool();
    native.unmapPool();
    native.close();
  });

  it("is needed before pages are looked at", () => {
    const lease = controlLease();
    const scan = peer.acquireScan(lease, 0, 0) as SlotLease;
    peer.produce(lease, scan, new Uint8Array(4), 4);
    const found = region.scan.importPage(scan);
    if (found.kind !== "page") throw new Error(found.kind);
    expect(() => found.page.content()).toThrow("the pool is mapped");
    expect(() => found.page.address).toThrow("the pool is mapped");
    found.page.release();
  });
});

describe("threads", () => {
  /** A thread that attaches by descriptor number, sleeps for an executor, and answers through the memory. */
  const thread = `
    const { parentPort, workerData } = require("node:worker_threads");
    const { Region } = require(workerData.addon);
    const region = new Region(workerData.fd, workerData.wakeFds);
    const words = new Int32Array(workerData.memory.buffer);
    let seen = region.executorSeen(3);
    parentPort.postMessage("ready");
    for (let wakes = 0; wakes < workerData.wakes;) {
      const now = region.executorWait(3, seen, 1000);
      if (now === seen) continue;
      wakes += (now - seen) >>> 0;
      seen = now;
      // The page the main thread mapped is seen here too: one process, one memory.
      Atomics.store(words, 1, words[workerData.windowOffset / 4]);
      Atomics.store(words, 0, wakes);
      Atomics.notify(words, 0);
    }
    region.close();
    parentPort.close();
  `;

  it("sleep in a futex until they are woken, and share the mapping", async () => {
    const memory = sharedMemory();
    region.mapPool(memory, windowOffset);
    const lease = controlLease();
    const scan = peer.acquireScan(lease, 0, 0) as SlotLease;
    peer.produce(lease, scan, new Uint8Array([42, 0, 0, 0]), 1);
    const found = region.scan.importPage(scan);
    if (found.kind !== "page") throw new Error(found.kind);
    const wakes = 50;
    const worker = new Worker(thread, {
      eval: true,
      workerData: {
        addon: `${root}native/addon/build/Release/pg_fusion.node`, fd: peer.native.fd(),
        wakeFds: peer.native.wakeFds(), memory, wakes,
        windowOffset: windowOffset + found.page.page * smallRegion.pageBytes,
      },
    });
    const exited = new Promise<number>((resolve) => worker.on("exit", resolve));
    await new Promise((resolve) => worker.once("message", resolve));
    const words = new Int32Array(memory.buffer);
    region.control.assignExecutor(lease, 3);
    for (let wake = 1; wake <= wakes; wake++) {
      // By number, and by the session it runs.
      if (wake % 2 === 0) region.wakeExecutor(3);
      else peer.produce(lease, scan, new Uint8Array(1), 1);
      while (Atomics.load(words, 0) < wake) Atomics.wait(words, 0, wake - 1, 1000);
      const next = region.scan.importPage(scan);
      if (next.kind === "page") next.page.release();
    }
    expect(await exited).toBe(0);
    expect(words[1]).toBe(42);
    found.page.release();
  });

  it("may be terminated in their sleep, and while they listen", async () => {
    const listener = `
      const { parentPort, workerData } = require("node:worker_threads");
      const { Region } = require(workerData.addon);
      const region = new Region(workerData.fd, workerData.wakeFds);
      region.onWake(() => undefined);
      parentPort.postMessage("ready");
      if (workerData.sleeps) for (;;) region.executorWait(0, region.executorSeen(0), 50);
    `;
    for (const sleeps of [false, true]) {
      const worker = new Worker(listener, {
        eval: true,
        workerData: {
          addon: `${root}native/addon/build/Release/pg_fusion.node`, fd: peer.native.fd(),
          wakeFds: peer.native.wakeFds(), sleeps,
        },
      });
      await new Promise((resolve) => worker.once("message", resolve));
      expect(await worker.terminate()).toBe(1);
    }
    expect(region.audit().freePages).toBe(16);
  });
});

describe("signals", () => {
  it("reach a sleeping backend and a sleeping producer", async () => {
    const lease = controlLease();
    const scan = peer.acquireScan(lease, 0, 0) as SlotLease;
    expect(peer.sleep("control", lease, 0)).toBe(false);
    expect(peer.sleep("scan", scan, 0)).toBe(false);
    const sleeper = `
      const { workerData } = require("node:worker_threads");
      const { Region } = require(workerData.addon);
      const region = new Region(workerData.fd, workerData.wakeFds);
      const { lease, scan } = workerData;
      setTimeout(() => region.endResult(lease.slot, lease.epoch, 1), 100);
      setTimeout(() => region.stopScan(scan.slot, scan.epoch), 200);
    `;
    const worker = new Worker(sleeper, {
      eval: true,
      workerData: {
        addon: `${root}native/addon/build/Release/pg_fusion.node`, fd: peer.native.fd(),
        wakeFds: peer.native.wakeFds(), lease, scan,
      },
    });
    const exited = new Promise((resolve) => worker.on("exit", resolve));
    await new Promise((resolve) => worker.once("online", resolve));
    expect(peer.sleep("control", lease, 10_000)).toBe(true);
    expect(peer.takeResult(lease)).toEqual({ kind: "end" });
    expect(peer.sleep("scan", scan, 10_000)).toBe(true);
    expect(peer.stopped(scan)).toBe(true);
    await exited;
  });
});

describe("the native surface", () => {
  it("answers any arguments with a value or an error", () => {
    const native = new (addon().Region)(peer.native.fd(), peer.native.wakeFds());
    const untouched = new Set(["constructor", "close", "executorWait", "onWake", "mapPoolReadOnly", "unmapPool"]);
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(native)).filter((name) => !untouched.has(name));
    expect(methods.length).toBeGreaterThan(15);
    const argument = fc.oneof(
      fc.integer({ min: -2, max: 70 }), fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53, NaN, Infinity, -0.5, 1.5),
      fc.constantFrom(undefined, null, "x", {}, [], true, 5n), fc.constant(new Uint8Array(8)),
      fc.constant(new Uint32Array(16)), fc.constant(new Uint32Array(1)), fc.constant(new Float64Array(9)),
      fc.constant(() => undefined),
    );
    const call = fc.tuple(fc.constantFrom(...methods), fc.array(argument, { maxLength: 8 }));
    fc.assert(
      fc.property(call, ([name, args]) => {
        const method = native[name as keyof typeof native] as (...all: unknown[]) => unknown;
        try {
          method.apply(native, args);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 5000 },
    );
    expect(() => native.executorWait(64, 0, 1)).toThrow(RangeError);
    expect(() => native.executorWait(0, 0, 1001)).toThrow(RangeError);
    expect(() => native.onWake(5 as never)).toThrow(TypeError);
    // Called on something else altogether.
    expect(() => native.audit.call({} as never)).toThrow();
    native.close();
    for (const name of methods.filter((method) => method !== "stopWake"))
      expect(() => (native[name as keyof typeof native] as () => unknown)()).toThrow();
  });
});
