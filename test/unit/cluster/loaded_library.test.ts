// The extension's library among those the server was started with.
import { expect, it } from "vitest";
import { libraryAmong } from "#cluster/loaded_library.js";

it.each([
  ["/build/extension/pg_fusion", "/build/extension/pg_fusion"],
  ["pg_stat_statements, /build/extension/pg_fusion, auto_explain", "/build/extension/pg_fusion"],
  ['"/a folder/pg_fusion",pg_stat_statements', "/a folder/pg_fusion"],
  ["pg_fusion.so", "pg_fusion.so"],
  ["my_pg_fusion, pg_fusion_other", undefined],
  ["", undefined],
])("of %j it is %j", (libraries, library) => {
  expect(libraryAmong(libraries)).toBe(library);
});
