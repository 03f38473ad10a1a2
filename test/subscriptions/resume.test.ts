import { describe, expect, it } from 'vitest';
import type { SentMoment } from '../../src/domain/live-event.ts';
import { encodeCursor, momentCursor } from '../../src/subscriptions/cursor.ts';
import { moment, tick } from '../sessions/fakes.ts';
import { range, seqs, take, World } from '../sessions/world.ts';

describe('resuming a session', () => {
  it('sends what was missed, then what happens, and finishes with the session', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    await world.commit(session, 5);
    const moments = await world.open({ sessionId: session.id, after: momentCursor(session.id, 1) });
    const all = take(moments, 100);
    await tick();
    await world.commit(session, 3);
    await world.end(session);
    expect(seqs(await all)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(world.bus.subscribers).toBe(0);
  });

  it('begins with the next moment without a cursor', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    await world.commit(session, 5);
    const moments = await world.open({ sessionId: session.id });
    await world.commit(session, 2);
    expect(seqs(await take(moments, 2))).toEqual([5, 6]);
    await moments.return?.();
  });

  it('replays an ended session from before its first moment, and finishes', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    await world.commit(session, 450);
    await world.end(session);
    const replay = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
    expect(seqs(await take(replay, 1000))).toEqual(range(0, 450));
    const nothing = await world.open({ sessionId: session.id });
    expect(await take(nothing, 1)).toEqual([]);
  });

  it('counts what a slow subscriber missed, with the dropped frames of what it missed', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    const moments = await world.open({ sessionId: session.id });
    const first = take(moments, 1);
    await world.commit(session, 1);
    await first;
    await world.commit(session, 20, { dropped: { busy: 1 } });
    const [next] = await take(moments, 1);
    expect(next).toMatchObject({ skippedBefore: 12, moment: { seq: 13, dropped: { busy: 13 } } });
    expect((await take(moments, 1))[0]).toMatchObject({
      skippedBefore: 0,
      moment: { seq: 14, dropped: { busy: 1 } },
    });
    await moments.return?.();
  });

  it('reads the store again when the queue overflows during the scan, however slow the reader', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    await world.commit(session, 10);
    const moments = await world.open({ sessionId: session.id, after: momentCursor(session.id, -1) });
    const sent: SentMoment[] = [];
    for (let round = 0; round < 30; round++) {
      sent.push(...(await take(moments, 1)));
      if (round < 5) await world.commit(session, 20);
    }
    await world.end(session);
    sent.push(...(await take(moments, 1000)));
    expect(seqs(sent)).toEqual(range(0, 110));
    expect(sent.every(({ skippedBefore }) => skippedBefore === 0)).toBe(true);
  });

  it('fills a hole that the bus left from the store', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    const moments = await world.open({ sessionId: session.id });
    for (const seq of range(0, 4)) await world.store.append(moment(session.id, seq));
    world.bus.moment(session.streamId, moment(session.id, 3));
    expect(seqs(await take(moments, 4))).toEqual([0, 1, 2, 3]);
    await moments.return?.();
  });

  it('thins by media time, adding up the drops of what it leaves out, also across a resumption', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    await world.commit(session, 20, { dropped: { busy: 1 } });
    await world.end(session);
    const request = { sessionId: session.id, every: 300 };
    const all = await take(await world.open({ ...request, after: momentCursor(session.id, -1) }), 100);
    expect(seqs(all)).toEqual([0, 3, 6, 9, 12, 15, 18]);
    expect(all.map(({ moment: { dropped } }) => dropped.busy)).toEqual([1, 3, 3, 3, 3, 3, 3]);
    const again = await take(await world.open({ ...request, after: all[2]?.cursor }), 100);
    expect(again).toEqual(all.slice(3));
  });

  it('ends at once when it is returned or aborted while waiting', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    const moments = await world.open({ sessionId: session.id });
    const waiting = moments.next();
    await moments.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const controller = new AbortController();
    const aborted = (await world.open({ sessionId: session.id }, controller.signal)).next();
    controller.abort();
    expect((await aborted).done).toBe(true);
    expect(world.bus.subscribers).toBe(0);
  });
});

describe('resuming a stream', () => {
  it('goes on with the next session, and from any session of the stream', async () => {
    const world = new World();
    const stream = await world.stream();
    const first = world.begin(stream);
    await world.commit(first, 3);
    await world.end(first);
    const second = world.begin(stream);
    await world.commit(second, 2);
    const moments = await world.open({ streamId: stream, after: momentCursor(first.id, 0) });
    const all = take(moments, 6);
    await tick();
    await world.end(second, 'INTERRUPTED');
    const third = world.begin(stream);
    await world.commit(third, 2);
    const sent = await all;
    expect(seqs(sent)).toEqual([1, 2, 0, 1, 0, 1]);
    expect(sent.at(-1)?.cursor).toBe(momentCursor(third.id, 1));
    world.bus.removed(stream);
    expect((await moments.next()).done).toBe(true);
  });

  it('does not tell of other streams', async () => {
    const world = new World();
    const [mine, other] = [await world.stream(), await world.stream()];
    const moments = await world.open({ streamId: mine });
    await world.commit(world.begin(other), 3);
    await world.commit(world.begin(mine), 1);
    expect(await take(moments, 1)).toMatchObject([{ moment: { seq: 0 }, skippedBefore: 0 }]);
    await moments.return?.();
  });
});

describe('resuming all streams', () => {
  const everything = encodeCursor({ kind: 'all', since: 0, positions: [] });

  it('is one timeline: what happened at the same time in several sessions comes together', async () => {
    const world = new World();
    const one = world.begin(await world.stream());
    const two = world.begin(await world.stream());
    const start = one.startedAt.getTime() + 5_000;
    for (let at = 0; at < 500; at++) {
      await world.commit(at % 3 === 0 ? one : two, 1, { wallTime: start + at * 100 });
    }
    await world.end(one);
    const moments = await world.open({ after: everything });
    const sent = await take(moments, 500);
    await moments.return?.();
    expect(sent.map(({ moment: { wallTime } }) => (wallTime - start) / 100)).toEqual(range(0, 500));
    // From any of the cursors in between it goes on where it was.
    for (const at of [0, 123, 400]) {
      const again = await world.open({ after: sent[at]!.cursor });
      expect((await take(again, 499 - at)).map(({ moment }) => moment)).toEqual(
        sent.slice(at + 1).map(({ moment }) => moment),
      );
      await again.return?.();
    }
  });

  it('keeps an ended session in the cursor until its moments are sent, whatever else begins', async () => {
    const world = new World();
    const old = world.begin(await world.stream());
    await world.commit(old, 300);
    await world.end(old);
    for (let index = 0; index < 20; index++) world.begin(await world.stream());
    const stream = await world.stream();
    const moments = await world.open({ after: everything });
    let reads = 0;
    world.store.beforeRead = async () => {
      // More than the queue holds, so that states are dropped from it in the middle of the replay.
      if (++reads === 1) for (let index = 0; index < 30; index++) world.begin(stream);
    };
    const sent = await take(moments, 100);
    await moments.return?.();
    const again = await world.open({ after: sent.at(-1)!.cursor });
    expect(seqs(await take(again, 200))).toEqual(range(100, 300));
    await again.return?.();
  });
});

describe('cursors', () => {
  const refused = async (world: World, request: object, code: string) =>
    expect(world.open(request)).rejects.toMatchObject({ code });

  it('refuses garbage, foreign and future ones', async () => {
    const world = new World();
    const [stream, other] = [await world.stream(), await world.stream()];
    const session = world.begin(stream);
    const stranger = world.begin(other);
    await world.commit(session, 3);
    await world.commit(stranger, 3);
    const own = momentCursor(session.id, 1);
    for (const after of [
      '',
      'x',
      'é',
      `${own}=`,
      `${own}A`,
      ` ${own}`,
      'A'.repeat(200_000),
      encodeText('s1 a b'),
    ]) {
      await refused(world, { sessionId: session.id, after }, 'CURSOR_INVALID');
    }
    await refused(world, { sessionId: session.id, after: momentCursor(stranger.id, 1) }, 'CURSOR_INVALID');
    await refused(world, { streamId: stream, after: momentCursor(stranger.id, 1) }, 'CURSOR_INVALID');
    await refused(world, { sessionId: session.id, after: momentCursor(session.id, 3) }, 'CURSOR_INVALID');
    await refused(world, { after: own }, 'CURSOR_INVALID');
    const all = encodeCursor({ kind: 'all', since: 0, positions: [[session.id, 1]] });
    await refused(world, { sessionId: session.id, after: all }, 'CURSOR_INVALID');
    expect(world.bus.subscribers).toBe(0);
  });

  it('says when moments after it were deleted', async () => {
    const world = new World();
    const session = world.begin(await world.stream());
    await world.commit(session, 10);
    const kept = world.store.moments.get(session.id)?.slice(5) ?? [];
    world.store.moments.set(session.id, kept);
    await refused(world, { sessionId: session.id, after: momentCursor(session.id, 3) }, 'CURSOR_EXPIRED');
    const moments = await world.open({ sessionId: session.id, after: momentCursor(session.id, 4) });
    expect(seqs(await take(moments, 5))).toEqual(range(5, 10));
    await moments.return?.();
    await refused(world, { streamId: session.streamId, after: momentCursor('gone', 1) }, 'CURSOR_EXPIRED');
  });

  it('refuses what does not exist or does not belong together', async () => {
    const world = new World();
    const [stream, other] = [await world.stream(), await world.stream()];
    const session = world.begin(stream);
    await refused(world, { streamId: 'nothing' }, 'NOT_FOUND');
    await refused(world, { sessionId: 'nothing' }, 'NOT_FOUND');
    await refused(world, { streamId: other, sessionId: session.id }, 'BAD_INPUT');
    await refused(world, { streamId: stream, every: 0 }, 'BAD_INPUT');
  });
});

function encodeText(text: string): string {
  return Buffer.from(text).toString('base64url');
}
