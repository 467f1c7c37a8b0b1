// What happens when the package is started, in words. The rules are those of docs/launcher.md.

import { el } from './dom.js';
import { shown } from './hostile-text.js';

/** Most lines of one kind. */
const LINES_MAX = 200;

const PLACEHOLDERS = { '{workenv}': 'the folder that the package is unpacked to', '{package_name}': 'the package name', '{version}': 'the version' };

const names = (list) => list.slice(0, LINES_MAX).map((name, at) => [at > 0 && ', ', el('code', {}, shown(String(name), 80))]);
const object = (value) => (value && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []);
const array = (value) => (Array.isArray(value) ? value : []);
const variables = (pairs) => pairs.slice(0, LINES_MAX).map(([name, value]) => el('li', {}, el('code', {}, shown(name, 80)), ' = ', el('code', {}, shown(String(value), 120))));

/** The sentence on the caller's environment: `clears the environment, passes PATH and HOME`. */
export function environmentWords(environment) {
  const unset = array(environment?.unset).map(String);
  const pass = array(environment?.pass).map(String);
  if (unset.includes('*')) return pass.length ? ['Clears the environment; lets through ', names(pass), '.'] : ['Clears the whole environment.'];
  if (unset.length) return ['Removes ', names(unset), pass.length ? [', but keeps ', names(pass)] : null, ' from the environment; everything else is passed on.'];
  return ['Passes on the whole environment of whoever starts it.'];
}

/** One setup command in words; what is not known is shown unchanged. */
export function setupWords(step) {
  const quoted = (value) => el('code', {}, shown(typeof value === 'string' ? value : JSON.stringify(value), 200));
  if (typeof step === 'string') return ['Runs ', quoted(step)];
  switch (step?.type) {
    case 'execute': return ['Runs ', quoted(step.command)];
    case 'enumerate_and_execute': return ['Runs ', quoted(step.command), ' for each ', quoted(step.enumerate?.pattern ?? '*'), ' in ', quoted(step.enumerate?.path)];
    case 'chmod': return ['Sets mode ', quoted(step.mode), ' on ', quoted(step.path)];
    case 'write_file': return ['Writes ', quoted(step.content), ' to ', quoted(step.path)];
    default: return quoted(step);
  }
}

/** The panel on a package's metadata object. */
export function execution(metadata) {
  if (!metadata) return el('p', { class: 'empty' }, 'The metadata could not be read.');
  const command = metadata.execution?.command;
  const own = object(metadata.execution?.env ?? metadata.execution?.environment);
  const runtime = metadata.runtime?.env ?? {};
  const workenv = metadata.workenv ?? {};
  const setup = array(metadata.setup_commands);
  const used = Object.keys(PLACEHOLDERS).filter((name) => String(command).includes(name));
  const suspicious = own.concat(object(runtime.set)).filter(([name]) => /^(LD_|DYLD_|PYTHONSTARTUP$|BASH_ENV$|PROMPT_COMMAND$)/.test(name));
  return el('div', { class: 'prose' },
    el('h2', {}, 'It runs'),
    command ? el('pre', { class: 'command', tabindex: 0 }, shown(command, 600)) : el('p', {}, 'No command: the package cannot be started.'),
    used.map((name) => el('p', { class: 'dim' }, el('code', {}, name), ` is ${PLACEHOLDERS[name]}.`)),
    el('h2', {}, 'The environment'),
    el('ul', {}, el('li', {}, environmentWords(runtime)),
      object(runtime.map).slice(0, LINES_MAX).map(([from, to]) => el('li', {}, 'Renames ', el('code', {}, shown(from, 80)), ' to ', el('code', {}, shown(String(to), 80)), '.')),
      object(runtime.set).length > 0 && el('li', {}, 'Sets, whatever it was before: ', el('ul', {}, variables(object(runtime.set)))),
      object(workenv.env).length > 0 && el('li', {}, 'Sets for the work environment: ', el('ul', {}, variables(object(workenv.env)))),
      own.length > 0 && el('li', {}, 'Sets for the command: ', el('ul', {}, variables(own))),
      el('li', {}, 'Puts ', el('code', {}, 'bin'), ' of the unpacked folder in front of ', el('code', {}, 'PATH'), '.')),
    suspicious.length > 0 && el('p', { class: 'notice' }, el('strong', {}, 'Look twice: '), names(suspicious.map(([name]) => name)),
      ' can make other programs load code from the package.'),
    setup.length > 0 && [el('h2', {}, 'Before the first start'), el('ol', {}, setup.slice(0, LINES_MAX).map((step) => el('li', {}, setupWords(step))))],
    array(workenv.directories).length > 0 && [el('h2', {}, 'Folders that it makes'), el('ul', {}, workenv.directories.slice(0, LINES_MAX).map((folder) =>
      el('li', {}, el('code', {}, shown(String(folder?.path ?? folder), 120)), folder?.mode && [' with mode ', el('code', {}, shown(String(folder.mode), 12))])))]);
}
