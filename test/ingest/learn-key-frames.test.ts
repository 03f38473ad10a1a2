/** A recording in real time tells those who share out turns how far behind a key frame it would go on. */
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { DecodingTurns } from '../../src/ingest/decoding-turns.ts';
import { decode, file, ingestAt } from './harness.ts';
import { counting, type MediaDir, mediaDir } from './media.ts';

/** Seconds from one key frame to the next. */
const APART = 2;

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  await media.make(`${counting({ seconds: 6 })} -c:v mpeg4 -q:v 2 -g ${30 * APART} -bf 0 apart.mp4`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

test('where the key frames of a recording lie is learnt while it is decoded, and asked for at its next place', async () => {
  const open = vi.spyOn(DecodingTurns.prototype, 'open');
  onTestFinished(() => open.mockRestore());
  const told: number[] = [];
  for await (const { mediaTime } of decode(ingest, file('apart.mp4'), { realtime: true })) {
    const sinceKeyFrame = open.mock.calls[0]![1]!;
    // One alone tells nothing of the next; ffmpeg may have decoded a second ahead.
    if (mediaTime < 0.25 * APART) expect(sinceKeyFrame()).toBe(0);
    else if (mediaTime > 1.5 * APART) told.push(sinceKeyFrame());
  }
  // Where it would go on is as far ahead as the last start took, which is long on a busy machine.
  expect(told.length).toBeGreaterThan(0);
  expect(Math.min(...told)).toBeGreaterThan(0);
  expect(Math.max(...told)).toBeLessThan(APART);
});
