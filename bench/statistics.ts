/** The little arithmetic that the figures need. */

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * How many times better `ours` is than `theirs`: above 1 always means that ours is better, whichever way the
 * figure points. Values below `floor` count as `floor`.
 */
export function advantage(
  ours: number,
  theirs: number,
  figure: { readonly better: 'higher' | 'lower'; readonly floor?: number },
): number {
  const floor = figure.floor ?? 0;
  const [a, b] = [Math.max(ours, floor), Math.max(theirs, floor)];
  return figure.better === 'higher' ? a / b : b / a;
}

/**
 * The median of the advantages of each round. What the machine did besides slowed both of one round, so
 * their ratio is steadier than the ratio of two medians. Rounds in which one of them failed are left out.
 */
export function pairedAdvantage(
  ours: readonly (number | undefined)[],
  theirs: readonly (number | undefined)[],
  figure: { readonly better: 'higher' | 'lower'; readonly floor?: number },
): number | undefined {
  const ratios = ours.flatMap((value, round) => {
    const other = theirs[round];
    return value === undefined || other === undefined ? [] : [advantage(value, other, figure)];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}
