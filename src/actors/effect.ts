// How machines name their effects: an effect is declared in setup() with its parameters and has no body
// there. Bodies live where the machine runs (native/extension on the backend's side, src/worker on the other);
// they are chosen by name from the list a transition returns. Read next: tables/compile.ts.

/** The body of every declared effect: a machine that runs it by itself is wired wrongly. */
export function unprovided(): never {
  throw new Error("an effect ran inside its machine: effects are data here, see src/actors/effect.ts");
}

/** A declared effect with parameters, for setup({ actions }). Parameters are closed sets of words. */
export function unprovidedWith<Params extends Readonly<Record<string, string>>>() {
  return (_: unknown, _params: Params): never => unprovided();
}

/** Why a session ends; the codes of CloseExecution.reason in this order. */
export type CloseReason = "finished" | "enough" | "cancelled" | "backendError";
