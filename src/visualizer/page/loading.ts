// Brings the trace: out of the document, or from the page's own server, and what follows from there. Long traces
// are indexed in slices, so that the page answers while it opens.
import { unpackTrace, type TraceChunk, type TraceHeading } from "../trace_chunk.js";
import type { TraceStore } from "../trace_store.js";

/** About ten milliseconds of indexing. */
const SLICE_RECORDS = 50_000;

export interface OpenedTrace {
  readonly heading: TraceHeading;
  readonly chunk: TraceChunk;
  /** Names this page's place in the recording for the server. */
  readonly feed: string | undefined;
}

async function unzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Newer than the compiler's library, older than most browsers in use; the loop below is the same, slower. */
type FromBase64 = { readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = Uint8Array as FromBase64;
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, base64);
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Heading and records so far. */
export async function openTrace(): Promise<OpenedTrace> {
  const inside = document.getElementById("trace")?.textContent;
  if (inside) return { ...unpackTrace(await unzipped(decoded(inside))), feed: undefined };
  const response = await fetch("trace", { cache: "no-store" });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { ...unpackTrace(await unzipped(bytes)), feed: response.headers.get("X-Feed") ?? undefined };
}

/** The recording to compare with, where there is one. */
export async function openOther(): Promise<Pick<OpenedTrace, "heading" | "chunk"> | undefined> {
  const inside = document.getElementById("other")?.textContent;
  if (inside) return unpackTrace(await unzipped(decoded(inside)));
  if (document.getElementById("trace") !== null) return undefined;
  const response = await fetch("other", { cache: "no-store" });
  if (response.status !== 200) return undefined;
  return unpackTrace(await unzipped(new Uint8Array(await response.arrayBuffer())));
}

/** Gives the browser its turn between slices. */
const nextTurn = (): Promise<void> => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener("message", () => {
    port1.close();
    resolve();
  });
  port1.start();
  port2.postMessage(undefined);
});

/** Fills an empty store. */
export async function indexInSlices(
  store: TraceStore, chunk: TraceChunk, progress: (share: number) => void,
): Promise<void> {
  store.hold(chunk);
  for (let at = 0; at < chunk.count; at += SLICE_RECORDS) {
    store.index(Math.min(SLICE_RECORDS, chunk.count - at));
    progress(at / chunk.count);
    await nextTurn();
  }
}

export interface Follower {
  records(heading: TraceHeading, chunk: TraceChunk): void;
  connected(yes: boolean): void;
}

/** Listens until the page goes. After a restart or a lost connection the page begins anew: its place is gone. */
export function followTrace(feed: string, follower: Follower): void {
  const source = new EventSource(`live/${feed}`);
  source.addEventListener("open", () => follower.connected(true));
  source.addEventListener("restarted", () => location.reload());
  source.addEventListener("message", ({ data }: MessageEvent<string>) => {
    const { heading, chunk } = unpackTrace(decoded(data));
    follower.records(heading, chunk);
  });
  source.addEventListener("error", () => {
    source.close();
    follower.connected(false);
  });
}
