// The page's server: only this machine, only with the secret, only reading; and a follower that looks only while a
// page listens.
import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { contentPolicy, pageDocument } from "#visualizer/document.js";
import { PageServer, type TraceFeed } from "#visualizer/page_server.js";

const parts = { script: "void 0", style: "body { margin: 0 }" };

class FakeFeed implements TraceFeed {
  readonly news: (Uint8Array | "restarted")[] = [];
  looks = 0;
  closed = false;

  whole(): Uint8Array {
    return new Uint8Array([1, 2, 3]);
  }

  more(): Uint8Array | "restarted" | undefined {
    this.looks += 1;
    return this.news.shift();
  }

  close(): void {
    this.closed = true;
  }
}

let server: PageServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

function get(path: string, options: { readonly host?: string; readonly method?: string } = {}): Promise<Answer> {
  const port = server?.port ?? 0;
  return new Promise((resolve, reject) => {
    const asked = request({
      host: "127.0.0.1", port, path, method: options.method ?? "GET",
      headers: { Host: options.host ?? `127.0.0.1:${port}` },
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

async function started(
  live = false, other?: Uint8Array,
): Promise<{ readonly path: string; readonly feeds: FakeFeed[] }> {
  const feeds: FakeFeed[] = [];
  const open = (): FakeFeed => {
    const feed = new FakeFeed();
    feeds.push(feed);
    return feed;
  };
  server = await PageServer.start({ live, open, other }, parts);
  return { path: new URL(server.address).pathname, feeds };
}

test("a second recording is there for the page that compares, and its absence is no failure", async () => {
  const { path } = await started();
  expect((await get(`${path}other`)).status).toBe(204);
  await server?.stop();
  const compared = await started(false, Uint8Array.of(7, 8));
  const other = await get(`${compared.path}other`);
  expect([...gunzipSync(other.body)]).toEqual([7, 8]);
});

test("the page and its trace stand behind the secret", async () => {
  const { path } = await started();
  const page = await get(path);
  expect(page.status).toBe(200);
  expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
  expect(page.body.toString()).toBe(pageDocument(parts, undefined));
  const trace = await get(`${path}trace`);
  expect([...gunzipSync(trace.body)]).toEqual([1, 2, 3]);
  for (const wrong of ["/", "/trace", `${path.slice(0, -2)}/`, `/x${path}`, `${path}another`, `${path}live/1`])
    expect([wrong, (await get(wrong)).status]).toEqual([wrong, 404]);
});

test("other names of this machine and other methods are refused", async () => {
  const { path } = await started();
  expect((await get(path, { host: "evil.example" })).status).toBe(403);
  expect((await get(path, { host: `evil.example:${server?.port}` })).status).toBe(403);
  expect((await get(path, { host: `localhost:${server?.port}` })).status).toBe(200);
  expect((await get(path, { method: "POST" })).status).toBe(405);
});

test("two servers have two secrets", async () => {
  const { path } = await started();
  const first = server;
  await started();
  expect((await get(path)).status).toBe(404);
  await first?.stop();
});

test("a page is told what comes, once, and nobody looks when it has gone", async () => {
  const { path, feeds } = await started(true);
  const id = String((await get(`${path}trace`)).headers["x-feed"]);
  const feed = feeds[0] as FakeFeed;
  expect(feed.looks).toBe(0);
  feed.news.push(new Uint8Array([7, 8]), "restarted");
  const gone = new AbortController();
  const response = await fetch(`${server?.address}live/${id}`, { signal: gone.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  while (!told.includes("restarted")) told += (await reader?.read())?.value ?? "";
  expect(told).toContain(`data: ${Buffer.from([7, 8]).toString("base64")}\n\n`);
  expect(server?.followers).toBe(1);
  // The place in the recording is this page's alone.
  expect((await get(`${path}live/${id}`)).status).toBe(404);
  gone.abort();
  await expect.poll(() => feed.closed).toBe(true);
  expect(server?.followers).toBe(0);
});

test("a document with its trace allows nothing but its own script", () => {
  const text = pageDocument(parts, new Uint8Array([1, 2, 3]));
  expect(text).toContain("default-src 'none'");
  expect(text).toContain("connect-src 'none'");
  expect(text).not.toMatch(/https?:/);
  const inside = /id="trace">([^<]*)</.exec(text)?.[1] ?? "";
  expect([...gunzipSync(Buffer.from(inside, "base64"))]).toEqual([1, 2, 3]);
  expect(contentPolicy(parts, true)).not.toBe(contentPolicy({ ...parts, script: "void 1" }, true));
});
