// The functions an edge expression may call (schemas/tables/edge_calls.json, which the backend obeys too) and how
// many arguments each takes: the prefix form of a replacement needs no more.
import { edgeCalls } from "#generated/edge_calls.js";

export { edgeCalls };

const countByOid: ReadonlyMap<number, number> = new Map(
  Object.values(edgeCalls).map((call) => [call.oid, call.arguments]));

/** Argument count of an allowed function, undefined for any other. */
export function edgeCallArguments(functionOid: number): number | undefined {
  return countByOid.get(functionOid);
}
