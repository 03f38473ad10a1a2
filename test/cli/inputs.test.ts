/** Inputs that are opened ahead: each once, however many are analysed at a time. */
import { expect, test } from 'vitest';
import { createInputPrefetch, type OpeningInput } from '../../src/cli/analyze/input-prefetch.ts';

/** Names of those that were opened, in order. */
function prefetchOf(...inputs: string[]) {
  const opened: string[] = [];
  const prefetch = createInputPrefetch(inputs, (source) => {
    opened.push(source.type === 'file' ? source.path.slice(1) : source.type);
    return Promise.resolve({ name: opened.at(-1) }) as unknown as OpeningInput;
  });
  return { opened, prefetch };
}

test('one after the other: the next two are open before their turn, and each is opened once', async () => {
  const { opened, prefetch } = prefetchOf('/a', '/b', '/c', '/d');
  prefetch.openAhead();
  expect(opened).toEqual(['a', 'b']);
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
    expect(await prefetch.take(index)).toEqual({ name });
    prefetch.openAhead();
    expect(opened).toEqual(['a', 'b', 'c', 'd'].slice(0, index + 3));
  }
});

test('several at a time: what is in hand is not opened again, and the next two that are not are', async () => {
  const { opened, prefetch } = prefetchOf('/a', '/b', '/c', '/d', '/e', '/f');
  prefetch.openAhead();
  await Promise.all([0, 1, 2].map(prefetch.take));
  // Each of the three tells what it is.
  for (let told = 0; told < 3; told++) prefetch.openAhead();
  expect(opened).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('what is no file is opened when its turn comes', async () => {
  const { opened, prefetch } = prefetchOf('https://host/a', '/b', '/dev/video0');
  prefetch.openAhead();
  expect(opened).toEqual(['b']);
  for (const index of [0, 1, 2]) await prefetch.take(index);
  expect(opened).toEqual(['b', 'url', 'device']);
});
