// What happens when the package is started: the engine's words, with what the package says marked.

import { el } from './dom.js';
import { shown } from './hostile-text.js';

const TITLES = { environment: 'The environment', setup: 'Before the first start', folder: 'Folders that it makes' };

/** The pieces of one line. */
export const pieces = (line) => line.pieces.map(({ words, said }) => (words !== undefined ? words : el('code', {}, shown(said, 200))));

/** The panel on the lines of an inspection. */
export function starts(lines) {
  const of = (topic) => lines.filter((line) => line.topic === topic);
  const [command] = of('command');
  return el('div', { class: 'prose' },
    command ? el('pre', { class: 'command', tabindex: 0 }, command.pieces.map(({ said }) => shown(said, 600))) : el('p', {}, 'No command: the package cannot be started.'),
    of('placeholder').map((line) => el('p', { class: 'but' }, pieces(line))),
    of('caution').length > 0 && el('div', { class: 'notice' }, el('strong', {}, 'Look twice: '), of('caution').map((line) => el('p', {}, pieces(line)))),
    Object.entries(TITLES).map(([topic, title]) => of(topic).length > 0 && [el('h3', {}, title),
      el(topic === 'setup' ? 'ol' : 'ul', { class: 'lines' }, of(topic).map((line) => el('li', {}, pieces(line))))]),
    of('setup').length === 0 && el('p', { class: 'but' }, 'No commands are run before the first start.'));
}
