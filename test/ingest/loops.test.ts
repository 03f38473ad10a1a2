/** Recordings that are looped: each frame tells in which pass it lies, and where in the recording. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { file, ingestAt, read, risesAlways } from './harness.ts';
import { counting, ffmpeg, frameNumber, type MediaDir, MPEG4, mediaDir, VARIABLE } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  const painted = counting({ rate: 25, seconds: 2, size: '96x64' });
  const h264 = '-c:v libx264 -preset ultrafast -bf 3 -b_strategy 0 -g 10 -qp 0 -pix_fmt yuv420p';
  await media.make(`${painted} ${MPEG4} plain.mp4
    ${h264} b-frames.mp4
    -vf select='not(mod(n,7))+gt(n,30)' ${VARIABLE} ${MPEG4} variable.mkv
    -c:v mpeg4 -q:v 2 -bf 2 b-frames.avi`);
  await media.make(`-ss 0.6 -i b-frames.mp4 -c copy cut-by-an-edit-list.mp4`);
  await media.make(`-i b-frames.mp4 -f lavfi -i sine=d=3.3 -c:v copy -c:a aac longer-sound.mkv`);
  await media.make(
    `-f lavfi -i sine=d=5 -itsoffset 3 -i b-frames.mp4 -map 0 -map 1 -c:v copy -c:a mp2 earlier-sound.ts`,
  );
  await media.make(`${counting({ rate: 25, seconds: 11, size: '96x64' })} ${MPEG4} long.mp4`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

const SOURCES = [
  'plain.mp4',
  'b-frames.mp4',
  'variable.mkv',
  'b-frames.avi',
  // The ffmpeg of 2018 loses frames behind a pass of it.
  ...(ffmpeg.hasNoAutoscale ? ['cut-by-an-edit-list.mp4'] : []),
  'longer-sound.mkv',
  'earlier-sound.ts',
];

/** The frames of the recording alone, by their picture. */
async function once(name: string): Promise<Frame[]> {
  return read(ingest, file(name), { frameRate: 25 });
}

const number = ({ pixels }: Frame) => Math.round(frameNumber(pixels));

function expectTruth(frames: readonly Frame[], alone: readonly Frame[], passes: number): void {
  const own = new Map(alone.map((frame) => [number(frame), frame.mediaTime]));
  expect(own.size).toBe(alone.length);
  // The last frame is shown as long as the one before it.
  const [last, before] = [alone.at(-1)!.mediaTime, alone.at(-2)!.mediaTime];
  const length = 2 * last - before - alone[0]!.mediaTime;
  for (const frame of frames) {
    const { pass, sourceTime } = frame.loop!;
    expect(Math.abs(sourceTime - own.get(number(frame))!)).toBeLessThan(0.001);
    expect(Math.abs(frame.mediaTime - pass * length - sourceTime)).toBeLessThan(0.001);
  }
  expect(frames.at(-1)!.loop!.pass).toBe(passes);
  expect(risesAlways([...frames])).toBe(true);
}

describe.concurrent('a looped recording', () => {
  test.each(SOURCES)('each frame of %s has the place of its picture, in every pass', async (name) => {
    const alone = await once(name);
    const frames = await read(ingest, file(name), {
      frameRate: 25,
      loop: true,
      limit: 8 * alone.length + 3,
    });
    expectTruth(frames, alone, 8);
    expect(frames.map(number).slice(0, 2 * alone.length)).toEqual([...alone, ...alone].map(number));
  });

  test('one that is read by a run of ffmpeg for each pass does so too', async () => {
    const alone = await read(ingest, file('long.mp4'), { frameRate: 25 });
    const frames = await read(ingest, file('long.mp4'), { frameRate: 5, loop: true, limit: 120 });
    for (const [at, { mediaTime, loop }] of frames.entries()) {
      expect(mediaTime).toBeCloseTo(at * 0.2, 6);
      expect(loop!.pass).toBe(Math.floor(at / 55));
      expect(loop!.sourceTime).toBeCloseTo((at % 55) * 0.2, 6);
    }
    expect(alone).toHaveLength(275);
  });

  test('none of its frames comes sooner behind the one before because another pass begins', async () => {
    // A pass of 1.96 s, and frames each 0.4 s: the first of the second pass would come 0.36 s behind, of the third 0.32.
    await media.make('-i plain.mp4 -t 1.96 -c:v mpeg4 -q:v 2 odd.mp4');
    const frames = await read(ingest, file('odd.mp4'), { frameRate: 2.5, loop: true, limit: 40 });
    const steps = frames.slice(1).map(({ mediaTime }, at) => mediaTime - frames[at]!.mediaTime);
    expect(Math.min(...steps)).toBeGreaterThan(0.19);
    expect(Math.max(...steps)).toBeLessThan(0.61);
  });

  test('of one picture each frame is a pass', async () => {
    await media.make('-i plain.mp4 -frames:v 1 -c:v png -f image2 p.png');
    const frames = await read(ingest, file('p.png'), { frameRate: 25, loop: true, limit: 300 });
    expect(frames.map(({ loop }) => loop!.pass)).toEqual(Array.from({ length: 300 }, (_, at) => at));
    expect(Math.max(...frames.map(({ loop }) => loop!.sourceTime))).toBe(0);
    expect(frames.at(-1)!.mediaTime).toBeCloseTo(299 * 0.04, 3);
  });

  test('one that is not looped tells of no passes', async () => {
    const [frame] = await read(ingest, file('plain.mp4'), { limit: 1 });
    expect(frame!.loop).toBeUndefined();
  });
});

test.skipIf(!ffmpeg.hasNoAutoscale)(
  'a looped recording that is read on in the middle goes on in its pass, and the next begins where that ends',
  async () => {
    // At a fifth of its pace: it is read anew from where it should be.
    const slow = media.at('slow-ffmpeg');
    const script = `#!/bin/sh\ncase $* in *-version) exec ${ffmpeg.path} -version; esac\nexec ${ffmpeg.path} -readrate 0.2 "$@"\n`;
    await writeFile(slow, script, { mode: 0o755 });
    const starved = ingestAt(media.path, { ffmpegPath: slow });
    await media.make('-i b-frames.mp4 -f lavfi -i sine=d=2.5 -c:v copy -c:a aac starved.mkv');
    const alone = await once('starved.mkv');
    const frames: Frame[] = [];
    const { frames: taken } = await starved.open(file('starved.mkv'), {
      ...{ frameRate: 10, realtime: true, loop: true, detectSize: 'STANDARD' },
      signal: new AbortController().signal,
    });
    for await (const frame of taken) {
      frames.push(frame);
      if (frame.loop!.pass >= 5) break;
    }
    await starved.close();
    const own = new Map(alone.map((frame) => [number(frame), frame.mediaTime]));
    const off = frames.map((frame) => Math.abs(frame.loop!.sourceTime - own.get(number(frame))!));
    expect(Math.max(...off)).toBeLessThan(0.001);
    const lengths = frames.flatMap(({ mediaTime, loop }) =>
      loop!.pass > 0 ? [(mediaTime - loop!.sourceTime) / loop!.pass] : [],
    );
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(0.001);
    expect(risesAlways(frames)).toBe(true);
  },
  180_000,
);
