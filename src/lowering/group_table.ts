// Finding the group of a row: linear probing over a directory of (hash, row address) entries, groups in rows of one
// length. The host doubles the directory; addresses of rows never change. Read next: group_keys.ts, aggregate_plan.ts.
import { defined } from "#base/assert.js";
import { equalBytes } from "#functions/library/bytes.js";
import type { Callable, FunctionBuilder, Label, Local } from "#wasm/function_builder.js";
import type { StoreInstruction } from "#wasm/opcodes.js";
import type { AggregatePlan } from "./aggregate_plan.js";
import { AggregateState, RunStatus } from "./control_block.js";
import type { FunctionContext } from "./function_context.js";
import { type LoweredKey, NULL_MASK_KEYS, hashKeys, keepsValue, pushIsLong } from "./group_keys.js";
import { copyBytes } from "./group_memory.js";
import type { ModuleContext } from "./module_context.js";

/** Directory base and mask in locals; insertion may move them. */
export interface DirectoryLocals {
  readonly state: Local;
  readonly base: Local;
  readonly mask: Local;
}

export function openDirectory({ code }: FunctionContext, state: Local): DirectoryLocals {
  const locals = { state, base: code.local("i32"), mask: code.local("i32") };
  reloadDirectory(code, locals);
  return locals;
}

function reloadDirectory(code: FunctionBuilder, { state, base, mask }: DirectoryLocals): void {
  code.get(state).load("i32.load", AggregateState.directory).set(base);
  code.get(state).load("i32.load", AggregateState.mask).set(mask);
}

/** Leaves the address of the current row's group in a local; a group that is new is made, or has the address 0. */
export function findGroup(
  context: FunctionContext,
  plan: AggregatePlan,
  directory: DirectoryLocals,
  keys: readonly LoweredKey[],
  makesGroups: boolean,
): Local {
  const { code } = context;
  const nulls = nullMasks(code, plan, keys);
  const hash = hashKeys(context, keys, nulls);
  const [place, row] = [code.local("i32"), code.local("i32")];
  const entry = code.local("i64");
  code.get(hash).set(place);
  code.block([], (found) => {
    code.loop((again) => {
      code
        .get(directory.base, place, directory.mask)
        .op("i32.and")
        .tee(place)
        .i32(3)
        .op("i32.shl", "i32.add");
      code.load("i64.load").tee(entry).op("i64.eqz");
      code.if([], () => {
        if (makesGroups) {
          const insert = insertFunction(context.module, plan);
          code.get(directory.state, hash, place);
          code.get(...nulls);
          for (const key of keys) code.get(...key.words);
          code.call(insert).tee(row).op("i32.eqz").if([], () => context.leave(RunStatus.memoryFull));
          reloadDirectory(code, directory);
        } else {
          code.i32(0).set(row);
        }
        code.br(found);
      });
      code.block([], (next) => {
        code.get(entry).i64(32).op("i64.shr_u", "i32.wrap_i64").get(hash).op("i32.ne").brIf(next);
        code.get(entry).op("i32.wrap_i64").set(row);
        compareKeys(context, keys, nulls, row, next);
        code.br(found);
      });
      code.get(place).i32(1).op("i32.add").set(place).br(again);
    });
  });
  return row;
}

/** The null masks of the row's keys, in locals. */
function nullMasks(code: FunctionBuilder, plan: AggregatePlan, keys: readonly LoweredKey[]): Local[] {
  return Array.from({ length: plan.nullMasks }, (_, word) => {
    const mask = code.local("i64");
    code.i64(0);
    keys.slice(word * NULL_MASK_KEYS, (word + 1) * NULL_MASK_KEYS).forEach(({ isNull }, bit) => {
      if (isNull !== undefined) code.get(isNull).op("i64.extend_i32_u").i64(bit).op("i64.shl", "i64.or");
    });
    code.set(mask);
    return mask;
  });
}

/** Branches to `next` when a key differs from the group's. */
export function compareKeys(
  context: FunctionContext,
  keys: readonly LoweredKey[],
  nulls: readonly Local[],
  row: Local,
  next: Label,
): void {
  const { code } = context;
  nulls.forEach((mask, word) =>
    code
      .get(row)
      .load("i64.load", 8 * word)
      .get(mask)
      .op("i64.ne")
      .brIf(next),
  );
  for (const { plan, words } of keys) {
    const [first, second] = words;
    code.get(row).load("i64.load", plan.offset).get(defined(first, "a word")).op("i64.ne").brIf(next);
    if (plan.compared === 1) continue;
    const word = defined(second, "a second word");
    const differs = (): FunctionBuilder =>
      code
        .get(row)
        .load("i64.load", plan.offset + 8)
        .get(word)
        .op("i64.ne");
    if (plan.image !== "long") {
      differs().brIf(next);
      continue;
    }
    pushIsLong(code, defined(first, "a word"));
    code.if(
      ["i32"],
      () => {
        code
          .get(row)
          .load("i64.load", plan.offset + 8)
          .i64(32)
          .op("i64.shr_u", "i32.wrap_i64");
        code
          .get(word)
          .i64(32)
          .op("i64.shr_u", "i32.wrap_i64")
          .get(defined(first, "a word"))
          .op("i32.wrap_i64");
        code.call(context.library(equalBytes)).op("i32.eqz");
      },
      () => differs(),
    );
    code.brIf(next);
  }
}

/** (state, hash, place, null masks, key words) -> address of the new group's row, 0 when there is no room for it. */
function insertFunction(module: ModuleContext, plan: AggregatePlan): Callable {
  const { host } = module;
  const words = plan.keys.flatMap((key) => Array.from({ length: key.stored }, () => "i64" as const));
  const masks = Array.from({ length: plan.nullMasks }, () => "i64" as const);
  return module.library({
    name: "insertGroup",
    type: { parameters: ["i32", "i32", "i32", ...masks, ...words], results: ["i32"] },
    write(code, library) {
      const [state, hash, place] = [code.parameter(0), code.parameter(1), code.parameter(2)];
      const row = code.local("i32");
      reserveRow(code, state, row, plan.rowBytes, host.addRows, () => code.i32(0).return());
      masks.forEach((_, word) => code.get(row, code.parameter(3 + word)).store("i64.store", 8 * word));
      let parameter = 3 + masks.length;
      for (const key of plan.keys) {
        const first = code.parameter(parameter);
        if (key.image === "long")
          keepBytes(code, state, first, code.parameter(parameter + 1), library(copyBytes(host)));
        if (keepsValue(key)) {
          const [view, address] = [parameter + key.compared, parameter + key.compared + 1];
          keepBytes(code, state, code.parameter(view), code.parameter(address), library(copyBytes(host)));
        }
        for (let k = 0; k < key.stored; k++) {
          code.get(row, code.parameter(parameter + k)).store("i64.store", key.offset + 8 * k);
        }
        parameter += key.stored;
      }
      for (const slot of plan.slots) {
        code.get(row);
        if (slot.type === "i64") code.i64(BigInt(slot.initial));
        else if (slot.type === "i32") code.i32(Number(slot.initial));
        else if (slot.type === "f32") code.f32(Number(slot.initial));
        else code.f64(Number(slot.initial));
        code.store(`${slot.type}.store` as StoreInstruction, slot.offset);
      }
      code.get(state).load("i32.load", AggregateState.directory).get(place).i32(3).op("i32.shl", "i32.add");
      code
        .get(hash)
        .op("i64.extend_i32_u")
        .i64(32)
        .op("i64.shl")
        .get(row)
        .op("i64.extend_i32_u", "i64.or")
        .store("i64.store");
      code
        .get(state, state)
        .load("i32.load", AggregateState.groups)
        .i32(1)
        .op("i32.add")
        .store("i32.store", AggregateState.groups);
      code
        .get(state)
        .load("i32.load", AggregateState.groups)
        .get(state)
        .load("i32.load", AggregateState.growAt)
        .op("i32.ge_u");
      code.if([], () => code.get(state).call(host.growDirectory));
      code.get(row);
    },
  });
}

/** `leave` ends the function when the host has no room for a row. */
export function reserveRow(
  code: FunctionBuilder,
  state: Local,
  row: Local,
  rowBytes: number,
  addRows: Callable,
  leave: () => void,
): void {
  code.get(state).load("i32.load", AggregateState.rowNext).i32(rowBytes).op("i32.add");
  code.get(state).load("i32.load", AggregateState.rowEnd).op("i32.gt_u");
  code.if([], () => code.get(state).call(addRows).op("i32.eqz").if([], leave));
  code.get(state).load("i32.load", AggregateState.rowNext).set(row);
  code.get(state, row).i32(rowBytes).op("i32.add").store("i32.store", AggregateState.rowNext);
}

/** Replaces the address in a long key's second word by that of a copy the aggregate owns. */
export function keepBytes(code: FunctionBuilder, state: Local, first: Local, second: Local, copy: Callable): void {
  const length = code.local("i32");
  pushIsLong(code, first);
  code.if([], () => {
    code.get(first).op("i32.wrap_i64").set(length);
    code.get(state, second).i64(32).op("i64.shr_u", "i32.wrap_i64").get(length, length).call(copy);
    code.op("i64.extend_i32_u").i64(32).op("i64.shl").set(second);
  });
}
