// The page as one HTML text: styles and script inline, allowed by their hashes and by nothing else. With a trace
// inside it is a file that needs no server. The parts come from scripts/build_page.mjs.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export interface PageParts {
  readonly script: string;
  readonly style: string;
}

/** The page has not been built; the message says how. */
export class PageMissingError extends Error {}

const built = (name: string): string => fileURLToPath(new URL(`./page/${name}`, import.meta.url));

/** What the build left beside this module. */
export function readPageParts(): PageParts {
  const [script, style] = [built("main.js"), built("page.css")];
  if (!existsSync(script) || !existsSync(style))
    throw new PageMissingError("the page is not built; run `npm run build` in the checkout.");
  return { script: readFileSync(script, "utf8"), style: readFileSync(style, "utf8") };
}

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** What the page may do: run this script, use this style, and ask its own server, if it has one. */
export function contentPolicy({ script, style }: PageParts, served: boolean): string {
  return [
    `default-src ${served ? "'self'" : "'none'"}`, `script-src ${hashOf(script)}`, `style-src ${hashOf(style)}`,
    `connect-src ${served ? "'self'" : "'none'"}`, "img-src data:", "object-src 'none'", "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function enclosed(id: string, bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "";
  return `<script type="application/octet-stream" id="${id}">${gzipSync(bytes).toString("base64")}</script>\n`;
}

/** The document; a trace, and one to compare it with, go in compressed. */
export function pageDocument(parts: PageParts, trace: Uint8Array | undefined, other?: Uint8Array): string {
  const inside = enclosed("trace", trace) + enclosed("other", other);
  // A served page gets its policy as a header.
  const policy = trace === undefined
    ? ""
    : `<meta http-equiv="Content-Security-Policy" content="${contentPolicy(parts, false)}">\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${policy}<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>pg_fusion</title>
<link rel="icon" href="data:,">
<style>${parts.style}</style>
</head>
<body>
<main id="page"><p class="loading">Reading the trace ...</p></main>
${inside}<script>${parts.script}</script>
</body>
</html>
`;
}
