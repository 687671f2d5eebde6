// A progress bar on a terminal, and one line per table elsewhere (a log has no use for a bar).
// It draws; load.ts counts.
import type { LoadProgress } from "#tpch/load.js";

const barColumns = 30;
/** Drawing more often than this many times over the whole load only costs. */
const steps = 200;

/** Makes the observer of one load; `end` finishes the line. */
export function progressBar(
  title: string,
  stream: NodeJS.WriteStream = process.stderr,
): { readonly show: (progress: LoadProgress) => void; readonly end: () => void } {
  let drawnStep = -1;
  let table = "";
  const draw = (share: number, text: string) => {
    const filled = Math.round(share * barColumns);
    const bar = "#".repeat(filled) + "-".repeat(barColumns - filled);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    stream.write(`\r${title} [${bar}]${percent} ${text.padEnd(10)}`);
  };
  return {
    show(progress) {
      const share = Math.min(1, progress.rowsDone / Math.max(1, progress.rowsExpected));
      if (!stream.isTTY) {
        if (progress.table !== table) stream.write(`${title}: ${progress.table}\n`);
        table = progress.table;
        return;
      }
      const step = Math.floor(share * steps);
      if (step === drawnStep && progress.table === table) return;
      drawnStep = step;
      table = progress.table;
      draw(share, table);
    },
    end() {
      if (!stream.isTTY || drawnStep < 0) return;
      draw(1, "done");
      stream.write("\n");
    },
  };
}
