// Copies bytes into an aggregate's own memory. Room comes from the host in large pieces; the bump pointers are in the
// aggregate state. Read next: control_block.ts, runtime/arena.ts.
import type { LibraryFunction } from "#functions/function.js";
import { AggregateState } from "./control_block.js";
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
