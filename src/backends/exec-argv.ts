/**
 * Which of this process's Node flags its workers get.
 *
 * Loaders (`--import tsx`), conditions and source maps must reach a worker, or it cannot load what its parent loaded.
 * What belongs to the parent's own entry must not: with `-e` or `--test` a worker would run that instead of
 * tasks, and a second inspector cannot have the same port.
 */

/** Flags that take their value as the next word when it is not joined by '='. */
const WITH_VALUE = /^(?:-e|--eval|-p|--print|-pe|--test-[a-z-]+|--watch-path|--inspect-port|--input-type)$/;
const PRIVATE =
  /^(?:-e|--eval|-p|--print|-pe|-i|--interactive|-c|--check|--test|--test-.*|--watch|--watch-.*|--inspect.*|--input-type.*|--run|--cpu-prof.*|--heap-prof.*|--prof)(?:=|$)/;

/** @returns the flags to pass on, and whether any was left out. */
export function inheritedExecArgv(own: readonly string[] = process.execArgv): {
  readonly flags: string[];
  readonly filtered: boolean;
} {
  const flags: string[] = [];
  for (let index = 0; index < own.length; index += 1) {
    const flag = own[index] as string;
    if (!PRIVATE.test(flag)) {
      flags.push(flag);
      continue;
    }
    const next = own[index + 1];
    if (WITH_VALUE.test(flag) && next !== undefined && !next.startsWith('-')) index += 1;
  }
  return { flags, filtered: flags.length !== own.length };
}
