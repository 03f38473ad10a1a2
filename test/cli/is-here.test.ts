/** Which sources a server counts as its own, where others may have them. */
import { expect, it } from 'vitest';
import { isHereIn } from '../../src/cli/serve/stream-parts.ts';
import type { SourceInput } from '../../src/domain/frame.ts';

const isHere = isHereIn({
  recordedFile: async (source) =>
    source.type === 'file' && source.path === 'there.mp4' ? ({ path: source.path } as never) : null,
});

it.each<[SourceInput, boolean]>([
  [{ type: 'device', device: '/dev/null' }, true],
  [{ type: 'device', device: '/dev/video999' }, false],
  [{ type: 'file', path: 'there.mp4' }, true],
  [{ type: 'file', path: 'elsewhere.mp4' }, false],
  [{ type: 'upload', token: 'a' }, false],
  [{ type: 'url', url: 'rtsp://camera/1' }, true],
])('%o is here: %s', async (source, expected) => {
  expect(await isHere(source)).toBe(expected);
});
