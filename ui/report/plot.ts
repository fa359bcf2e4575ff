/** What all charts of the page have in common. */
import * as Plot from '@observablehq/plot';

/**
 * A chart in the page's type and colours. It is hidden from screen readers: Plot labels every group of marks,
 * which read aloud is noise, and whatever a chart shows is said in words beside it.
 */
export function chart(options: Plot.PlotOptions): Element {
  const element = Plot.plot({ ...options, className: 'plot' });
  element.setAttribute('aria-hidden', 'true');
  return element;
}

/** Ticks of an axis `width` pixels long, so that their labels keep apart. */
export function tickCount(width: number): number {
  return Math.max(2, Math.min(6, Math.floor(width / 80)));
}
