/** Figures as they stand in a sentence: three digits say all that a noisy machine knows. */

export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 1 ? `${digits(value)} ms` : microseconds(value * 1000);
}

export function microseconds(value: number): string {
  return value >= 1000 ? `${digits(value / 1000)} ms` : `${digits(value)} µs`;
}

export function megabytes(value: number): string {
  return `${digits(value)} MB`;
}

export function perSecond(value: number): string {
  // No memory is that fast: what was passed was a reference.
  if (value > 50_000) return 'not copied';
  return value >= 1000 ? `${digits(value / 1000)} GB/s` : `${digits(value)} MB/s`;
}

export function factor(value: number): string {
  return `${digits(value)}x`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function digits(value: number): string {
  if (value >= 100) return whole(value);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
