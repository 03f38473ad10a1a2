/** Which sources a server counts as its own, where others may have them. */
import { expect, it } from 'vitest';
import { isHereIn } from '../../src/cli/serve/stream-parts.ts';
import type { SourceInput } from '../../src/domain/frame.ts';

const ingest = {
  recordedFile: async (source: SourceInput) =>
    source.type === 'file' && source.path === 'there.mp4' ? source.path : null,
};
const isHere = isHereIn(ingest, { deviceHost: 'lab-1', sharesUploads: false });

it.each<[SourceInput, boolean]>([
  [{ type: 'device', device: '/dev/null' }, true],
  [{ type: 'device', device: '/dev/video999' }, false],
  [{ type: 'device', device: 'lab-1:/dev/video999' }, false],
  [{ type: 'device', device: 'lab-2:/dev/null' }, false],
  [{ type: 'file', path: 'there.mp4' }, true],
  [{ type: 'file', path: 'elsewhere.mp4' }, false],
  [{ type: 'upload', token: 'a' }, false],
  [{ type: 'url', url: 'rtsp://camera/1' }, true],
])('%o is here: %s', async (source, expected) => {
  expect(await isHere(source)).toBe(expected);
});

it('uploads in a bucket are as far from each of them', async () => {
  expect(
    await isHereIn(ingest, { deviceHost: 'lab-1', sharesUploads: true })({ type: 'upload', token: 'a' }),
  ).toBe(true);
  expect(
    await isHereIn(ingest, { deviceHost: 'lab-1', sharesUploads: true })({
      type: 'file',
      path: 'elsewhere.mp4',
    }),
  ).toBe(false);
});
