/** A caller's `onReport` threw. The task is not to fail for that; its caller should hear of it all the same. */
export function warnOfReport(label: string, error: unknown): void {
  process.emitWarning(`onReport of task ${label} threw: ${String(error)}`, { code: 'MANYHANDS_CALLBACK' });
}
