/** Light, dark or as the system says. The style sheet does the work: a theme is an attribute on the root. */
import { segmented } from './dom.ts';

type Theme = 'auto' | 'light' | 'dark';

const KEY = 'manyhands-theme';

export function themeControl(): HTMLElement {
  const theme = remembered();
  apply(theme);
  return segmented(
    'Colours',
    'theme',
    [
      { value: 'auto', label: 'Auto' },
      { value: 'light', label: 'Light' },
      { value: 'dark', label: 'Dark' },
    ],
    theme,
    (value) => {
      apply(value);
      remember(value);
    },
  );
}

function apply(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

// A page opened from disk may be denied storage, by an exception at the mere access.
function remembered(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  } catch {
    return 'auto';
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then the choice lasts as long as the page does.
  }
}
