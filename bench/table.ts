/** Two ways to write a table: for a terminal, and for a README. */
import type { Table } from './report.ts';

export function asText({ title, header, rows, notes }: Table): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd();
  const body = [line(header), widths.map((width) => '-'.repeat(width)).join('   '), ...rows.map(line)];
  return [title, ...body.map((text) => `  ${text}`), ...notes.map((note) => `  ! ${note}`), ''].join('\n');
}

export function asMarkdown({ title, header, rows, notes }: Table): string {
  // A bar would end the cell.
  const line = (row: readonly string[]) =>
    `| ${row.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `| --- |${' ---: |'.repeat(header.length - 1)}`;
  const list = notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${note}`)];
  return [`**${title}**`, '', line(header), rule, ...rows.map(line), ...list, ''].join('\n');
}
