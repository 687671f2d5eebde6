// Where one execution puts rows that do not fit memory: a directory of its own under the worker's, made with its first
// file and removed with everything in it when the execution lets go. What a worker that was killed has left is swept
// when the next one starts. Read next: runtime/spill/spill_port.ts, plan_engine.ts.
import { closeSync, mkdirSync, openSync, readSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SessionLease } from "#actors/ports.js";
import { TableActor, type TransitionRecorder } from "#actors/table_actor.js";
import { monotonicNs } from "#base/clock.js";
import { FusionError } from "#base/errors.js";
import { spillDirectory } from "#generated/machines.js";
import { Metric } from "#generated/metrics.js";
import type { SpillFile, SpillPort } from "#runtime/spill/spill_port.js";
import type { CountMetric } from "./executor_ports.js";

/** Nobody but the server's owner looks in, and they need to. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const BYTES_PER_KB = 1024;
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

export interface SpillPlace {
  /** Of all executions of all workers of this server. */
  readonly folder: string;
  /** Of the worker, by which its directories are told from others'. */
  readonly generation: number;
  readonly count: CountMetric;
  /** Keeps the highest value. */
  readonly raise: CountMetric;
  /** For views: what one execution has on disk now. */
  show(lease: SessionLease, bytes: number): void;
}

export class SpillDirectory implements SpillPort {
  readonly #place: SpillPlace;
  readonly #lease: SessionLease;
  readonly #path: string;
  readonly #limitKb: number;
  readonly #open = new Set<OpenFile>();
  readonly #actor: TableActor<typeof spillDirectory>;
  #files = 0;
  #bytes = 0;

  /** `limitKb` is what may be on disk at once; -1: no limit. */
  constructor(place: SpillPlace, lease: SessionLease, limitKb: number, recorder: TransitionRecorder) {
    this.#place = place;
    this.#lease = lease;
    this.#path = join(place.folder, `${place.generation}-${lease.slot}-${lease.epoch}`);
    this.#limitKb = limitKb;
    this.#actor = new TableActor(spillDirectory, recorder);
  }

  open(): SpillFile {
    if (this.#files === 0) {
      this.#actor.send("made");
      this.attempt("make a directory for", () => mkdirSync(this.#path, { recursive: true, mode: DIRECTORY_MODE }));
      this.#place.count(Metric.spillExecutions, 1);
    }
    const path = join(this.#path, String(this.#files++));
    const file = new OpenFile(this, this.attempt("create a file for", () => openSync(path, "wx+", FILE_MODE)), path);
    this.#actor.send("fileOpened", this.#files);
    this.#open.add(file);
    this.#place.count(Metric.spillFiles, 1);
    return file;
  }

  /** Removes everything; nothing may be asked of its files afterwards. May be called more than once. */
  remove(): void {
    for (const file of this.#open) file.close();
    if (this.#actor.state === "absent" || this.#actor.final) return;
    rmSync(this.#path, { recursive: true, force: true });
    this.#actor.send("removed", this.#files);
  }

  /** Errors of the operating system in PostgreSQL's words. */
  attempt<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#actor.send("writeFailed", this.#files);
      const { code = "", message } = error as NodeJS.ErrnoException;
      throw NO_ROOM.has(code) ? noRoom(code) : broken(what, message);
    }
  }

  /** Before so many bytes are written. */
  reserve(bytes: number): void {
    this.#add(bytes);
    this.#place.raise(Metric.spillExecutionBytes, this.#bytes);
    if (this.#limitKb < 0 || this.#bytes <= this.#limitKb * BYTES_PER_KB) return;
    this.#actor.send("writeFailed", this.#files);
    throw new FusionError({
      code: "limitReached", sqlstate: "53400",
      message: `temporary file size exceeds temp_file_limit (${this.#limitKb}kB)`,
    });
  }

  closed(file: OpenFile, bytes: number): void {
    this.#open.delete(file);
    this.#actor.send("fileClosed", this.#open.size);
    this.#add(-bytes);
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#place.show(this.#lease, this.#bytes);
  }

  /** Times what moves bytes. */
  timed<T>(bytes: Metric, time: Metric, length: number, move: () => T): T {
    const start = monotonicNs();
    try {
      return move();
    } finally {
      this.#place.count(bytes, length);
      this.#place.count(time, monotonicNs() - start);
    }
  }
}

class OpenFile implements SpillFile {
  readonly #directory: SpillDirectory;
  readonly #fd: number;
  readonly #path: string;
  #length = 0;
  #closed = false;

  constructor(directory: SpillDirectory, fd: number, path: string) {
    this.#directory = directory;
    this.#fd = fd;
    this.#path = path;
  }

  append(parts: readonly Uint8Array[]): number {
    const offset = this.#length;
    for (const part of parts) {
      this.#directory.reserve(part.length);
      this.#length += part.length;
      this.#write(this.#length - part.length, part);
    }
    return offset;
  }

  overwrite(offset: number, part: Uint8Array): void {
    this.#write(offset, part);
  }

  read(offset: number, into: Uint8Array): void {
    this.#directory.timed(Metric.spillBytesRead, Metric.spillReadTime, into.length, () => {
      for (let done = 0; done < into.length;) {
        const more = this.#directory.attempt("read", () =>
          readSync(this.#fd, into, done, into.length - done, offset + done));
        if (more === 0) throw broken("read", "the file is shorter than what was written");
        done += more;
      }
    });
  }

  /** The room is free at once: large sorts and joins go through many files. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
    this.#directory.closed(this, this.#length);
  }

  #write(offset: number, part: Uint8Array): void {
    this.#directory.timed(Metric.spillBytesWritten, Metric.spillWriteTime, part.length, () => {
      for (let done = 0; done < part.length;)
        done += this.#directory.attempt("write", () =>
          writeSync(this.#fd, part, done, part.length - done, offset + done));
    });
  }
}

/** Removes what workers that are no more have left. */
export function sweepSpill(folder: string): void {
  try {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function noRoom(code: string): FusionError {
  return new FusionError({
    code: "limitReached", sqlstate: "53100",
    message: `could not write rows that do not fit memory: ${code === "ENOSPC" ? "No space left on device" : code}`,
    hint: "Free room where the data directory is, or raise pg_fusion.query_memory.",
  });
}

function broken(what: string, why: string): FusionError {
  return new FusionError({
    code: "internal", sqlstate: "58030", message: `could not ${what} rows that do not fit memory: ${why}`,
  });
}
