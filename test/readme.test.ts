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
