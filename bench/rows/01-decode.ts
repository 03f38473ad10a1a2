/**
 * Frames per second out of `ingest` from a 720p H.264 clip (25 fps), every frame and every 2.5th,
 * read as fast as they come; against ffmpeg with the same filters and threads into the null muxer. Both start
 * their ffmpeg within the measured time.
 */
import { availableParallelism } from 'node:os';
import { decodeThreads } from '../../src/ingest/ffmpeg/decode-threads.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { bareDecode } from '../parts/baselines.ts';
import { makeClips } from '../parts/clips.ts';
import { openIngest } from '../parts/pipeline.ts';
import { compared } from '../parts/results.ts';

export const row: Row = {
  name: 'decode',
  measures: 'frames per second out of ingest, against ffmpeg into nothing',
  run,
};

async function* run({ quick }: RowOptions) {
  const clips = makeClips(quick ? 20 : 40);
  const ingest = openIngest(clips.dir);
  const { signal } = new AbortController();
  const source = { type: 'file', path: clips.one } as const;
  const info = await ingest.probe(source, signal);
  const threads = decodeThreads(info, false, availableParallelism());
  const mien = async (frameRate: number) => {
    const began = performance.now();
    let frames = 0;
    const options = { frameRate, realtime: false, loop: false, detectSize: 'STANDARD' as const, signal };
    for await (const frame of (await ingest.open(source, options)).frames) {
      frames += 1;
      frame.release?.();
    }
    return (frames / (performance.now() - began)) * 1000;
  };
  const bare = async (frameRate: number) => {
    const { frames, seconds } = await bareDecode(clips.one, frameRate, threads);
    return frames / seconds;
  };
  for (const rate of [10, 25]) {
    const rounds = await inTurn(
      () => mien(rate),
      () => bare(rate),
      quick ? 1 : 5,
    );
    const head = { row: 'decode', case: `720p at ${rate} fps`, unit: 'frames/s' };
    yield compared(head, rounds, 'ffmpeg -f null', { atLeast: 0.95 });
  }
  await ingest.close();
  clips.remove();
}
