// Waits for the shared region to be quiet and reports what is still held. For tests that hurt sessions on purpose.
import type { Client } from "pg";

export interface Audit {
  readonly control_slots_held: number;
  readonly scan_slots_held: number;
  readonly pages_held: number;
  readonly permits_missing: number;
  readonly free_pages: number;
  readonly filters_held: number;
  readonly worker_state: string;
  readonly worker_pid: number;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export async function audit(client: Client): Promise<Audit> {
  const { rows } = await client.query("SELECT * FROM pg_fusion_audit()");
  return rows[0] as Audit;
}

export const held = (a: Audit): number =>
  Number(a.control_slots_held) + Number(a.scan_slots_held) + Number(a.pages_held) + Number(a.permits_missing)
    + Number(a.filters_held);

/**
 * Polls until nothing is held and a worker other than `killed` is ready, or the deadline passes; returns the last audit
 * either way.
 */
export async function quiet(client: Client, deadlineMs = 2000, killed = 0): Promise<Audit> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const last = await audit(client);
    const ready = last.worker_state === "ready" && last.worker_pid !== killed;
    if ((held(last) === 0 && ready) || Date.now() > end) return last;
    await pause(20);
  }
}
