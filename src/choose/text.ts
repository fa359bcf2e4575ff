/** The advice as text, for a terminal of 100 columns or a log. */

import { wrapText } from '../wrap-text.ts';
import type { Advice, Check, Option } from './advice.ts';
import { count, digits, duration, percent, size } from './figures.ts';
import { describePlan } from './words.ts';

/** How parts of the text stand out; each takes text and returns it. */
export interface TextStyle {
  readonly title?: ((text: string) => string) | undefined;
  readonly strong?: ((text: string) => string) | undefined;
  readonly faint?: ((text: string) => string) | undefined;
}

const WIDTH = 100;
const asIs = (text: string): string => text;

/** @returns lines that end with a line feed. Without a style it is plain text. */
export function renderAdvice(advice: Advice, style: TextStyle = {}): string {
  const { title = asIs, strong = asIs, faint = asIs } = style;
  const { words, machine, samples } = advice;
  const section = (name: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title(name), '', ...lines];
  const list = (items: readonly string[]): string[] =>
    items.flatMap((item) =>
      wrapText(item, WIDTH - 2).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`)),
    );
  return `${[
    ...wrapText(words.use, WIDTH).map(strong),
    ...section('Because', list(words.because)),
    ...section('From how many calls on it pays', list(words.pays)),
    ...section('What would change the answer', list(words.changes)),
    ...section(
      'The code',
      words.code.split('\n').map((line) => (line === '' ? '' : `    ${line}`)),
    ),
    ...section(`Predicted for ${count(advice.calls, 'call')}`, table(optionRows(advice), faint)),
    ...section('Checked', table(checkRows(advice.checks), faint)),
    ...section('Calls that were tried', table(sampleRows(advice), faint)),
    '',
    ...wrapText(
      `${machine.cpuModel}, ${count(machine.cores, 'core')} of which ${digits(advice.conditions.together)} could be had, ` +
        `Node ${machine.node}, manyhands ${machine.version}; ${count(samples.length, 'input')} tried of ${advice.inputs.toLocaleString('en')}.`,
      WIDTH,
    ).map(faint),
  ].join('\n')}\n`;
}

function optionRows({ options, samples, use }: Advice): string[][] {
  if (samples.length === 0) return [];
  return [
    ['', 'time', 'to start', 'memory', ''],
    ...options.map((option: Option) => [
      `${option.backend === use ? '▸ ' : '  '}${describePlan(option)}`,
      duration(option.ms),
      duration(option.startMs),
      size(option.memory),
      option.but === undefined ? '' : 'not to be used',
    ]),
  ];
}

function checkRows(checks: readonly Check[]): string[][] {
  if (checks.length === 0) return [];
  return [
    ['', 'calls', 'predicted', 'measured', 'off by'],
    ...checks.map(({ plan, calls, predicted, measured }) => [
      `  ${describePlan(plan)}`,
      calls.toLocaleString('en'),
      duration(predicted),
      duration(measured),
      percent(Math.abs(predicted - measured) / measured),
    ]),
  ];
}

function sampleRows({ samples }: Advice): string[][] {
  if (samples.length === 0) return [];
  return [
    ['', 'calls', 'computes', 'blocks', 'waits', 'values'],
    ...samples.map(({ input, calls, cpu, hold, wait, bytes }) => [
      `  input ${input}`,
      String(calls),
      duration(cpu),
      duration(hold),
      duration(wait),
      size(bytes),
    ]),
  ];
}

/** Figures to the right, in columns as wide as they have to be. */
function table(rows: readonly string[][], faint: (text: string) => string): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row, index) => {
    const line = row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
    return index === 0 ? faint(line) : line;
  });
}
