// The second half of an exploration: from every world an end must stay in reach without anybody's ill will, and the way
// there should be bounded. Works on the edges alone. Steps of the adversary are not among them: he may stop any time.
export interface Judgement {
  /** The first world from which no end can be reached. */
  readonly stuck: number | undefined;
  /** The first world from which steps can go in circles: then there is no longest way. */
  readonly circling: number | undefined;
  readonly longestWay: number | undefined;
}

/** Numbers that grow in number. */
class Numbers {
  #values = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const more = new Int32Array(2 * this.length);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }
}

export class Liveness {
  readonly #from = new Numbers();
  readonly #to = new Numbers();
  readonly #ends: number[] = [];

  get ends(): number {
    return this.#ends.length;
  }

  edge(from: number, to: number): void {
    this.#from.push(from);
    this.#to.push(to);
  }

  end(world: number): void {
    this.#ends.push(world);
  }

  judge(worlds: number): Judgement {
    const { first, sources } = this.#reversed(worlds);
    const seen = new Uint8Array(worlds);
    const queue = [...this.#ends];
    for (const world of queue) seen[world] = 1;
    for (let world = queue.pop(); world !== undefined; world = queue.pop())
      for (let at = first[world] as number; at < (first[world + 1] as number); at++) {
        const source = sources[at] as number;
        if (seen[source] === 1) continue;
        seen[source] = 1;
        queue.push(source);
      }
    const stuck = seen.indexOf(0);
    return { stuck: stuck < 0 ? undefined : stuck, ...this.#longestWay(worlds, first, sources) };
  }

  /** Edges by their target: the sources of `world` stand from first[world] on. */
  #reversed(worlds: number): { readonly first: Int32Array; readonly sources: Int32Array } {
    const first = new Int32Array(worlds + 2);
    for (let at = 0; at < this.#to.length; at++) {
      const place = this.#to.at(at) + 2;
      first[place] = (first[place] as number) + 1;
    }
    for (let world = 2; world < first.length; world++)
      first[world] = (first[world] as number) + (first[world - 1] as number);
    const sources = new Int32Array(this.#to.length);
    for (let at = 0; at < this.#to.length; at++) {
      const place = first[this.#to.at(at) + 1] as number;
      first[this.#to.at(at) + 1] = place + 1;
      sources[place] = this.#from.at(at);
    }
    return { first, sources };
  }

  /** From the ends backwards, a world when all its ways out are known. */
  #longestWay(worlds: number, first: Int32Array, sources: Int32Array) {
    const waysOut = new Int32Array(worlds);
    const length = new Int32Array(worlds);
    for (let at = 0; at < this.#from.length; at++)
      waysOut[this.#from.at(at)] = (waysOut[this.#from.at(at)] as number) + 1;
    const ready = [...this.#ends];
    let [known, longest] = [0, 0];
    for (let world = ready.pop(); world !== undefined; world = ready.pop()) {
      known += 1;
      longest = Math.max(longest, length[world] as number);
      for (let at = first[world] as number; at < (first[world + 1] as number); at++) {
        const source = sources[at] as number;
        length[source] = Math.max(length[source] as number, (length[world] as number) + 1);
        waysOut[source] = (waysOut[source] as number) - 1;
        if (waysOut[source] === 0) ready.push(source);
      }
    }
    if (known === worlds) return { longestWay: longest, circling: undefined };
    return { longestWay: undefined, circling: waysOut.findIndex((left) => left > 0) };
  }
}
