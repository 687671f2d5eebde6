// How executor threads find each other: who has nothing to do, and a way to ask. Asking is a message from thread to
// thread; all that follows it happens in the common memory (src/runtime/morsels). Read next: executor_loop.ts.
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { ParameterValue } from "#codec/execution_message.js";
import { EXECUTORS_MAX } from "#generated/layout.js";
import type { HelpOrder } from "#runtime/morsels/page_borrower.js";
import type { InvitedHelper } from "#runtime/morsels/team.js";

/** What a thread needs to know to help with a statement of another's. */
export interface HelpRequest {
  /** The thread that asks. */
  readonly executor: number;
  readonly plan: Uint8Array;
  readonly parameters: readonly ParameterValue[];
  readonly order: HelpOrder;
}

/** Asks other threads. */
export interface HelpDesk {
  /** Other threads there are. */
  readonly count: number;
  /** Undefined when all have something to do. */
  invite(request: Omit<HelpRequest, "executor">): InvitedHelper | undefined;
}

/** A word for what each thread has to do, and one for what it was asked. */
const WORDS = 2 * EXECUTORS_MAX;

/** Shared by all threads of a worker. */
export function newPeerWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

export class Peers implements HelpDesk {
  readonly #executor: number;
  readonly #words: Int32Array;
  readonly #wake: (executor: number) => void;
  readonly #ports = new Map<number, MessagePort>();
  #asked = 0;

  /** `wake` ends the sleep of a thread. */
  constructor(executor: number, words: Int32Array, wake: (executor: number) => void) {
    this.#executor = executor;
    this.#words = words;
    this.#wake = wake;
  }

  get count(): number {
    return this.#ports.size;
  }

  /** Another thread came up. */
  add(executor: number, port: MessagePort): void {
    this.#ports.set(executor, port);
  }

  /** What this thread has to do. */
  noteLoad(load: number): void {
    Atomics.store(this.#words, this.#executor, load);
  }

  invite(request: Omit<HelpRequest, "executor">): InvitedHelper | undefined {
    for (const [executor, port] of this.#ports) {
      // Who is asked has something to do, before it knows of it: nobody else is to ask it meanwhile.
      if (Atomics.compareExchange(this.#words, executor, 0, 1) !== 0) continue;
      port.postMessage({ ...request, executor: this.#executor } satisfies HelpRequest);
      Atomics.add(this.#words, EXECUTORS_MAX + executor, 1);
      return { wake: () => this.#wake(executor) };
    }
    return undefined;
  }

  /** A request of another thread, if there is one. */
  take(): HelpRequest | undefined {
    const asked = Atomics.load(this.#words, EXECUTORS_MAX + this.#executor);
    if (asked === this.#asked) return undefined;
    for (const port of this.#ports.values()) {
      const request = receiveMessageOnPort(port)?.message as HelpRequest | undefined;
      if (request === undefined) continue;
      this.#asked = (this.#asked + 1) | 0;
      return request;
    }
    return undefined;
  }
}
