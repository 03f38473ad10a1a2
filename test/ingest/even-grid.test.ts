/** Files of any rate, scored ten times a second, have no holes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDurations } from '../../src/timeline/moment-duration.ts';
import { file, ingestAt, never } from './harness.ts';
import { type MediaDir, MPEG4, mediaDir } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

test.each(['11', '12', '13', '15', '24', '25', '30000/1001', '30'])(
  'every moment of a file of %s frames a second stands to the next one, and none is missing',
  async (rate) => {
    const name = `${rate.replace('/', '-')}.mp4`;
    await media.make(`-f lavfi -i color=s=64x64:r=${rate}:d=12 ${MPEG4} ${name}`);
    const timing = { frameRate: 10, realtime: false, loop: false, timing: null };
    const { frames } = await ingest.open(file(name), { ...timing, detectSize: 'STANDARD', signal: never });
    const durations = createDurations(10);
    let [first, last, covered, missing]: [number | null, number, number, number] = [null, 0, 0, 0];
    for await (const { mediaTime, dropped } of frames) {
      const step = durations.next(mediaTime, dropped);
      if (first !== null) covered += step.previousDuration;
      first ??= mediaTime;
      last = mediaTime;
      missing += step.missing;
    }
    expect(last).toBeGreaterThan(11.7);
    expect(covered).toBeCloseTo(last - first!, 3);
    expect(missing).toBe(0);
  },
);
