/** What the command tells the shell. A signal's status is 128 + its number, as shells have it. */
export const EXIT_OK = 0;
/** Something in the run failed, or a result was wrong. */
export const EXIT_FAILED = 1;
/** The command line was wrong, and nothing was run. */
export const EXIT_USAGE = 2;
/** Nobody reads what we print any more: 128 + SIGPIPE, as for any other program in a pipe. */
export const EXIT_BROKEN_PIPE = 141;
