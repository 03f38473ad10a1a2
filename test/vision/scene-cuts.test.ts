import { describe, expect, it } from 'vitest';
import type { GrayImage } from '../../src/vision/image/gray-image.ts';
import { SceneCuts } from '../../src/vision/tracking/scene-cuts.ts';
import { HEIGHT, lit, room, somebodyIn, view, WIDTH } from './scenes.ts';

/** The numbers of the frames with which another scene is said to begin. */
function cutsIn(frames: readonly GrayImage[], frameRate = 10): number[] {
  const cuts = new SceneCuts();
  return frames.flatMap((frame, at) => (cuts.isCut(frame, at / frameRate) ? [at] : []));
}
const SEEDS = Array.from({ length: 3 }, (_, seed) => seed + 1);
/** So many frames of a picture, each with noise of its own. */
const still = (image: GrayImage, count: number) =>
  Array.from({ length: count }, (_, at) => lit(image, 1, 0, at + 1));
const talking = (seed: number, count: number) =>
  Array.from({ length: count }, (_, at) =>
    lit(somebodyIn(room(seed), seed, WIDTH / 2 + 4 * Math.sin(at)), 1, 0, at + 1),
  );
const blank = (luma: number): GrayImage => ({
  pixels: new Uint8Array(WIDTH * HEIGHT).fill(luma),
  width: WIDTH,
  height: HEIGHT,
});

describe('another scene begins', () => {
  it.each([2, 10, 25])('where the picture becomes another one, at %i frames a second', (frameRate) => {
    for (const seed of SEEDS) {
      expect(cutsIn([...talking(seed, 6), ...talking(seed + 1, 6)], frameRate)).toEqual([6]);
    }
  });

  it.each([1, 2, 4, 5, 6, 7, 8, 9, 11])(
    'where somebody else is in the same room at the same place: %i',
    (who) => {
      const frames = [who, who + 1].flatMap((one) => still(somebodyIn(room(5), one), 5));
      expect(cutsIn(frames)).toEqual([5]);
    },
  );

  it('at once when scenes change twice in a row', () => {
    expect(cutsIn([...talking(1, 4), ...talking(2, 1), ...talking(3, 4)])).toEqual([4, 5]);
  });

  it('behind a black or a white frame between them', () => {
    for (const luma of [0, 255])
      expect(cutsIn([...talking(1, 5), blank(luma), ...talking(2, 5)])).toEqual([6]);
  });

  it('also where the size of the picture changes with it', () => {
    const small = talking(2, 4).map(({ pixels }) => ({
      pixels: pixels.filter((_, at) => at % 2 === 0 && Math.floor(at / WIDTH) % 2 === 0),
      width: WIDTH / 2,
      height: HEIGHT / 2,
    }));
    expect(cutsIn([...talking(1, 4), ...small])).toEqual([4]);
    expect(cutsIn([...talking(2, 4), ...small])).toEqual([]);
  });
});

describe('where only a part of the picture changes', () => {
  // Somebody else at the same place: little more than a quarter of the picture is another one.
  const frames = [...still(somebodyIn(room(5), 1), 5), ...still(somebodyIn(room(5), 6), 3)];

  it('another scene begins, if it does so from one frame to the next in a quarter of a second', () => {
    expect(cutsIn(frames, 4)).toEqual([5]);
  });

  it('none begins where more time has passed: somebody may have come', () => {
    expect(cutsIn(frames, 3.9)).toEqual([]);
  });
});

describe('no other scene begins', () => {
  it('while somebody talks and moves', () => {
    for (const seed of SEEDS) expect(cutsIn(talking(seed, 30))).toEqual([]);
  });

  it('with a flash, however bright, nor behind it', () => {
    const flashes = [
      [1.6, 0],
      [1, 70],
      [2, 40],
      [3, 80],
      [0, 255],
      [0.3, 0],
      [0, 0],
    ] as const;
    for (const seed of SEEDS) {
      const steady = talking(seed, 10);
      for (const [gain, offset] of flashes) {
        const frames = steady.with(5, lit(steady[5]!, gain, offset));
        expect({ seed, gain, offset, cuts: cutsIn(frames) }).toEqual({ seed, gain, offset, cuts: [] });
      }
    }
  });

  it('where the light is switched on and stays on', () => {
    for (const seed of SEEDS) {
      expect(cutsIn(talking(seed, 12).map((frame, at) => (at < 6 ? lit(frame, 0.4) : frame)))).toEqual([]);
    }
  });

  it.each([0.05, 0.1, 0.2, 0.3])('in a pan of %d of the picture from frame to frame', (share) => {
    for (const seed of SEEDS) {
      const wide = room(seed, 4 * WIDTH);
      const lefts = [0, 0, 0, ...Array.from({ length: 8 }, (_, at) => (at + 1) * share * WIDTH)];
      const frames = lefts.map((left, at) => lit(view(wide, Math.round(left)), 1, 0, at + 1));
      expect({ seed, cuts: cutsIn(frames) }).toEqual({ seed, cuts: [] });
    }
  });

  it('where a frame of something else is put between, but with that frame', () => {
    const frames = talking(1, 12);
    frames[6] = blank(128);
    expect(cutsIn(frames)).toEqual([]);
  });
});
