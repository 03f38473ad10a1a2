/** Pictures for those who look: nothing is copied or encoded for nobody, once for all, and the newest wins. */
import { expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import {
  type CopiedFrame,
  createPreviews as create,
  type Picture,
  type PreviewOptions,
} from '../../src/preview/previews.ts';

const createPreviews = (options: Omit<PreviewOptions, 'onFailed'>) =>
  create({
    onFailed: (error) => {
      throw error;
    },
    ...options,
  });

/** One whose pixels tell how often they were read. */
function frameOf(value: number) {
  const bytes = new Uint8Array(new SharedArrayBuffer(8)).fill(value);
  const reads = { count: 0 };
  const frame = {
    get pixels() {
      reads.count += 1;
      return bytes;
    },
    ...{ width: 4, height: 2, mediaTime: value / 10, wallTime: 0, dropped: {} },
  } as Frame;
  return { frame, bytes, reads };
}

function encoder() {
  const pictures: CopiedFrame[] = [];
  const waiting: (() => void)[] = [];
  return {
    pictures,
    /** Lets the one that is being encoded be done. */
    async finish() {
      waiting.shift()!();
      await new Promise(setImmediate);
    },
    encode: (picture: CopiedFrame) => {
      pictures.push(picture);
      return new Promise<Uint8Array | null>((resolve) =>
        waiting.push(() => resolve(picture.luma.subarray(0, 1))),
      );
    },
  };
}

function watcher(ready = true) {
  const shown: Picture[] = [];
  return {
    shown,
    ready,
    ended: 0,
    isReady() {
      return this.ready;
    },
    show: (picture: Picture) => void shown.push(picture),
    end() {
      this.ended += 1;
    },
  };
}

const seen = ({ shown }: { shown: Picture[] }) => shown.map(({ seq, jpeg }) => [seq, jpeg[0]]);

test('while nobody looks, no pixel is read and nothing is encoded; nor when all have left', () => {
  const { encode, pictures } = encoder();
  const previews = createPreviews({ encode, most: 2 });
  const session = previews.open('a');
  const { frame, reads } = frameOf(1);
  expect(session.take(frame)).toBeNull();
  previews.watch('a', watcher())();
  expect(session.take(frame)).toBeNull();
  expect([reads.count, pictures.length]).toEqual([0, 0]);
});

test('each frame is copied before its memory is used again, encoded once, and shown to all with the seq of its moment', async () => {
  const { encode, pictures, finish } = encoder();
  const told = { watchers: [] as number[], encoded: 0 };
  const previews = createPreviews({
    encode,
    most: 9,
    onWatchers: (count) => told.watchers.push(count),
    onEncoded: () => {
      told.encoded += 1;
    },
  });
  const session = previews.open('a');
  const [one, other] = [watcher(), watcher()];
  const leave = previews.watch('a', one);
  previews.watch('a', other);
  const { frame, bytes, reads } = frameOf(7);
  const tell = session.take(frame)!;
  bytes.fill(0);
  tell({ seq: 41, mediaTime: 4.1 });
  await finish();
  expect([seen(one), seen(other)]).toEqual([[[41, 7]], [[41, 7]]]);
  expect([reads.count, pictures.length, told.encoded]).toEqual([1, 1, 1]);
  leave();
  leave();
  expect(told.watchers).toEqual([1, 2, 1]);
});

test('the colour of a frame is copied with it, and a gray one has none', async () => {
  const { encode, pictures, finish } = encoder();
  const session = createPreviews({ encode, most: 9 });
  const pictured = session.open('a');
  session.watch('a', watcher());
  const chroma = new Uint8Array(new SharedArrayBuffer(4)).fill(9);
  for (const colour of [{ chroma, matrix: 'bt709' } as const, undefined]) {
    pictured.take({ ...frameOf(1).frame, colour })!({ seq: 1, mediaTime: 1 });
    chroma.fill(0);
    await finish();
  }
  expect(pictures.map(({ colour }) => colour)).toEqual([
    { chroma: Uint8Array.of(9, 9, 9, 9), matrix: 'bt709' },
    undefined,
  ]);
});

test('the newest wins: one is encoded and one waits, however many come', async () => {
  const { encode, pictures, finish } = encoder();
  const previews = createPreviews({ encode, most: 9 });
  const session = previews.open('a');
  const one = watcher();
  previews.watch('a', one);
  for (const seq of [1, 2, 3, 4]) session.take(frameOf(seq).frame)!({ seq, mediaTime: seq });
  expect(pictures).toHaveLength(1);
  await finish();
  await finish();
  expect(seen(one)).toEqual([
    [1, 1],
    [4, 4],
  ]);
  expect(pictures).toHaveLength(2);
});

test('who has not read the last one gets none, and holds up nobody; when nobody reads, none is copied', async () => {
  const { encode, finish } = encoder();
  const previews = createPreviews({ encode, most: 9 });
  const session = previews.open('a');
  const [slow, fast] = [watcher(false), watcher()];
  previews.watch('a', slow);
  expect(session.take(frameOf(1).frame)).toBeNull();
  previews.watch('a', fast);
  session.take(frameOf(2).frame)!({ seq: 2, mediaTime: 2 });
  await finish();
  expect([seen(slow), seen(fast)]).toEqual([[], [[2, 2]]]);
});

test('a picture that cannot be encoded is left out, and the next one is shown', async () => {
  const results = [null, Uint8Array.of(9)];
  const previews = createPreviews({ encode: async () => results.shift()!, most: 9 });
  const session = previews.open('a');
  const one = watcher();
  previews.watch('a', one);
  session.take(frameOf(1).frame)!({ seq: 1, mediaTime: 1 });
  await new Promise(setImmediate);
  session.take(frameOf(2).frame)!({ seq: 2, mediaTime: 2 });
  await new Promise(setImmediate);
  expect(seen(one)).toEqual([[2, 9]]);
});

test('an encoder that fails is told of once, and the next picture is shown', async () => {
  const results = [null, null, Uint8Array.of(9)];
  const told: unknown[] = [];
  const encode = async () => results.shift() ?? Promise.reject(new Error('no more processes'));
  const previews = create({ encode, most: 9, onFailed: (error) => told.push(error) });
  const session = previews.open('a');
  const one = watcher();
  previews.watch('a', one);
  for (const seq of [1, 2, 3]) {
    session.take(frameOf(seq).frame)!({ seq, mediaTime: seq });
    await new Promise(setImmediate);
  }
  expect([seen(one), told]).toEqual([[[3, 9]], [new Error('no more processes')]]);
});

test('one session is not another; a session that is over ends its watchers; there is a limit for all together', () => {
  const previews = createPreviews({ encode: async () => null, most: 2 });
  const [first, second] = [previews.open('a'), previews.open('b')];
  const one = watcher();
  previews.watch('a', one);
  expect(second.take(frameOf(1).frame)).toBeNull();
  previews.watch('b', watcher());
  expect(() => previews.watch('b', watcher())).toThrow(/2 look at pictures/);
  first.close();
  expect(one.ended).toBe(1);
  expect(() => previews.watch('a', watcher())).toThrow(/does not run/);
});
