/** The claims of the articles, each with what was measured under Python and here, and a verdict for both. */
import type { Claim } from '../../src/compare/report.ts';
import { h, segmented } from './dom.ts';
import { plural } from './format.ts';

/** The verdict here is another one than for Python. What one side did not measure cannot differ. */
export function differs({ holds, holdsPython }: Claim): boolean {
  return holds !== null && holdsPython !== null && holds !== holdsPython;
}

type Filter = 'all' | 'differs' | 'fails';

const FILTERS: { value: Filter; label: string; test: (claim: Claim) => boolean }[] = [
  { value: 'all', label: 'All', test: () => true },
  { value: 'differs', label: 'Differs from Python', test: differs },
  { value: 'fails', label: 'Does not hold here', test: ({ holds }) => holds === false },
];

export function claimsSection(claims: Claim[]): HTMLElement {
  const section = h(
    'section',
    { id: 'claims', 'aria-labelledby': 'claims-title' },
    h('h2', { id: 'claims-title' }, 'What the articles claim'),
  );
  if (claims.length === 0) {
    section.append(h('p', { class: 'empty' }, 'This run checked no claims.'));
    return section;
  }
  section.append(
    h(
      'p',
      { class: 'description' },
      'What is said of Python’s threads and processes, checked against the figures of this run: under Python, and here.',
    ),
  );

  const rows = claims.map((claim) => ({ claim, row: claimRow(claim) }));
  const status = h('p', { class: 'status', role: 'status' });
  const show = (filter: Filter): void => {
    const test = FILTERS.find(({ value }) => value === filter)?.test ?? (() => true);
    let shown = 0;
    for (const { claim, row } of rows) {
      row.hidden = !test(claim);
      if (!row.hidden) shown++;
    }
    status.textContent =
      filter === 'all' ? plural(claims.length, 'claim') : `${shown} of ${plural(claims.length, 'claim')}`;
  };
  const choices = FILTERS.map(({ value, label, test }) => ({
    value,
    label: `${label} (${claims.filter(test).length})`,
  }));
  section.append(
    h('div', { class: 'toolbar' }, segmented('Which claims to show', 'claims', choices, 'all', show), status),
    // On a phone the rows become cards, and a table laid out as blocks loses its roles unless they are spelt
    // out.
    h(
      'table',
      { class: 'claims', role: 'table', 'aria-labelledby': 'claims-title' },
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          ...['Claim', 'Python', 'Here'].map((title) =>
            h('th', { role: 'columnheader', scope: 'col' }, title),
          ),
        ),
      ),
      h('tbody', { role: 'rowgroup' }, ...rows.map(({ row }) => row)),
    ),
  );
  show('all');
  return section;
}

function claimRow(claim: Claim): HTMLTableRowElement {
  return h(
    'tr',
    { role: 'row', 'data-claim': claim.id },
    h(
      'th',
      { role: 'rowheader', scope: 'row' },
      h('q', {}, claim.text),
      h('span', { class: 'source' }, claim.source),
      differs(claim) && h('span', { class: 'tag' }, 'Differs from Python'),
      claim.note !== undefined && h('span', { class: 'note' }, claim.note),
    ),
    h(
      'td',
      { role: 'cell', 'data-label': 'Python' },
      verdict(claim.holdsPython),
      h('span', { class: 'evidence' }, claim.python),
    ),
    h(
      'td',
      { role: 'cell', 'data-label': 'Here' },
      verdict(claim.holds),
      h('span', { class: 'evidence' }, claim.here),
    ),
  );
}

function verdict(holds: boolean | null): HTMLElement {
  const [name, icon, text] =
    holds === null
      ? ['unknown', '–', 'Not measured']
      : holds
        ? ['holds', '✓', 'Holds']
        : ['fails', '✗', 'Does not hold'];
  return h(
    'span',
    { class: `verdict ${name}` },
    h('span', { class: 'icon', 'aria-hidden': 'true' }, icon),
    text,
  );
}
