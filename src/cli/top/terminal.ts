/** A terminal as a screen of lines: the one that a full-screen program has beside the one that scrolls. */
import { ReadStream } from 'node:tty';

const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';
/** A terminal that is in raw mode sends Ctrl-C as a character. */
const CTRL_C = '\u0003';

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  show(lines: readonly string[]): void;
  close(): void;
}

/** Takes the screen and the keyboard; `quit` is called for `q` and Ctrl-C. Undefined if stdout is no terminal. */
export function openTerminal(quit: () => void): Terminal | undefined {
  const { stdin, stdout } = process;
  if (!stdout.isTTY) return undefined;
  const hear = (keys: Buffer): void => {
    if (/[qQ]/.test(keys.toString()) || keys.includes(CTRL_C)) quit();
  };
  const hasKeys = stdin instanceof ReadStream;
  if (hasKeys) stdin.setRawMode(true).on('data', hear);
  stdout.write(ENTER);
  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    show(lines) {
      stdout.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW);
    },
    close() {
      stdout.write(LEAVE);
      if (hasKeys) stdin.off('data', hear).setRawMode(false).pause();
    },
  };
}
