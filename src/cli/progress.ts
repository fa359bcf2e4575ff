/** Where a run is: one line that lives on a terminal, and plain lines everywhere else. */
import type { WriteStream } from 'node:tty';
import pc from 'picocolors';
import type { Progress } from '../compare/compare.ts';
import { labelOf } from '../compare/lanes.ts';

export interface ProgressDisplay {
  show(progress: Extract<Progress, { type: 'lane' }>): void;
  /** Takes the line away, so that other text can be printed. */
  clear(): void;
}

const BAR_WIDTH = 24;
/** Back to the first column, and erase the line. */
const ERASE = '\r\u001B[2K';

export function createProgressDisplay(stream: WriteStream): ProgressDisplay {
  if (!stream.isTTY) {
    return {
      show: ({ experiment, lane, done, total }) =>
        void stream.write(`[${done + 1}/${total}] ${experiment.id}: ${labelOf(lane)}\n`),
      clear() {},
    };
  }
  return {
    show({ experiment, lane, done, total }) {
      const filled = Math.round((done / total) * BAR_WIDTH);
      const bar = `${'━'.repeat(filled)}${pc.dim('━'.repeat(BAR_WIDTH - filled))}`;
      stream.write(`${ERASE}${bar} ${done}/${total} ${experiment.id}: ${labelOf(lane)}`);
    },
    clear: () => void stream.write(ERASE),
  };
}
