/** `filter` and `every`: what is left out is no gap, and a subscriber that comes and goes gets what one that stayed gets. */
import { describe, expect, it } from 'vitest';
import { EXPRESSIONS, type FaceReading } from '../../src/domain/face.ts';
import type { SentMoment } from '../../src/domain/live-event.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeFace } from '../helpers/moments.ts';
import { range, seqs, take, World } from './world.ts';

const face = (track: number, expression: FaceReading['expression'], confidence: number): FaceReading => ({
  ...makeFace(track, seeded(track)),
  ...{ track, expression, confidence },
});

it('only moments with a face that matches are sent, with those faces alone; the others are no gap', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  const filter = { track: 2, expression: 'HAPPINESS', minConfidence: 0.6 } as const;
  const moments = await world.open({ sessionId: session.id, filter });
  const busy = { busy: 1 };
  await world.commit(session, 1, { dropped: busy });
  await world.commit(session, 1, { dropped: busy, faces: [face(1, 'HAPPINESS', 0.9), face(2, 'FEAR', 0.9)] });
  await world.commit(session, 1, { dropped: busy, faces: [face(1, 'FEAR', 0.9), face(2, 'HAPPINESS', 0.6)] });
  await world.commit(session, 1, { dropped: busy, faces: [face(2, 'HAPPINESS', 0.59), face(3, null, 0.9)] });
  await world.commit(session, 1, { dropped: busy, faces: [face(2, 'HAPPINESS', 0.99)] });
  const sent = await take(moments, 2);
  expect(seqs(sent)).toEqual([2, 4]);
  expect(sent.map(({ moment }) => moment.faces.map(({ track }) => track))).toEqual([[2], [2]]);
  expect(sent.map(({ moment }) => moment.dropped.busy)).toEqual([3, 2]);
  expect(sent.map(({ skippedBefore }) => skippedBefore)).toEqual([0, 0]);
  const again = await world.open({ sessionId: session.id, filter, after: sent[0]!.cursor });
  expect(await take(again, 1)).toEqual(sent.slice(1));
  await Promise.all([moments.return?.(), again.return?.()]);
});

it('`every` sends the first moment of each stretch of media time, wherever a subscriber begins', async () => {
  const world = new World();
  const session = world.begin(await world.stream());
  await world.commit(session, 40);
  await world.end(session);
  for (const from of [-1, 0, 4, 9, 10, 11]) {
    const after = momentCursor(session.id, from);
    const sent = await take(await world.open({ sessionId: session.id, every: 1000, after }), 100);
    expect(seqs(sent)).toEqual([0, 10, 20, 30].filter((seq) => seq > from));
  }
});

describe.each(range(1, 16))('interleaving %i', (seed) => {
  it('a client that comes and goes with a filter gets each matching moment once, as one that reads all does', async () => {
    const random = seeded(seed * 31_337);
    const world = new World();
    world.store.beforeRead = async () => {
      if (random() < 0.3) await new Promise(setImmediate);
    };
    world.capacity = 10_000;
    const session = world.begin(await world.stream());
    const options = { filter: { minConfidence: random() }, ...(random() < 0.5 && { every: 300 }) };
    const writing = (async () => {
      for (let seq = 0; seq < 200; seq++) {
        const faces = range(0, Math.floor(random() * 3)).map((at) => face(at + 1, EXPRESSIONS[1]!, random()));
        await world.commit(session, 1, { faces, dropped: random() < 0.2 ? { busy: 1 } : {} });
        if (random() < 0.3) await new Promise(setImmediate);
      }
      await world.end(session);
    })();
    const received: SentMoment[] = [];
    for (let over = false; !over; ) {
      const after = received.at(-1)?.cursor ?? momentCursor(session.id, -1);
      const moments = await world.open({ sessionId: session.id, ...options, after });
      const some = 1 + Math.floor(random() * 30);
      const taken = await take(moments, some);
      received.push(...taken);
      over = taken.length < some;
      await moments.return?.();
    }
    await writing;
    const all = { sessionId: session.id, ...options, after: momentCursor(session.id, -1) };
    expect(received).toEqual(await take(await world.open(all), 1000));
    const { minConfidence } = options.filter;
    const stored = world.store.moments.get(session.id)!;
    const matching = stored.filter(({ faces }) =>
      faces.some(({ confidence }) => confidence >= minConfidence),
    );
    if (!('every' in options)) expect(seqs(received)).toEqual(matching.map(({ seq }) => seq));
    expect(received.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
  });
});
