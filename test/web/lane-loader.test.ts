/** Which moments are read for what is visible of a recorded session. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LaneLoader } from '../../src/web/recorded/lane-loader.js';
import type { Lanes } from '../../src/web/recorded/lanes.js';
import type { Recording } from '../../src/web/recorded/types.d.ts';
import { sampleAt } from '../../src/web/recorded/words.js';

/** Too long for all of its moments to be read at once. */
const LENGTH = 3600;
/** Seconds for which each moment stands. */
const INTERVAL = 2;
const FACE = { track: 1, expression: 'NEUTRAL', probabilities: [], valence: 0, arousal: 0 };

const PAUSE_FROM = 3000;
const LAST_SECOND = {
  ...{ start: PAUSE_FROM + 1, end: PAUSE_FROM + 2, faces: 0, abstained: 0, coverage: 0.1 },
  ...{ probabilities: null, valence: null, arousal: null, dropped: [] },
};

beforeAll(() => {
  vi.stubGlobal('document', { baseURI: 'http://mien.example/' });
  vi.stubGlobal('fetch', async (_url: string, { body }: { body: string }) => {
    const { bucket, range } = JSON.parse(body).variables;
    const { from, to } = range.media;
    const nodes = Array.from({ length: LENGTH / INTERVAL }, (_each, seq) => ({
      ...{ seq, mediaTime: seq * INTERVAL, previousDuration: INTERVAL, dropped: [], faces: [FACE] },
    })).filter(({ mediaTime }) => mediaTime >= from && mediaTime < to && mediaTime < PAUSE_FROM);
    // A second in which the last moment still stood a little.
    const all = bucket === 1 && from < PAUSE_FROM + 2 && to > PAUSE_FROM + 1 ? [LAST_SECOND] : [];
    const episodes = { nodes: [], pageInfo: { hasNextPage: false } };
    const timeline = { nodes, pageInfo: { hasNextPage: false } };
    return Response.json({ data: { session: { all, t1: [], timeline, episodes } } });
  });
});
afterAll(() => vi.unstubAllGlobals());

async function lanesAt(visible: { from: number; to: number }): Promise<Lanes | null> {
  let shown: Lanes | null = null;
  const onProblem = vi.fn();
  const loader = new LaneLoader({
    onLanes: (lanes) => {
      shown = lanes;
    },
    onProblem,
  });
  const seen = { frames: LENGTH / INTERVAL, faces: 1, coverage: 1, dropped: [] };
  const recording: Recording = {
    ...{ id: 'session', state: 'ENDED', recordingUrl: null, frameWidth: null, frameHeight: null },
    stream: { frameRate: 1 / INTERVAL, loop: false },
    summary: { start: 0, end: LENGTH, seconds: LENGTH, ...seen },
    tracks: [{ track: 1, firstSeen: 0, lastSeen: LENGTH, readings: LENGTH / INTERVAL }],
  };
  await loader.open(recording, { from: 0, to: LENGTH }, () => visible);
  loader.close();
  expect(onProblem).not.toHaveBeenCalled();
  return shown;
}

test('the moment that stands in what is visible is read, however long before it came', async () => {
  const found = await lanesAt({ from: 5.1, to: 5.6 });
  expect(found?.expired).toBe(false);
  expect(sampleAt(found?.scored ?? [], 5.3)).toMatchObject({ at: 4 });
});

test('where the source paused nothing is told to be deleted', async () => {
  const found = await lanesAt({ from: PAUSE_FROM + 5, to: PAUSE_FROM + 5.5 });
  expect(found).toMatchObject({ expired: false, scored: [] });
});
