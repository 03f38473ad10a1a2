/** Sessions made up from a seed, and stored: holes, drops, several faces, some of an hour and more, some without a frame. */
import { EXPRESSIONS } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import type { Store } from '../../src/store/index.ts';
import { MODEL, STREAM } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeMoment } from '../helpers/moments.ts';
import type { Recorded } from './plain-sums.ts';

/** When the first of them begins, by the wall clock: two hours before midnight in Berlin, before a day of 23 hours. */
export const RECORDED_FROM = Date.UTC(2026, 2, 28, 21);

const ROOMS = ['east', 'west', null];

export async function recordSessions(store: Store, seed: number, count: number): Promise<Recorded[]> {
  const random = seeded(seed);
  const streams = [];
  for (const room of ROOMS) {
    const tags: Record<string, string> = room === null ? {} : { room };
    streams.push({ ...(await store.streams.create({ ...STREAM, tags })), tags });
  }
  const recorded: Recorded[] = [];
  for (let at = 0; at < count; at++) {
    const { id: streamId, tags } = streams[Math.floor(random() * streams.length)]!;
    const { id } = await store.sessions.create({ streamId, modelId: MODEL.id });
    // Every fourth is longer than the longest rollup; one has nothing.
    const step = at % 4 === 3 ? 40 : 1 + random() * 5;
    const moments = at === 1 ? [] : makeMoments(id, step, random, RECORDED_FROM + at * 2_000_000);
    const trailing = { busy: Math.floor(random() * 4) };
    await Promise.all(moments.map((moment, seq) => store.moments.append(moment, [], moments[seq - 1])));
    await store.moments.finish(id, [], trailing);
    await store.sessions.setState(id, 'ENDED');
    recorded.push({ id, streamId, tags, moments, trailing, source: sourceOf(moments) });
  }
  return recorded;
}

function makeMoments(id: string, step: number, random: () => number, start: number): Moment[] {
  let mediaTime = random() * 70;
  let previousDuration = step;
  const count = 40 + Math.floor(random() * 80);
  return Array.from({ length: count }, (_, seq) => {
    const made = makeMoment(id, seq + Math.floor(random() * 1000) * 1000, {
      faces: Math.floor(random() * 3),
    });
    const dropped = random() < 0.2 && seq > 0 ? { busy: 1, worker: Math.floor(random() * 2) } : {};
    const faces = made.faces.map((face) => ({
      ...face,
      expression: random() < 0.1 ? null : EXPRESSIONS[Math.floor(random() * 8)]!,
    }));
    const at = { seq, mediaTime, wallTime: start + mediaTime * 1000, previousDuration, dropped, faces };
    const moment = quantise({ ...made, ...at });
    const passed = random() < 0.05 ? step + random() * 300 : step * (0.5 + random());
    mediaTime = moment.mediaTime + passed;
    previousDuration = Math.min(passed, 1.5 * step);
    return moment;
  });
}

function sourceOf(moments: readonly Moment[]): Recorded['source'] {
  const [first, last] = [moments[0], moments.at(-1)];
  return first && last
    ? { start: first.mediaTime, end: last.mediaTime + last.previousDuration }
    : { start: 0, end: 0 };
}
