/** Figures as they stand in a sentence: three digits say all that a noisy machine knows. */

export function duration(ms: number): string {
  if (ms >= 999.5) return `${digits(ms / 1000)} s`;
  if (ms >= 0.9995 || ms === 0) return `${digits(ms)} ms`;
  return ms >= 0.000_999_5 ? `${digits(ms * 1000)} µs` : `${digits(ms * 1e6)} ns`;
}

export function size(bytes: number): string {
  if (bytes >= 999_500) return `${digits(bytes / 1e6)} MB`;
  return bytes >= 1000 ? `${digits(bytes / 1000)} kB` : `${Math.round(bytes)} bytes`;
}

export function count(value: number, noun: string): string {
  return `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** Three that matter: 1,230 and 12.3 and 1.23. */
export function digits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}
