/** The README names every setting, as the program knows it. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VARIABLES } from '../src/config.ts';

const root = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');

it.each(VARIABLES)('has the row of $key', ({ key, default: value, meaning }) => {
  expect(readme).toContain(`| \`${key}\` | ${value && `\`${value}\``} | ${meaning} |`);
});

it('links only to files that exist', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(4);
  expect(links.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});
