// Light, dark, or what the system says. The choice is kept; the style sheet does the rest by the attribute on <html>.

import { safeStorage } from '../client/token';

export type Theme = 'system' | 'light' | 'dark';

const key = 'chatbox.theme';
const storage = safeStorage(() => window.localStorage);

export function currentTheme(): Theme {
  const kept = storage.getItem(key);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function applyTheme(theme: Theme = currentTheme()): void {
  if (theme === 'system') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') storage.removeItem(key);
  else storage.setItem(key, theme);
  applyTheme(theme);
}
