import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RawReading } from '../../src/domain/face.ts';
import type { Frame } from '../../src/domain/frame.ts';
import { Detector } from '../../src/vision/detection/detector.ts';
import { type Models, readModels } from '../../src/vision/models/model-manifest.ts';
import type { ModelInput, ModelSession } from '../../src/vision/models/model-session.ts';
import { type OpenModels, openModels } from '../../src/vision/runtime/open-models.ts';
import { Ensemble } from '../../src/vision/scoring/ensemble.ts';
import { DetectionTiming } from '../../src/vision/tracking/detection-timing.ts';
import { Tracker } from '../../src/vision/tracking/tracker.ts';
import { BatchScheduler } from '../../src/vision/workers/batch-scheduler.ts';
import { squares } from '../helpers/squares.ts';
import { LUMA, TEMPLATE, writeTinyModels } from '../helpers/tiny-models.ts';

let dir: string;
let models: Models;
let opened: OpenModels;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'scheduler-'));
  await writeTinyModels(dir);
  models = await readModels(dir);
  opened = await openModels(models, 'cpu', 1);
});
afterEach(() => vi.useRealTimers());
afterAll(() => rm(dir, { recursive: true }));

type Before = (model: 'detector' | 'ensemble', pixels: ModelInput) => void | Promise<void>;

/** A scheduler of the tiny models in this thread; `before` is called before each run, and may fail it or let it wait. */
function open(before: Before, maxBatch = 32, modelThreads = 1) {
  const runs: string[] = [];
  const inHand = { now: 0, most: 0 };
  const watched = (model: 'detector' | 'ensemble', session: ModelSession): Pick<ModelSession, 'run'> => ({
    async run({ data, dims }) {
      runs.push(`${model} ${dims[0]}`);
      inHand.most = Math.max(inHand.most, ++inHand.now);
      try {
        await before(model, { data, dims });
        return await session.run({ data: new Uint8Array(data), dims });
      } finally {
        inHand.now--;
      }
    },
  });
  const scheduler = new BatchScheduler({
    detector: new Detector(watched('detector', opened.detector), models.detector, 0.25),
    ensemble: new Ensemble(watched('ensemble', opened.ensemble), models.ensemble),
    card: models.ensemble,
    modelThreads,
    maxBatch,
    onRun() {},
    onAdvanced() {},
  });
  const { size } = models.ensemble.input;
  const template = TEMPLATE.flat().map((v) => v * size);
  const activation = { score: 0.75, quality: 0.25 };
  for (let stream = 0; stream < 3; stream++) {
    const options = { template, cropSize: size, highConfidence: 0.5, activation, firstTrackId: 1 };
    const tracker = new Tracker(options);
    scheduler.open(stream, { tracker, timing: new DetectionTiming(5, tracker) });
  }
  const look = (stream: number, picture: Frame) =>
    new Promise<RawReading[]>((answer, fail) => {
      scheduler.add(stream, { image: picture, mediaTime: picture.mediaTime, answer, fail });
    });
  const analyse = (stream: number, luma: number, mediaTime = 0) =>
    look(stream, squares([{ x: 100, y: 90, side: 60, luma }], mediaTime));
  /** Of each of the frames, which are handed over together, whether another scene begins with it. */
  const cutsOf = (stream: number, pictures: readonly Frame[]) =>
    Promise.all(
      pictures.map(
        (picture) =>
          new Promise<boolean>((resolve, fail) => {
            const answer = (_: RawReading[], __: number, cut: boolean) => resolve(cut);
            scheduler.add(stream, { image: picture, mediaTime: picture.mediaTime, answer, fail });
          }),
      ),
    );
  return { look, analyse, cutsOf, runs, inHand };
}

/** Resolves once the scheduler has had its turn. */
const tick = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

const [dim, bright] = [LUMA[2]!, LUMA[3]!];
const holds = ({ data }: ModelInput, luma: number) => data.includes(luma);

describe('several streams', () => {
  it('frames of several streams go through the detector together, and their faces are scored together', async () => {
    const { analyse, runs } = open(() => {});
    const all = await Promise.all([0, 1, 2].map((stream) => analyse(stream, bright)));
    expect(all.map((faces) => faces.length)).toEqual([1, 1, 1]);
    // The crop of a new face is realigned.
    expect(runs).toEqual(['detector 3', 'ensemble 3', 'ensemble 3']);
  });

  it('frames of several streams are shared out between two threads of models', async () => {
    const { analyse, runs, inHand } = open(() => {}, 32, 2);
    const times = [0, 0.1, 0.2, 0.3, 0.4];
    await Promise.all(times.flatMap((time) => [0, 1, 2].map((stream) => analyse(stream, bright, time))));
    expect(runs.slice(0, 2)).toEqual(['detector 2', 'detector 1']);
    // Each first face is scored once more, in a crop that is realigned; the four frames after it are scored together.
    expect(runs.slice(-2)).toEqual(['ensemble 6', 'ensemble 6']);
    const faces = runs.filter((run) => run.startsWith('ensemble')).map((run) => Number(run.split(' ')[1]));
    expect(faces.reduce((sum, count) => sum + count)).toBe(3 + 3 + 12);
    expect(inHand.most).toBe(2);
  });

  it.each(['detector', 'ensemble'] as const)(
    'frames of several streams do not fail with the one that breaks the %s',
    async (broken) => {
      const { analyse } = open((model, pixels) => {
        if (model === broken && holds(pixels, dim)) throw new Error('no such luma');
      });
      const all = await Promise.allSettled([analyse(0, bright), analyse(1, dim), analyse(2, bright)]);
      expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(all[1]).toMatchObject({ reason: { message: 'no such luma' } });
      expect(await analyse(1, bright, 0.1)).toHaveLength(1);
    },
  );
});

describe('a hard cut', () => {
  const SMALL = 40;
  /** Somebody in the middle, before the one or the other background. */
  const scene = (who: number, room: 0 | 1, mediaTime: number) => {
    const background = room === 0 ? { x: 40, luma: LUMA[0]! } : { x: 280, luma: LUMA[1]! };
    return squares(
      [
        { ...background, y: 50, side: 70 },
        { x: 160, y: 110, side: SMALL + 4 * room, luma: who },
      ],
      mediaTime,
    );
  };
  const inTheMiddle = (faces: RawReading[]) =>
    faces.find(({ box }) => Math.abs(box.x + box.width / 2 - 0.5) < 0.05);

  it('ends the tracks of the scene before, and searches the first frame of the next', async () => {
    const { look } = open(() => {});
    const seen: (RawReading | undefined)[] = [];
    const frames = [0, 0.1, 0.2, 0.3].map((time) => scene(bright, 0, time));
    frames.push(...[0.4, 0.5, 0.6].map((time) => scene(dim, 1, time)));
    for (const frame of frames) seen.push(inTheMiddle(await look(0, frame)));
    const before = seen[0]!.track;
    expect(seen.slice(0, 4).map((face) => face?.track)).toEqual([before, before, before, before]);
    const behind = seen.slice(4).map((face) => face?.track);
    expect(behind).not.toContain(before);
    expect(new Set(behind).size).toBe(1);
    // Its crop is its own: the face stands in it as when it is seen for the first time.
    const alone = inTheMiddle(await open(() => {}).look(0, scene(dim, 1, 0)))!;
    const { track: _, ...first } = seen[4]!;
    expect(alone).toMatchObject(first);
  });

  it('is told with its frame, also when frames are handed over together', async () => {
    const { cutsOf } = open(() => {});
    const frames = [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((time) => scene(bright, time < 0.25 ? 0 : 1, time));
    expect(await cutsOf(0, frames)).toEqual([false, false, false, true, false, false]);
  });

  it('is told with the next frame where its own could not be scored', async () => {
    let fails = false;
    const { look, cutsOf } = open(() => {
      if (fails) throw new Error('no run');
    });
    await look(0, scene(bright, 0, 0));
    fails = true;
    await expect(look(0, scene(dim, 1, 0.1))).rejects.toThrow('no run');
    fails = false;
    expect(await cutsOf(0, [scene(dim, 1, 0.2), scene(dim, 1, 0.3)])).toEqual([true, false]);
  });
});

describe('one stream', () => {
  it('frames of one stream are answered in order, with the next detection requested while they are scored', async () => {
    const { analyse, runs } = open(() => {});
    const order: number[] = [];
    const frames = Array.from({ length: 12 }, (_, i) => analyse(0, bright, i / 10).then(() => order.push(i)));
    await Promise.all(frames);
    expect(order).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(runs.filter((run) => run.startsWith('detector'))).toHaveLength(3);
    expect(runs.slice(0, 5)).toEqual(['detector 1', 'ensemble 1', 'ensemble 1', 'detector 1', 'ensemble 4']);
  });

  it('one run is in hand at a time, but a full one is handed over while another is in hand', async () => {
    for (const [maxBatch, most] of [
      [32, 1],
      [1, 2],
    ] as const) {
      const { analyse, inHand } = open(() => {}, maxBatch);
      await Promise.all(Array.from({ length: 5 }, (_, i) => analyse(0, bright, i / 10)));
      expect(inHand.most).toBe(most);
    }
  });

  it('faces of a stream that reads ahead wait for those that would be scored with them', async () => {
    const { analyse, runs } = open(() => {});
    await Promise.all([0, 0.1].map((time) => analyse(0, bright, time)));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    runs.length = 0;
    const first = analyse(0, bright, 0.2);
    await tick();
    expect(runs).toEqual([]);
    // The frame after them is due for detection.
    await Promise.all([first, ...[0.3, 0.4].map((time) => analyse(0, bright, time))]);
    expect(runs).toEqual(['ensemble 3']);
  });

  it('faces of a stream that is read frame by frame do not wait', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { analyse, runs } = open(() => {});
    for (const time of [0, 0.1, 0.2]) await analyse(0, bright, time);
    expect(runs).toEqual(['detector 1', 'ensemble 1', 'ensemble 1', 'ensemble 1', 'ensemble 1']);
  });

  it('faces of a stream that reads ahead do not wait long for others, nor let those of other streams wait', async () => {
    const { analyse, runs } = open(() => {});
    await Promise.all([0, 0.1].map((time) => analyse(0, bright, time)));
    await analyse(1, bright);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    runs.length = 0;
    const last = analyse(0, bright, 0.2);
    await tick();
    expect(runs).toEqual([]);
    vi.runAllTimers();
    expect(await last).toHaveLength(1);
    const waiting = analyse(0, bright, 0.3);
    await tick();
    await Promise.all([analyse(1, bright, 0.1), waiting]);
    expect(runs).toEqual(['ensemble 1', 'ensemble 2']);
  });

  it('faces that wait for others let no detection of another stream wait', async () => {
    const { analyse, look, runs } = open(() => {});
    await Promise.all([0, 0.1].map((time) => analyse(0, bright, time)));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // The run before is a detection, after which it is the turn of faces.
    expect(await look(1, squares([], 0))).toEqual([]);
    runs.length = 0;
    const waiting = analyse(0, bright, 0.2);
    await tick();
    expect(runs).toEqual([]);
    const empty = look(2, squares([], 0));
    await tick();
    // Where nothing is found it is searched once more, with a border.
    expect(runs).toEqual(['detector 1', 'detector 1']);
    expect(await empty).toEqual([]);
    vi.runAllTimers();
    expect(await waiting).toHaveLength(1);
  });

  it('frames of one stream are answered after one that failed', async () => {
    let failures = 0;
    const { analyse } = open((model, pixels) => {
      if (model !== 'ensemble' || !holds(pixels, dim)) return;
      failures++;
      throw new Error('no such luma');
    });
    const times = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
    const all = await Promise.allSettled(times.map((time, i) => analyse(0, i === 2 ? dim : bright, time)));
    expect(all.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true, true]);
    expect(failures).toBeGreaterThan(0);
  });
});

/** Three faces, each moved to the right by so many pixels. */
const three = (moved: readonly number[], mediaTime: number) =>
  squares(
    moved.map((x, i) => ({ x: 60 + i * 95 + x, y: 90, side: 50, luma: LUMA[i + 1]! })),
    mediaTime,
  );

describe('one stream whose frames come at once', () => {
  it('frames that come at once have the readings that they would have one by one, whatever they show and whichever thread is faster', async () => {
    // They rest, walk, jump, and stand still again.
    const places = Array.from({ length: 45 }, (_, i) => {
      const walk = Math.max(0, Math.min(i, 20) - 8);
      return [walk / 2, i > 28 && i < 33 ? 12 : 0, i % 19 === 13 ? 7 : 0];
    });
    const frames = () => places.map((moved, i) => three(moved, i / 10));
    const alone = open(() => {});
    const wanted: RawReading[][] = [];
    for (const frame of frames()) wanted.push(await alone.look(0, frame));
    for (let seed = 1; seed <= 8; seed++) {
      let state = seed;
      const wait = async () => {
        state = (state * 48271) % 2147483647;
        for (let ticks = state % 6; ticks > 0; ticks--) await tick();
      };
      const { look } = open(wait, 32, 2);
      expect(await Promise.all(frames().map((frame) => look(0, frame)))).toEqual(wanted);
    }
  });
});
