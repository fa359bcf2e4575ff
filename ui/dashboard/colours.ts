/** Colours of functions, and those of the style sheet as a canvas needs them. */

/** How many there are in the style sheet: `--function-0`, ... */
const COLOURS = 10;

/** By name, in the order in which they came: a function keeps its colour as long as the page is open. */
const known = new Map<string, number>();
/** Names beyond share the colour of their number; forgetting them would change colours. */
const MOST_KNOWN = 1000;

export function colourIndex(name: string): number {
  let index = known.get(name);
  if (index === undefined) {
    index = known.size % COLOURS;
    if (known.size < MOST_KNOWN) known.set(name, index);
  }
  return index;
}

/** Colours as they are now: a canvas knows nothing of custom properties. Read once for each drawing. */
export class Palette {
  readonly #style = getComputedStyle(probe());
  readonly #known = new Map<string, string>();

  /** What `--name` is in the present theme. */
  get(name: string): string {
    let colour = this.#known.get(name);
    if (colour === undefined) {
      // `light-dark()` is resolved where a property uses it, and not in the custom property.
      probe().style.color = `var(--${name})`;
      colour = this.#style.color;
      this.#known.set(name, colour);
    }
    return colour;
  }

  function(name: string): string {
    return this.get(`function-${colourIndex(name)}`);
  }
}

let element: HTMLElement | undefined;

function probe(): HTMLElement {
  if (element === undefined) {
    element = document.createElement('span');
    element.hidden = true;
    document.body.append(element);
  }
  return element;
}
