/** Figures as people read them: three digits that mean something, and the unit that fits. */

const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 1000 ? whole.format(value) : significant.format(value);
}

export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (Math.abs(ms) >= 999.5) return `${fixed(ms / 1000)} s`;
  if (Math.abs(ms) >= 0.9995 || ms === 0) return `${number(ms)} ms`;
  return `${number(ms * 1000)} µs`;
}

export function seconds(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  return ms > 0 && ms < 10 ? '< 0.01 s' : `${(ms / 1000).toFixed(2)} s`;
}

/** `1.00×`, with the digits kept: in a column, and for telling "no gain" from "a little". */
export function times(factor: number): string {
  return `${fixed(factor)}×`;
}

export function megabytes(mb: number): string {
  return `${number(mb)} MB`;
}

function fixed(value: number): string {
  if (Math.abs(value) >= 1000) return whole.format(value);
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}

/** Units that a metric's name may end in, longest first so that `PerS` is not read as `S`. */
const UNITS: [ending: string, unit: string][] = [
  ['MbPerSecond', 'MB/s'],
  ['PerSecond', 'per second'],
  ['MbPerS', 'MB/s'],
  ['PerS', 'per second'],
  ['Percent', '%'],
  ['Bytes', 'bytes'],
  ['Ms', 'ms'],
  ['Us', 'µs'],
  ['Ns', 'ns'],
  ['Mb', 'MB'],
  ['Kb', 'kB'],
  ['S', 's'],
];

/** `roundTripUs` is a round trip in µs. */
export function metricName(name: string): { label: string; unit: string } {
  const capital = capitalized(name);
  const [ending, unit] = UNITS.find(([end]) => capital.endsWith(end)) ?? ['', ''];
  const words = capital
    .slice(0, capital.length - ending.length)
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/\b(?:cpu|io)\b/g, (word) => (word === 'io' ? 'I/O' : 'CPU'));
  // A rate may have no name but its unit: mbPerSecond.
  return words === '' ? { label: unit, unit: '' } : { label: capitalized(words), unit };
}

/** "a", "a or b", "a, b or c". */
export function list(items: string[], conjunction: 'and' | 'or'): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(count: number, noun: string): string {
  return `${whole.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}
