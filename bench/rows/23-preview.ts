/**
 * What the picture of a stream costs: processor time of the server with its decoders and encoder, for each frame that is scored of a 720p clip with one
 * face, looping in real time, ten frames a second. One stream at a time, in turn: one of which nobody may look at the picture, and one of which
 * everybody may; while nobody looks, and while somebody does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inTurn, measured, type Result, type Row, type RowOptions } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { readPreview } from '../parts/preview-frames.ts';
import { descendantsOf, timesIfThere, usageOf } from '../parts/process-tree.ts';
import { compared } from '../parts/results.ts';
import { ask, type Server, type StreamOptions, startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'preview',
  measures: 'what the picture of a stream costs that may be looked at, and that is',
  run,
};

/** Of what a stream costs of which nobody may look at the picture, while nobody looks. */
const UNSEEN_LIMIT = 1.05;
const SETTLE_MS = 4000;
const CASES = [
  { detectSize: 'STANDARD', looks: false },
  { detectSize: 'STANDARD', looks: true },
  { detectSize: 'LARGE', looks: false },
] as const;
const SESSION = 'query ($id: ID!) { stream(id: $id) { latestSession { id } } }';

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const clips = makeClips(20);
  const server = await startServer(clips.dir);
  const [seconds, rounds] = quick ? [4, 1] : [10, 3];
  const cost = async (options: StreamOptions, looks: boolean, what: string) => {
    const { ofServer, below } = await costOfFrame(server, options, looks, seconds);
    log(
      `${what}: ${ofServer.toFixed(2)} ms of the server, ${below.toFixed(2)} ms of ffmpeg and what encodes`,
    );
    return ofServer + below;
  };
  try {
    for (const { detectSize, looks } of CASES) {
      const what = `${looks ? 'looked at' : 'nobody looks'}, ${detectSize}`;
      const pairs = await inTurn(
        () => cost({ preview: true, detectSize }, looks, what),
        () => cost({ detectSize }, false, 'no preview'),
        rounds,
      );
      const head = { row: 'preview', case: `processor time a frame, ${what}`, unit: 'ms' };
      yield compared(head, pairs, 'no preview', looks ? null : { atMost: UNSEEN_LIMIT });
    }
  } finally {
    await server.stop();
    clips.remove();
  }
}

/** Processor time for each frame that was scored, in milliseconds. */
async function costOfFrame(
  server: Server,
  options: StreamOptions,
  looks: boolean,
  seconds: number,
): Promise<{ ofServer: number; below: number }> {
  const id = await server.startStream('one.mp4', 'preview', options);
  const stop = new AbortController();
  const seen = looks ? countPictures(server, id, stop.signal) : null;
  await sleep(SETTLE_MS);
  const before = await spent(server);
  await sleep(seconds * 1000);
  const after = await spent(server);
  stop.abort();
  if (seen !== null) measured('pictures', await seen);
  await ask(server.url, 'mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', {
    id,
  });
  const frames = measured('frames', after.scored - before.scored);
  const a = (name: 'ofServer' | 'below') => ((after[name] - before[name]) / frames) * 1000;
  return { ofServer: a('ofServer'), below: a('below') };
}

/** Seconds so far: of the server, and of all below it, also of those that have ended. */
async function spent(server: Server): Promise<{ ofServer: number; below: number; scored: number }> {
  const times = descendantsOf(server.pid).map((pid) => timesIfThere(pid));
  const below = times.reduce((sum, time) => sum + (time ? time.own + time.ofEndedChildren : 0), 0);
  const ended = timesIfThere(server.pid)?.ofEndedChildren ?? 0;
  const metrics = await server.metrics();
  return {
    ofServer: usageOf(server.pid).cpuSeconds,
    below: below + ended,
    scored: metrics('mien_frames_scored_total'),
  };
}

async function countPictures(server: Server, streamId: string, signal: AbortSignal): Promise<number> {
  const { stream } = await ask<{ stream: { latestSession: { id: string } } }>(server.url, SESSION, {
    id: streamId,
  });
  let pictures = 0;
  try {
    for await (const _ of readPreview(
      new URL(`/preview/${stream.latestSession.id}`, server.url).href,
      signal,
    ))
      pictures += 1;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return pictures;
}
