/** The documents name what there is: settings as the program knows them, and files that exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VARIABLES } from '../src/config.ts';

const root = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');

it.each(VARIABLES)('the README has the row of $key', ({ key, default: value, meaning }) => {
  expect(readme).toContain(`| \`${key}\` | ${value && `\`${value}\``} | ${meaning} |`);
});

it('the README links only to files that exist', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(4);
  expect(links.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

it('each decision has a number of its own, and one row with its title in the list of them', () => {
  const folder = new URL('docs/decisions/', root);
  const list = readFileSync(new URL('README.md', folder), 'utf8');
  const pages = readdirSync(folder).filter((name) => name !== 'README.md');
  const numbers = pages.map((name) => name.slice(0, 4));
  expect(numbers.filter((number, i) => numbers.indexOf(number) !== i)).toEqual([]);
  const rows = list.split('\n').filter((line) => line.startsWith('- ['));
  const titled = pages.map((name) => {
    const title = /^# (.*)/.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1];
    return `- [${title}](${name})`;
  });
  expect(rows.map((row) => row.replace(/ \(superseded by \d{4}\)$/, '')).sort()).toEqual(titled.sort());
});

it('ARCHITECTURE.md names files that exist, and every folder of src', () => {
  const architecture = readFileSync(new URL('ARCHITECTURE.md', root), 'utf8');
  const named = [...architecture.matchAll(/`((?:src|test|models)\/[\w./-]+)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  const rooms = readdirSync(new URL('src/', root), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(rooms.filter(({ name }) => !named.includes(`src/${name}`))).toEqual([]);
});
