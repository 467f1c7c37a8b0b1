// Light or dark: as the system says, until the reader says otherwise.

const PLACE = 'pspf.theme';
const ORDER = ['system', 'light', 'dark'];

/** Makes `button` go through the themes, and remembers the choice where the browser lets it. */
export function followTheme(button) {
  let theme = 'system';
  try {
    theme = ORDER.includes(localStorage.getItem(PLACE)) ? localStorage.getItem(PLACE) : 'system';
  } catch {
    // No storage: the choice lasts until the page closes.
  }
  const show = () => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.querySelector('span').textContent = `Theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    try {
      localStorage.setItem(PLACE, theme);
    } catch {
      // As above.
    }
    show();
  });
  show();
}
