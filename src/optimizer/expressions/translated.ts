// An expression as the engine computes it, with what its type cannot say about the values. Read next:
// expression_translator.ts, which makes them, and alternatives.ts, where display scales come from.
import type { Expression } from "#expr/expression.js";

export interface Translated {
  readonly expression: Expression;
  /**
   * Display scale of each value as an int4 expression (NULL where the value is), when the values of a decimal do not
   * all show the type's scale: CASE and COALESCE pass on what each branch shows.
   */
  readonly displayScale?: Expression;
}
