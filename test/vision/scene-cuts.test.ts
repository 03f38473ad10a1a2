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

describe('rule by rule, on pictures of a luma for each cell of the grid', () => {
  const COLUMNS = 32;
  const ROWS = 18;

  function picture(luma: (row: number, column: number) => number): GrayImage {
    const [width, height] = [2 * COLUMNS, 2 * ROWS];
    const pixels = Uint8Array.from({ length: width * height }, (_, at) =>
      luma(Math.floor(at / width / 2), Math.floor((at % width) / 2)),
    );
    return { pixels, width, height };
  }

  /**
   * A gray picture with patterns of stripes, each so much darker and lighter than gray: those of one width are unlike those of
   * any other, so that a picture that has one more differs by just that much in each cell, and its mean is the same.
   */
  const striped = (amplitudes: readonly number[]) =>
    picture((_, column) =>
      amplitudes.reduce((luma, amplitude, bit) => luma + ((column >> bit) & 1 ? amplitude : -amplitude), 128),
    );
  /** Pictures of which each differs from the one before by so much in each cell. @param contrast of the first one */
  function changing(contrast: number, changes: readonly number[]): GrayImage[] {
    const amplitudes = [0, 0, 0, 0, contrast];
    return [
      striped(amplitudes),
      ...changes.map((change, at) => {
        amplitudes[at % 4]! += change;
        return striped(amplitudes);
      }),
    ];
  }
  /** Lumas without order, from 60 to 187. */
  const noise = (seed: number) => (row: number, column: number) => {
    const mixed = Math.imul((seed * ROWS + row) * COLUMNS + column + 1, 2_654_435_761);
    return 60 + (Math.imul(mixed ^ (mixed >>> 15), 2_246_822_519) >>> 25);
  };

  it('a change of 5 is a cut, also the first one, a smaller one is none', () => {
    expect(cutsIn(changing(8, [5]))).toEqual([1]);
    expect(cutsIn(changing(8, [4]))).toEqual([]);
    expect(cutsIn(changing(8, [0, 0, 0, 0, 5]))).toEqual([5]);
    expect(cutsIn(changing(8, [0, 0, 0, 0, 4]))).toEqual([]);
  });

  it('where much changes all the time a cut is two and a half times as much as usual', () => {
    expect(cutsIn(changing(8, [4, 6, 8, 12, 17]))).toEqual([]);
    // Of the changes until then the usual one is 10.04.
    expect(cutsIn(changing(8, [4, 6, 8, 12, 17, 25]))).toEqual([]);
    expect(cutsIn(changing(8, [4, 6, 8, 12, 17, 26]))).toEqual([6]);
  });

  it('a picture that correlates with the one before is the same, at first also where it does so a little less', () => {
    // 14 / sqrt(14² + 6²) = 0.919
    expect(cutsIn(changing(14, [6]))).toEqual([]);
    expect(cutsIn(changing(14, [0, 0, 6]))).toEqual([]);
    expect(cutsIn(changing(14, [0, 0, 0, 6]))).toEqual([4]);
    // 14 / sqrt(14² + 5²) = 0.942
    expect(cutsIn(changing(14, [0, 0, 0, 5]))).toEqual([]);
  });

  it('where more than a quarter of a second passed, half of the cells have to be others', () => {
    const changed = (rows: number) => {
      const [before, after] = [
        picture(noise(1)),
        picture((row, column) => noise(row < rows ? 2 : 1)(row, column)),
      ];
      return [before, before, after];
    };
    const share = (rows: number) => [cutsIn(changed(rows), 4), cutsIn(changed(rows), 3.9)];
    expect(share(8)).toEqual([[2], []]);
    expect(share(12)).toEqual([[2], [2]]);
  });

  it('the negative of a picture is another one: light explains it, and did not change', () => {
    const two = (sign: number) =>
      picture((row, column) => 128 + (noise(1)(row, column) < 124 ? sign : -sign) * 28);
    expect(cutsIn([two(1), two(1), two(-1)])).toEqual([2]);
  });

  describe('too much light', () => {
    /** White in so many cells, which lie apart; of the others another scene shows. */
    const overexposed = (cells: number, seed: number) =>
      picture((row, column) =>
        ((row * COLUMNS + column) * 25) % 576 < cells ? 255 : noise(seed)(row, column),
      );
    const dark = picture(noise(1));

    it('of 0.4 of the picture hides what it shows for three frames', () => {
      // 231 of 576 cells.
      const white = overexposed(231, 2);
      expect(cutsIn([dark, dark, white, white, white])).toEqual([]);
      expect(cutsIn([dark, dark, white, white, white, white])).toEqual([5]);
      expect(cutsIn([dark, dark, white, white, dark, white, white, white, dark])).toEqual([]);
      expect(cutsIn([dark, dark, overexposed(230, 2)])).toEqual([2]);
    });

    it('is none where the frame before was white in 0.2 of it as well, nor in a first frame', () => {
      const white = overexposed(300, 2);
      // 115 and 116 of 576 cells.
      expect(cutsIn([overexposed(115, 1), white])).toEqual([]);
      expect(cutsIn([overexposed(116, 1), white])).toEqual([1]);
      expect(cutsIn([white, dark])).toEqual([1]);
    });
  });

  it('a picture that comes back is no other scene for two frames', () => {
    // All that is light becomes alike, as light explains; what it was does not follow from that.
    const before = picture(noise(1));
    const flash = picture((row, column) => (noise(1)(row, column) < 76 ? 76 : 240));
    expect(cutsIn([before, flash])).toEqual([]);
    expect(cutsIn([before, flash, before])).toEqual([]);
    expect(cutsIn([before, flash, flash, before])).toEqual([]);
    expect(cutsIn([before, flash, flash, flash, before])).toEqual([4]);
  });
});
