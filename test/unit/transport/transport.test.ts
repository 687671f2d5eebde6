// One conversation after another over both transports: the real region with a native peer, and the memory
// twin. What holds for one must hold for the other, or tests over the twin would prove nothing. Region-only
// matters: region.test.ts.
import { encodeCloseExecution, encodeExecutionStarted } from "#codec/execution_message.js";
import { encodeOpenScan, encodeScanFinished } from "#codec/scan_message.js";
import {
  MessageType, RESULT_POOL_SHARE, RESULT_RING_DESCRIPTORS, WORKER_OFFLINE, WORKER_READY,
} from "#generated/layout.js";
import { MemoryBackend, type BackendSide } from "#transport/memory_backend.js";
import { MemoryRegion } from "#transport/memory_region.js";
import { MemoryTransport } from "#transport/memory_transport.js";
import { Region } from "#transport/region.js";
import type { ResultPage } from "#transport/page_lease.js";
import type { SlotLease, Transport } from "#transport/transport.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RegionPeer } from "../../support/region_peer.js";

interface Sides {
  readonly transport: Transport;
  readonly backend: BackendSide;
  close(): void;
}

function memorySides(): Sides {
  const region = new MemoryRegion();
  const transport = new MemoryTransport(region);
  return { transport, backend: new MemoryBackend(region), close: () => transport.close() };
}

function regionSides(): Sides {
  const backend = new RegionPeer();
  const transport = Region.attach(backend.native.fd(), backend.native.wakeFds());
  return {
    transport,
    backend,
    close: () => {
      transport.close();
      backend.native.close();
    },
  };
}

const close = (): Uint8Array => encodeCloseExecution({ reason: "finished" });

function granted(answer: SlotLease | "full" | "stale"): SlotLease {
  if (typeof answer === "string") throw new Error(`no lease: ${answer}`);
  return answer;
}

function pageOf(transport: Transport, lease: SlotLease): ResultPage {
  const answer = transport.control.acquireResult(lease);
  if (answer.kind !== "page") throw new Error(`no page: ${answer.kind}`);
  return answer.page;
}

describe.each([
  ["memory", memorySides],
  ["region", regionSides],
] as const)("%s transport", (_, open) => {
  let sides: Sides;
  let transport: Transport;
  let backend: BackendSide;

  beforeEach(() => {
    sides = open();
    ({ transport, backend } = sides);
    expect(transport.ready(backend.startWorker(), 2)).toBe(true);
  });

  afterEach(() => sides.close());

  /** Both sides let go; nothing is left. */
  function finish(lease: SlotLease, swept = 0): void {
    expect(transport.control.detach(lease) + backend.detach("control", lease)).toBe(swept);
    const { freePages, protocolViolations, staleDrops, sweptPages, ...held } = transport.audit();
    expect(held).toEqual({ controlSlotsHeld: 0, filtersHeld: 0, scanSlotsHeld: 0, pagesHeld: 0, permitsMissing: 0 });
    expect(freePages).toBe(transport.numbers.pageCount);
    expect([protocolViolations, staleDrops, sweptPages]).toEqual([0, 0, swept]);
  }

  it("tells the worker's state", () => {
    expect(transport.workerState()).toEqual({ state: WORKER_READY, generation: 1 });
    expect(transport.ready(1, 2)).toBe(false);
    backend.buryWorker();
    expect(transport.workerState().state).toBe(WORKER_OFFLINE);
    expect(backend.acquireControl(0, 0)).toBe("stale");
  });

  it("carries messages both ways, in order, with their causes", () => {
    const lease = granted(backend.acquireControl(0, 0));
    expect(transport.control.lease(lease.slot)).toEqual({ epoch: lease.epoch, open: true });
    expect(transport.control.receive(lease.slot)).toBeUndefined();
    for (let sequence = 1; sequence <= 3; sequence++)
      expect(backend.send("control", lease, MessageType.CloseExecution, close(), sequence)).toBe("ok");
    for (let sequence = 1; sequence <= 3; sequence++) {
      const frame = transport.control.receive(lease.slot);
      expect(frame).toMatchObject({ type: MessageType.CloseExecution, epoch: lease.epoch, sequence });
      expect(frame?.payload).toEqual(close());
    }
    const started = encodeExecutionStarted({ executor: 7 });
    expect(transport.control.send(lease, MessageType.ExecutionStarted, started, 9)).toBe("ok");
    expect(backend.receive("control", lease)).toMatchObject({ sequence: 9, payload: started });
    finish(lease);
  });

  it("drops what is sent to an earlier lease", () => {
    const old = granted(backend.acquireControl(0, 0));
    finish(old);
    const lease = granted(backend.acquireControl(0, 0));
    const started = encodeExecutionStarted({ executor: 0 });
    expect(transport.control.send(old, MessageType.ExecutionStarted, started, 0)).toBe("stale");
    expect(transport.control.cancelRequested(old)).toBe(true);
    expect(transport.control.assignExecutor(old, 1)).toBe(false);
    expect(transport.control.acquireResult(old).kind).toBe("stale");
    expect(transport.control.endResult(old, "end")).toBe("stale");
    expect(transport.control.detach(old)).toBe(0);
    expect(transport.control.lease(lease.slot)).toEqual({ epoch: lease.epoch, open: true });
    finish(lease);
  });

  it("shows a closing backend, whose last words can still be read", () => {
    const lease = granted(backend.acquireControl(0, 0));
    backend.send("control", lease, MessageType.CloseExecution, close());
    backend.detach("control", lease);
    expect(transport.control.lease(lease.slot)).toEqual({ epoch: lease.epoch, open: false });
    expect(transport.control.cancelRequested(lease)).toBe(true);
    expect(transport.control.receive(lease.slot)?.type).toBe(MessageType.CloseExecution);
    const started = encodeExecutionStarted({ executor: 0 });
    expect(transport.control.send(lease, MessageType.ExecutionStarted, started, 0)).toBe("stale");
    finish(lease);
    expect(transport.control.lease(lease.slot)).toBeUndefined();
  });

  it("brings a cancellation as a side word", () => {
    const lease = granted(backend.acquireControl(0, 0));
    expect(transport.control.cancelRequested(lease)).toBe(false);
    backend.cancel(lease);
    expect(transport.control.cancelRequested(lease)).toBe(true);
    finish(lease);
  });

  it("brings scan pages to the worker and takes them back", () => {
    const lease = granted(backend.acquireControl(1, 0));
    const scan = granted(backend.acquireScan(lease, 3, 1));
    expect(transport.scan.importPage(scan)).toEqual({ kind: "empty" });
    for (let round = 0; round < 100; round++) {
      expect(backend.produce(lease, scan, new Uint8Array([round, 1, 2]), 10 + round)).toBe("ok");
      const found = transport.scan.importPage(scan);
      if (found.kind !== "page") throw new Error(found.kind);
      expect(found.page).toMatchObject({ rows: 10 + round, bytes: 3, leaf: 3, producer: 1, held: true });
      expect(found.page.release()).toBe(true);
      expect(found.page.held).toBe(false);
      expect(() => found.page.release()).toThrow("given up");
      expect(() => found.page.content()).toThrow("given up");
      expect(() => found.page.address).toThrow("given up");
    }
    expect(backend.endScan(scan, "end")).toBe("ok");
    expect(transport.scan.importPage(scan)).toEqual({ kind: "end" });
    expect(transport.scan.importPage(scan)).toEqual({ kind: "empty" });
    finish(lease);
    expect(transport.scan.importPage(scan)).toEqual({ kind: "stale" });
  });

  it("brings a producer's failure and its frames", () => {
    const lease = granted(backend.acquireControl(0, 0));
    const scan = granted(backend.acquireScan(lease, 0, 0));
    const orders = encodeOpenScan({ leaf: 0, producer: 0 });
    expect(transport.scan.send(scan, MessageType.OpenScan, orders, 1)).toBe("ok");
    expect(backend.receive("scan", scan)).toMatchObject({ type: MessageType.OpenScan, payload: orders });
    const report = encodeScanFinished({ rows: 1, pages: 2, bytes: 3, rowsFiltered: 4, timeNs: 5 });
    backend.send("scan", scan, MessageType.ScanFinished, report, 4);
    expect(transport.scan.receive(scan.slot)).toMatchObject({ sequence: 4, payload: report });
    expect(backend.stopped(scan)).toBe(false);
    expect(transport.scan.stop(scan)).toBe(true);
    expect(backend.stopped(scan)).toBe(true);
    backend.endScan(scan, "failed");
    expect(transport.scan.importPage(scan)).toEqual({ kind: "failed" });
    finish(lease);
    expect(transport.scan.stop(scan)).toBe(false);
  });

  it("brings result pages to the backend, in order, then the end", () => {
    const lease = granted(backend.acquireControl(0, 2));
    for (let round = 0; round < 5; round++) {
      const page = pageOf(transport, lease);
      page.write(new Uint8Array([9, 9, round, 4, 5]), 2, 3);
      expect(page.issue(round, 3)).toBe("ok");
      expect(() => page.issue(round, 3)).toThrow("given up");
      expect(() => page.write(new Uint8Array(1), 0, 1)).toThrow("given up");
      expect(() => page.release()).toThrow("given up");
      expect(backend.takeResult(lease)).toEqual({ kind: "page", rows: round, bytes: new Uint8Array([round, 4, 5]) });
    }
    expect(transport.control.endResult(lease, "end")).toBe("ok");
    expect(backend.takeResult(lease)).toEqual({ kind: "end" });
    expect(backend.takeResult(lease)).toEqual({ kind: "empty" });
    finish(lease);
  });

  it("refuses writes beyond page or source", () => {
    const lease = granted(backend.acquireControl(0, 0));
    const page = pageOf(transport, lease);
    expect(() => page.write(new Uint8Array(10), 8, 3)).toThrow(RangeError);
    expect(() => page.write(new Uint8Array(65_537), 0, 65_537)).toThrow(RangeError);
    expect(page.release()).toBe(true);
    finish(lease);
  });

  it("keeps a result page while the ring is full", () => {
    const lease = granted(backend.acquireControl(0, RESULT_RING_DESCRIPTORS));
    for (let i = 0; i < RESULT_RING_DESCRIPTORS - 1; i++) expect(pageOf(transport, lease).issue(i, 0)).toBe("ok");
    const page = pageOf(transport, lease);
    expect(page.issue(99, 0)).toBe("full");
    expect(page.held).toBe(true);
    expect(backend.takeResult(lease)).toMatchObject({ kind: "page", rows: 0 });
    expect(page.issue(99, 0)).toBe("ok");
    // One entry stays in reserve, so a full ring can still end.
    expect(transport.control.endResult(lease, "failed")).toBe("ok");
    expect(transport.control.endResult(lease, "failed")).toBe("full");
    // What nobody reads goes home with the ring, and is not counted as found.
    finish(lease);
  });

  it("lends no reserved page, and wakes the executor that waits for one", () => {
    const poor = granted(backend.acquireControl(1, 1));
    const greedy = granted(backend.acquireControl(0, 0));
    transport.control.assignExecutor(greedy, 1);
    const taken: ResultPage[] = [];
    for (;;) {
      const answer = transport.control.acquireResult(greedy);
      if (answer.kind !== "page") break;
      taken.push(answer.page);
    }
    // Two are reserved, and most of the others are left to statements that begin.
    expect(taken.length).toBe(transport.numbers.pageCount / RESULT_POOL_SHARE - 2);
    const own = pageOf(transport, poor);
    expect(transport.control.acquireResult(poor).kind).toBe("full");
    const before = transport.executorSeen(1);
    transport.control.beginPageWait(greedy);
    expect(transport.control.acquireResult(greedy).kind).toBe("full");
    // The reserved page goes back to its reservation: still nothing for the greedy one.
    own.release();
    expect(transport.control.acquireResult(greedy).kind).toBe("full");
    transport.control.beginPageWait(greedy);
    taken.pop()?.release();
    expect(transport.executorSeen(1)).not.toBe(before);
    taken.push(pageOf(transport, greedy));
    transport.control.endPageWait(greedy);
    for (const page of taken) expect(page.release()).toBe(true);
    expect(transport.control.detach(greedy) + backend.detach("control", greedy)).toBe(0);
    finish(poor);
  });

  it("counts what a sweep finds when a side dies with pages in hand", () => {
    const lease = granted(backend.acquireControl(2, 1));
    const scan = granted(backend.acquireScan(lease, 0, 0));
    backend.produce(lease, scan, new Uint8Array(1), 1);
    const found = transport.scan.importPage(scan);
    backend.produce(lease, scan, new Uint8Array(1), 1);
    expect(backend.buryWorker()).toBe(2);
    expect(transport.control.lease(lease.slot)).toBeUndefined();
    // One page was in the dead worker's hands, the other merely in a ring.
    expect(backend.detach("control", lease)).toBe(1);
    if (found.kind === "page") expect(found.page.release()).toBe(false);
    expect(transport.audit()).toMatchObject({ controlSlotsHeld: 0, pagesHeld: 0, permitsMissing: 0 });
  });

  it("rings the main loop with the slots that have news", async () => {
    const one = granted(backend.acquireControl(0, 0));
    const two = granted(backend.acquireControl(0, 0));
    const rung = new Set<number>();
    const bothRang = new Promise<void>((resolve) => {
      transport.onWake((slots) => {
        for (const slot of slots) rung.add(slot);
        if (rung.size === 2) resolve();
      });
    });
    backend.send("control", one, MessageType.CloseExecution, close());
    backend.cancel(two);
    await bothRang;
    expect([...rung].sort()).toEqual([one.slot, two.slot].sort());
    transport.stopWake();
    transport.control.detach(one);
    backend.detach("control", one);
    finish(two);
  });
});
