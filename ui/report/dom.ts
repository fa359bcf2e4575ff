/**
 * Building the page. What a report holds (task names, errors of foreign programs) is untrusted text, so there
 * is one way to put it on the page, and it makes text nodes; nothing here or elsewhere parses HTML.
 */

export type Child = Node | string | null | undefined | false;

/** An element with attributes and children. `true` sets an empty attribute, `false` and `undefined` none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

export interface Choice<V extends string> {
  value: V;
  label: string;
}

/** A row of radio buttons drawn as one control: the browser brings the keyboard and the announcements. */
export function segmented<V extends string>(
  legend: string,
  name: string,
  choices: Choice<V>[],
  selected: V,
  onChange: (value: V) => void,
): HTMLFieldSetElement {
  const fieldset = h('fieldset', { class: 'segmented' }, h('legend', { class: 'visually-hidden' }, legend));
  for (const { value, label } of choices) {
    const input = h('input', { type: 'radio', name, value, checked: value === selected });
    input.addEventListener('change', () => onChange(value));
    fieldset.append(h('label', {}, input, h('span', {}, label)));
  }
  return fieldset;
}

/**
 * Calls `draw` with the width of `element` whenever it has a new one. An element in a closed <details> has no
 * width, so its chart is drawn when it is first opened: a page of thousands of spans opens at once.
 */
export function drawToWidth(element: HTMLElement, draw: (width: number) => void): void {
  let drawn = 0;
  new ResizeObserver((entries) => {
    const width = Math.floor(entries.at(-1)?.contentRect.width ?? 0);
    if (width === 0 || width === drawn) return;
    drawn = width;
    draw(width);
  }).observe(element);
}
