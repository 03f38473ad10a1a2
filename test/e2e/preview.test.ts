/** The picture of a running stream on the real server: in the colours of its source, each with the seq of its own moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Part, partsOf } from '../helpers/preview-parts.ts';
import { ffmpeg } from '../ingest/media.ts';
import { openPlace, type Place } from './place.ts';

let place: Place;
beforeAll(async () => {
  place = await openPlace(async (media) => {
    const [red, green, blue] = ['red', 'lime', 'blue'].map(
      (c) => `-f lavfi -i color=c=${c}:s=321x181:r=10:d=1`,
    );
    const joined = '-filter_complex [0][1][2]concat=n=3,scale=322:182,format=yuv420p';
    await media.make(`${red} ${green} ${blue} ${joined} -c:v mpeg4 -q:v 2 hues.mp4`);
    await media.make(`${red} ${green} ${blue} ${joined},format=gray -c:v ffv1 gray.mkv`);
  });
});
afterAll(() => place?.close());

interface Stream {
  id: string;
  session: string;
}

/** Plays it again and again, at the pace of the clock. */
async function register(name: string, file: string, preview: boolean): Promise<Stream> {
  const { registerStream } = await place.server.query<{
    registerStream: { stream: { id: string }; session: { id: string } };
  }>(
    `mutation { registerStream(input: { name: "${name}", source: { file: "${file}" }, purpose: RESEARCH, preview: ${preview},
      frameRate: 5, loop: true, realtime: true }) { stream { id } session { id } } }`,
  );
  return { id: registerStream.stream.id, session: registerStream.session.id };
}

/** Looks at it until that is enough. */
async function look(session: string, isEnough: (parts: Part[]) => boolean): Promise<Part[]> {
  const address = new URL(`/preview/${session}`, place.server.url);
  let response = await fetch(address);
  // Its session may not have begun.
  for (; response.status === 404; response = await fetch(address)) await sleep(50);
  expect(response.status).toBe(200);
  const parts: Part[] = [];
  for await (const part of partsOf(response)) {
    parts.push(part);
    if (isEnough(parts)) break;
  }
  return parts;
}

async function middleOf({ jpeg }: Part): Promise<number[]> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const at = info.channels * (info.width * (info.height >> 1) + (info.width >> 1));
  return [...data.subarray(at, at + info.channels)];
}

const SECONDS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];
/** By the media time of a moment, which begins anew with no pass. */
const hueAt = (mediaTime: number) => SECONDS[Math.floor(mediaTime + 0.01) % 3]!;
const enough = (parts: Part[]) => new Set(parts.map(({ mediaTime }) => hueAt(mediaTime))).size === 3;
const isColoured = async (part: Part) => new Set(await middleOf(part)).size > 1;

describe.runIf(ffmpeg.hasNoAutoscale)('who looks at a stream', () => {
  it('sees the colours of its source, each picture that of the moment of its seq', async () => {
    const { id, session } = await register('hues', 'hues.mp4', true);
    const parts = await look(session, enough);
    const asked = await place.server.query<{
      session: { timeline: { nodes: { seq: number; mediaTime: number }[] } };
    }>(`{ session(id: "${session}") { timeline(first: 1000) { nodes { seq mediaTime } } } }`);
    const moments = new Map(asked.session.timeline.nodes.map(({ seq, mediaTime }) => [seq, mediaTime]));
    for (const part of parts) {
      const mediaTime = moments.get(part.seq)!;
      expect(mediaTime).toBeCloseTo(part.mediaTime, 3);
      const hue = hueAt(mediaTime);
      for (const [at, value] of (await middleOf(part)).entries())
        expect(Math.abs(value - hue[at]!), `${await middleOf(part)} of ${hue}`).toBeLessThan(12);
    }
    await place.server.query(`mutation { stopStream(input: { id: "${id}" }) { stream { id } } }`);
  });

  it('sees gray where the source is gray', async () => {
    const { id, session } = await register('gray', 'gray.mkv', true);
    for (const part of await look(session, ({ length }) => length === 3)) {
      expect(await isColoured(part)).toBe(false);
    }
    await place.server.query(`mutation { stopStream(input: { id: "${id}" }) { stream { id } } }`);
  });

  it('sees gray where that was allowed while it ran, and colour from its next session on', async () => {
    const { id, session } = await register('later', 'hues.mp4', false);
    const set = await place.server.query<{ updateStream: { atNextSession: string[] } }>(
      `mutation { updateStream(input: { id: "${id}", preview: true }) { atNextSession } }`,
    );
    expect(set.updateStream.atNextSession).toEqual([]);
    const [now] = await look(session, () => true);
    expect(await isColoured(now!)).toBe(false);
    await place.server.query(`mutation { stopStream(input: { id: "${id}" }) { stream { id } } }`);
    const { startStream } = await place.server.query<{ startStream: { session: { id: string } } }>(
      `mutation { startStream(input: { id: "${id}" }) { session { id } } }`,
    );
    const [next] = await look(startStream.session.id, () => true);
    expect(await isColoured(next!)).toBe(true);
  });
});
