// Serves the page to its own machine: one address with a secret in it, read-only, on the loopback interface. The
// recorder is read on an interval only while a page listens. What the page shows is not known here.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { contentPolicy, pageDocument, type PageParts } from "./document.js";

/** One page's view of the recording: everything so far, then what comes. */
export interface TraceFeed {
  /** Heading and all records. */
  whole(): Uint8Array;
  /** Packed records since the last call, "restarted" when another recording has begun, undefined for nothing. */
  more(): Uint8Array | "restarted" | undefined;
  close(): void;
}

export interface PageSource {
  /** Opens a feed for one page. */
  open(): TraceFeed;
  readonly live: boolean;
  /** A recording to compare with. */
  readonly other: Uint8Array | undefined;
}

/** Faster than the eye follows, and a hundredth of a core at most. */
const FOLLOW_INTERVAL_MS = 250;
/** A person has a few pages open; more is a mistake. */
const PAGES_MAX = 16;
/** A page that has not come back for its records after this is gone. */
const CLAIM_MS = 30_000;

interface WaitingFeed {
  readonly feed: TraceFeed;
  readonly expires: NodeJS.Timeout;
}

export class PageServer {
  readonly #source: PageSource;
  readonly #parts: PageParts;
  readonly #token = randomBytes(24).toString("base64url");
  readonly #server: Server;
  readonly #waiting = new Map<string, WaitingFeed>();
  readonly #streams = new Set<() => void>();

  private constructor(source: PageSource, parts: PageParts) {
    this.#source = source;
    this.#parts = parts;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Listens on a free port, or the given one. */
  static async start(source: PageSource, parts: PageParts, port = 0): Promise<PageServer> {
    const own = new PageServer(source, parts);
    own.#server.listen(port, "127.0.0.1");
    await once(own.#server, "listening");
    return own;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}/${this.#token}/`;
  }

  /** Pages that follow the recorder now. */
  get followers(): number {
    return this.#streams.size;
  }

  async stop(): Promise<void> {
    for (const end of this.#streams) end();
    for (const id of this.#waiting.keys()) this.#claim(id)?.close();
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const refuse = (status: number) => void response.writeHead(status, { "Content-Length": 0 }).end();
    // A page of another site that resolved its name to this address sends its own name.
    const hosts = [`127.0.0.1:${this.port}`, `localhost:${this.port}`];
    if (!hosts.includes(request.headers.host ?? "")) return refuse(403);
    if (request.method !== "GET") return refuse(405);
    const [, token = "", name = "", id = ""] = (request.url ?? "").split("/");
    if (!this.#allows(token)) return refuse(404);
    if (name === "") return this.#page(response);
    if (name === "trace" && id === "") return this.#trace(response);
    if (name === "other" && id === "") return this.#other(response);
    if (name === "live" && this.#source.live) return this.#live(id, response);
    return refuse(404);
  }

  #allows(token: string): boolean {
    const [given, own] = [Buffer.from(token), Buffer.from(this.#token)];
    return given.length === own.length && timingSafeEqual(given, own);
  }

  #headers(type: string): Record<string, string> {
    return {
      "Content-Type": type,
      "Content-Security-Policy": `${contentPolicy(this.#parts, true)}; frame-ancestors 'none'`,
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-origin",
    };
  }

  #page(response: ServerResponse): void {
    response.writeHead(200, this.#headers("text/html; charset=utf-8"));
    response.end(pageDocument(this.#parts, undefined));
  }

  /** The records so far; the page asks for the rest under the number it is given here. */
  #trace(response: ServerResponse): void {
    if (this.#waiting.size + this.#streams.size >= PAGES_MAX)
      return void response.writeHead(503, { "Content-Length": 0 }).end();
    const feed = this.#source.open();
    const bytes = gzipSync(feed.whole(), { level: 1 });
    const id = randomBytes(9).toString("base64url");
    const expires = setTimeout(() => this.#claim(id)?.close(), CLAIM_MS);
    expires.unref();
    this.#waiting.set(id, { feed, expires });
    response.writeHead(200, { ...this.#headers("application/octet-stream"), "X-Feed": id });
    response.end(bytes);
  }

  /** The page asks always; most have nothing to compare with. */
  #other(response: ServerResponse): void {
    const { other } = this.#source;
    response.writeHead(other === undefined ? 204 : 200, this.#headers("application/octet-stream"));
    response.end(other === undefined ? undefined : gzipSync(other, { level: 1 }));
  }

  #claim(id: string): TraceFeed | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.expires);
    this.#waiting.delete(id);
    return waiting.feed;
  }

  #live(id: string, response: ServerResponse): void {
    const feed = this.#claim(id);
    if (feed === undefined) return void response.writeHead(404, { "Content-Length": 0 }).end();
    response.writeHead(200, this.#headers("text/event-stream"));
    response.write(": following\n\n");
    const look = (): void => {
      // A page that does not read gets the rest when it does.
      if (response.writableNeedDrain) return;
      const more = feed.more();
      if (more === undefined) return;
      if (more === "restarted") response.write("event: restarted\ndata:\n\n");
      else response.write(`data: ${Buffer.from(more).toString("base64")}\n\n`);
    };
    const timer = setInterval(() => {
      try {
        look();
      } catch {
        // The file went away with its cluster: the page asks anew and is told so.
        end();
      }
    }, FOLLOW_INTERVAL_MS);
    const end = (): void => {
      if (!this.#streams.delete(end)) return;
      clearInterval(timer);
      feed.close();
      response.end();
    };
    this.#streams.add(end);
    response.on("close", end);
  }
}
