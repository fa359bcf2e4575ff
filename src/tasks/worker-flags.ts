/**
 * The flags a worker is to be started with: those of the program, without the ones that are about its entry.
 *
 * Workers inherit `process.execArgv`, which is right for loaders (`--import tsx`), conditions and memory
 * limits. It is wrong for `--input-type`, which says what `-e` and stdin hold and makes Node refuse to start
 * a worker from a file, and for `--watch`, `--test` and the like, which would do to each worker what was
 * meant for the program.
 */

/** Flags about the program's entry, and whether the next argument is their value. */
const entryFlags: ReadonlyMap<string, boolean> = new Map([
  ['--input-type', true],
  ['--experimental-default-type', true],
  ['-e', true],
  ['--eval', true],
  ['-p', true],
  ['--print', true],
  ['-pe', true],
  ['-i', false],
  ['--interactive', false],
  ['-c', false],
  ['--check', false],
  ['--entry-url', false],
  ['--experimental-entry-url', false],
  ['--run', true],
  ['--test', false],
  ['--test-only', false],
  ['--watch', false],
  ['--watch-path', true],
  ['--watch-preserve-output', false],
  // Two inspectors cannot have one port, and a worker that waits for a debugger waits for ever.
  ['--inspect', false],
  ['--inspect-brk', false],
  ['--inspect-wait', false],
  ['--inspect-port', true],
]);

/**
 * Flags that a thread may be given by name. V8's own and those of the whole process it shares; Node refuses
 * them.
 */
const threadFlags: ReadonlySet<string> = new Set([
  '--import',
  '-r',
  '--require',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
]);

/** What `fork` is to be given as `execArgv`. */
export function processFlags(flags: readonly string[] = process.execArgv): string[] {
  return groups(flags)
    .filter(([flag = '']) => !entryFlags.has(nameOf(flag)))
    .flat();
}

/** What `new Worker` is to be given as `execArgv`: nothing, so that it inherits, where that does no harm. */
export function threadFlagsOrInherit(flags: readonly string[] = process.execArgv): string[] | undefined {
  const all = groups(flags);
  if (!all.some(([flag = '']) => entryFlags.has(nameOf(flag)))) return undefined;
  return all.filter(([flag = '']) => threadFlags.has(nameOf(flag))).flat();
}

/** The flag for which a process that is started so loads no native addons; undefined: it loads them. */
export function flagAgainstAddons(
  flags: readonly string[],
  { NODE_OPTIONS = '' }: NodeJS.ProcessEnv,
): string | undefined {
  const all = [...flags, ...NODE_OPTIONS.split(/\s+/)];
  if (all.includes('--no-addons')) return '--no-addons';
  if (all.includes('--allow-addons')) return undefined;
  return all.find((flag) => flag === '--permission' || flag === '--experimental-permission');
}

/** Each flag with its value, be it written `--flag value` or `--flag=value`. */
function groups(flags: readonly string[]): string[][] {
  const result: string[][] = [];
  for (let i = 0; i < flags.length; i += 1) {
    const flag = flags[i] as string;
    const next = flags[i + 1];
    const takesNext = !flag.includes('=') && (entryFlags.get(flag) ?? threadFlags.has(flag));
    if (takesNext && next !== undefined) {
      result.push([flag, next]);
      i += 1;
    } else {
      result.push([flag]);
    }
  }
  return result;
}

function nameOf(flag: string): string {
  return flag.split('=', 1)[0] as string;
}
