// A growing byte buffer with the number encodings of the WebAssembly binary format: LEB128, IEEE 754 and
// length-prefixed vectors. It knows no sections or instructions. Read next: module_builder.ts.

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): this {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  bytes(source: Uint8Array): this {
    if (this.#length + source.length > this.#bytes.length) this.#grow(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
    return this;
  }

  /** Unsigned LEB128 of a number below 2^32. */
  u32(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer; unsigned notation up to 2^32-1 is taken modulo 2^32. */
  s32(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit integer; unsigned notation is taken modulo 2^64. */
  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  f32(value: number): this {
    const image = new Uint8Array(4);
    new DataView(image.buffer).setFloat32(0, value, true);
    return this.bytes(image);
  }

  f64(value: number): this {
    const image = new Uint8Array(8);
    new DataView(image.buffer).setFloat64(0, value, true);
    return this.bytes(image);
  }

  /** A UTF-8 string with its length in front. */
  name(text: string): this {
    const image = new TextEncoder().encode(text);
    return this.u32(image.length).bytes(image);
  }

  /** Another writer's bytes with their length in front: a section or a function body. */
  sized(body: ByteWriter): this {
    return this.u32(body.length).bytes(body.view());
  }

  /** The bytes so far, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.view());
    this.#bytes = larger;
  }
}
