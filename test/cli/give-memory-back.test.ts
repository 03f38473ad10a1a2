/** When `mien serve` begins again with the settings of malloc, which Node can do since 22.15; here by a stand-in that tells of it. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const CODE = `
process.execve = (file, args, env) => {
  console.log(JSON.stringify({ file, args, arenas: env.MALLOC_ARENA_MAX, threshold: env.MALLOC_MMAP_THRESHOLD_ }));
  process.exit();
};
await import(${JSON.stringify(new URL('../../src/give-memory-back.ts', import.meta.url).href)});
console.log('goes on');
`;

/** What it says that is started with these settings. */
function started(settings: Record<string, string>, command = 'serve'): string {
  const { MALLOC_ARENA_MAX, MALLOC_MMAP_THRESHOLD_, ...env } = process.env;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', CODE, 'main', command];
  return execFileSync(process.execPath, args, { env: { ...env, ...settings } })
    .toString()
    .trim();
}

const BOTH = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

test.skipIf(process.platform !== 'linux')(
  'a server begins again with what is missing of both settings, and keeps what it was given',
  () => {
    const again = JSON.parse(started({ MALLOC_ARENA_MAX: '1' })) as object;
    expect(again).toMatchObject({ file: process.execPath, arenas: '1', threshold: '131072' });
    expect(again).toHaveProperty('args', expect.arrayContaining(['main', 'serve']));
  },
);

test('a server whose environment has both begins once, also where one of them is empty', () => {
  expect(started(BOTH)).toBe('goes on');
  expect(started({ ...BOTH, MALLOC_ARENA_MAX: '' })).toBe('goes on');
  expect(started({ ...BOTH, MALLOC_MMAP_THRESHOLD_: '' })).toBe('goes on');
});

test('other commands go on as they are', () => {
  expect(started({}, 'analyze')).toBe('goes on');
});
