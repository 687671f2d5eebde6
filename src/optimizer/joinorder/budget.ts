// How long an enumeration may go on: a number of steps, which gives the same answer every time, and optionally a
// caller's clock, which does not. Running out is an ordinary outcome, answered with a cheaper algorithm.

export interface BudgetClock {
  readonly nowNs: () => number;
  readonly deadlineNs: number;
}

/** Reading a clock costs about as much as a few pairs. */
const STEPS_BETWEEN_READINGS = 64;

/** Subsets looked at for each pair allowed: in a connected graph nearly every subset gives pairs. */
const SUBSETS_PER_PAIR = 4;

export class Budget {
  /** csg-cmp pairs joined so far. */
  pairs = 0;
  private subsets = 0;
  private isLate = false;
  private readonly pairsMax: number;
  private readonly clock: BudgetClock | undefined;

  constructor(pairsMax: number, clock: BudgetClock | undefined) {
    this.pairsMax = pairsMax;
    this.clock = clock;
  }

  /** False when the enumeration must stop. */
  allowsPair(): boolean {
    this.pairs += 1;
    if (this.pairs % STEPS_BETWEEN_READINGS === 0) this.readClock();
    return !this.isSpent();
  }

  allowsSubset(): boolean {
    this.subsets += 1;
    if (this.subsets % STEPS_BETWEEN_READINGS === 0) this.readClock();
    return !this.isSpent();
  }

  isSpent(): boolean {
    return this.isLate || this.pairs > this.pairsMax || this.subsets > this.pairsMax * SUBSETS_PER_PAIR;
  }

  private readClock(): void {
    if (this.clock !== undefined && this.clock.nowNs() >= this.clock.deadlineNs) this.isLate = true;
  }
}
