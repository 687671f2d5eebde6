// The memory of aggregates and tables: bytes copied into it, and the loop over its rows. Room comes from the host in
// large pieces; the bump pointers are in the state. Read next: control_block.ts, runtime/arena.ts.
import type { LibraryFunction } from "#functions/function.js";
import type { Local } from "#wasm/function_builder.js";
import { AggregateState, GroupChunk } from "./control_block.js";
import type { FunctionContext } from "./function_context.js";
import type { HostCalls } from "./module_context.js";

/** (state, source, length, reserved) -> address of a copy that has `reserved` bytes of room. */
export function copyBytes(host: HostCalls): LibraryFunction {
  return {
    name: "copyBytes",
    type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
    write(code) {
      const [state, source, length, reserved] = [
        code.parameter(0),
        code.parameter(1),
        code.parameter(2),
        code.parameter(3),
      ];
      const target = code.local("i32");
      code
        .get(state)
        .load("i32.load", AggregateState.bytesEnd)
        .get(state)
        .load("i32.load", AggregateState.bytesNext);
      code.op("i32.sub").get(reserved).op("i32.lt_u");
      code.if([], () => code.get(state, reserved).call(host.addBytes));
      code.get(state).load("i32.load", AggregateState.bytesNext).tee(target).get(source, length).memoryCopy();
      code.get(state).get(target, reserved).op("i32.add").store("i32.store", AggregateState.bytesNext);
      code.get(target);
    },
  };
}

/**
 * The loop over rows that stand in chunks, of groups or of a table: `row` is where to begin, 0 for the first, and goes
 * on from row to row. Afterwards the state knows the chunk at which it ended.
 */
export function eachStoredRow(
  context: FunctionContext, state: Local, row: Local, rowBytes: number, visit: () => void,
): void {
  const { code } = context;
  const [chunk, end] = [code.local("i32"), code.local("i32")];
  code.get(row).if([], () => code.get(state).load("i32.load", AggregateState.cursorChunk).set(chunk), () => {
    code.get(state).load("i32.load", AggregateState.firstChunk).tee(chunk);
    code.i32(GroupChunk.SIZE).op("i32.add").set(row);
  });
  context.body(() => {
    code.loop((nextChunk) => {
      code.get(chunk).if([], () => {
        // The chunk being filled ends at the next row's place, the others where they say.
        code.get(chunk).load("i32.load", GroupChunk.end).get(state).load("i32.load", AggregateState.rowNext);
        code.get(chunk, state).load("i32.load", AggregateState.currentChunk).op("i32.ne").select().set(end);
        code.loop((again) => {
          code.get(row, end).op("i32.lt_u").if([], () => {
            visit();
            code.get(row).i32(rowBytes).op("i32.add").set(row).br(again);
          });
        });
        code.get(chunk).load("i32.load", GroupChunk.next).tee(chunk).i32(GroupChunk.SIZE).op("i32.add");
        code.set(row).br(nextChunk);
      });
    });
  });
  code.get(state, chunk).store("i32.store", AggregateState.cursorChunk);
}
