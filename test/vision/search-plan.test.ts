/** At which sizes, in which parts, a picture is searched, and what counts there: rule by rule, on pictures without a detector. */
import { describe, expect, it } from 'vitest';
import type { Detection } from '../../src/vision/detection/detected-face.ts';
import {
  bordered,
  countsIn,
  halfSize,
  hasRoomForLargeFace,
  isCentredIn,
  isStandard,
  type Level,
  searchLevels,
  smallestFaceIn,
  type Tile,
  tilesOf,
} from '../../src/vision/detection/search-plan.ts';
import type { DetectorCard } from '../../src/vision/models/model-manifest.ts';

const cardFor = (longerSide: number) =>
  ({ input: { longerSide }, thresholds: { score: 0.7, nms: 0.4, minFace: 18 } }) as DetectorCard;
const CARD = cardFor(640);

const gray = (width: number, height: number, luma = 200) => ({
  pixels: new Uint8Array(width * height).fill(luma),
  width,
  height,
});
const level = (width: number, height: number, changes: Partial<Level> = {}): Level => ({
  ...{ image: gray(width, height), factor: 1, minFace: 18, border: 0 },
  ...changes,
});

describe('the sizes at which a picture is searched', () => {
  const sizes = (width: number, height: number, card = CARD) =>
    searchLevels(gray(width, height), card).map(
      ({ image, factor, minFace, border }) =>
        `${image.width}x${image.height} 1:${factor} from ${minFace} border ${border}`,
    );

  it('of one of the standard size are one: that at which the model was trained', () => {
    expect(sizes(640, 480)).toEqual(['640x480 1:1 from 18 border 0']);
    expect(sizes(320, 160)).toEqual(['640x320 1:0.5 from 18 border 0']);
    expect(sizes(160, 80)).toEqual(['320x160 1:0.5 from 18 border 0']);
    expect(sizes(512, 320)).toEqual(['614x384 1:0.8333333333333334 from 18 border 0']);
    expect(sizes(480, 100)).toEqual(['640x133 1:0.75 from 18 border 0']);
    expect(sizes(480, 400)).toEqual(['480x400 1:1 from 18 border 0']);
    // By a whole number, the nearest, where the card asks for smaller ones.
    const small = cardFor(256);
    expect(sizes(640, 320, small)).toEqual(['213x106 1:3 from 18 border 0']);
    expect(sizes(256, 100, small)).toEqual(['256x100 1:1 from 18 border 0']);
    expect(sizes(380, 100, small)).toEqual(['380x100 1:1 from 18 border 0']);
  });

  it('of a larger one are its own and halves of it, as long as there is room for a face that is too large', () => {
    expect(sizes(641, 320)).toEqual(['641x320 1:1 from 18 border 0']);
    expect(sizes(642, 322)).toEqual(['642x322 1:1 from 18 border 0', '321x161 1:2 from 96 border 0']);
    expect(sizes(1300, 644)).toEqual([
      '1300x644 1:1 from 18 border 0',
      '650x322 1:2 from 96 border 0',
      '325x161 1:4 from 96 border 0',
    ]);
  });

  it('are told apart by the longer side, and have room by the shorter', () => {
    expect([isStandard(gray(640, 1)), isStandard(gray(641, 1)), isStandard(gray(1, 641))]).toEqual([
      true,
      false,
      false,
    ]);
    const room = (width: number, height: number) => hasRoomForLargeFace(level(width, height));
    expect([room(321, 321), room(320, 400), room(400, 320)]).toEqual([true, false, false]);
  });

  it('tell how small a face may be to be found', () => {
    const smallest = (width: number, height: number, card = CARD) => smallestFaceIn({ width, height }, card);
    expect([smallest(640, 360), smallest(320, 180), smallest(180, 320), smallest(4000, 3000)]).toEqual([
      18, 9, 9, 18,
    ]);
    expect(smallest(640, 360, cardFor(320))).toBe(36);
  });
});

describe('a level once more', () => {
  it('at half its size counts faces from half of what is large there', () => {
    expect(halfSize(level(100, 60, { factor: 0.5, border: 7 }))).toEqual({
      ...{ image: gray(50, 30), factor: 1, minFace: 96, border: 0 },
    });
  });

  it('with a border of a fifth of its shorter side counts faces of any size', () => {
    const { image, ...told } = bordered(level(100, 48, { factor: 2, minFace: 96 }), CARD);
    expect(told).toEqual({ factor: 2, minFace: 18, border: 10 });
    expect([image.width, image.height]).toEqual([120, 68]);
    const luma = (x: number, y: number) => image.pixels[y * 120 + x];
    expect([luma(9, 30), luma(10, 10), luma(109, 57), luma(110, 57), luma(60, 58)]).toEqual([
      40, 200, 200, 40, 40,
    ]);
  });
});

describe('the tiles of a level', () => {
  const starts = (width: number, height: number) =>
    tilesOf(level(width, height)).map(({ left, top, image }) => [left, top, image.width, image.height]);

  it('are one where it is no longer than a run may be, and then the picture itself', () => {
    const whole = level(2112, 2);
    expect(tilesOf(whole)).toEqual([{ level: whole, image: whole.image, left: 0, top: 0 }]);
    expect(tilesOf(whole)[0]!.image).toBe(whole.image);
  });

  it('are as few as can overlap by 288 pixels, of equal size, from one end to the other', () => {
    expect(starts(2113, 3)).toEqual([
      [0, 0, 1201, 3],
      [912, 0, 1201, 3],
    ]);
    expect(starts(3936, 3)).toHaveLength(2);
    expect(starts(3937, 3)).toHaveLength(3);
    expect(starts(3, 5000)).toEqual([
      [0, 0, 3, 1859],
      [0, 1571, 3, 1859],
      [0, 3141, 3, 1859],
    ]);
  });

  it('go row by row, each with its part of the picture', () => {
    const picture = gray(2113, 2115);
    for (const [x, y] of [
      [912, 0],
      [0, 913],
      [912, 913],
    ] as const)
      picture.pixels[y * 2113 + x] = 99;
    const tiles = tilesOf(level(2113, 2115, { image: picture }));
    expect(tiles.map(({ left, top, image }) => [left, top, image.pixels[0]])).toEqual([
      [0, 0, 200],
      [912, 0, 99],
      [0, 913, 99],
      [912, 913, 99],
    ]);
  });
});

describe('a face in a tile', () => {
  const box = (x1: number, y1: number, x2: number, y2: number): Detection => ({
    ...{ box: { x1, y1, x2, y2 }, landmarks5: new Float64Array(10), score: 1 },
  });
  const inTile = (left: number, top: number, changes: Partial<Level> = {}): Tile => ({
    ...{ level: level(300, 300, changes), image: gray(100, 100), left, top },
  });
  const middle = inTile(100, 100);

  it('counts where it is as large as it has to be', () => {
    expect(countsIn(middle, box(40, 40, 58, 58))).toBe(true);
    expect(countsIn(middle, box(40, 40, 57.9, 58))).toBe(false);
  });

  it('counts where no other tile may show more of it', () => {
    const near = [box(8, 40, 60, 60), box(40, 8, 60, 60), box(40, 40, 92, 60), box(40, 40, 60, 92)];
    const nearer = [box(7.9, 40, 60, 60), box(40, 7.9, 60, 60), box(40, 40, 92.1, 60), box(40, 40, 60, 92.1)];
    const counted = (tile: Tile, faces: Detection[]) => faces.map((one) => countsIn(tile, one));
    expect(counted(middle, near)).toEqual([true, true, true, true]);
    expect(counted(middle, nearer)).toEqual([false, false, false, false]);
    // At the level's own border there is no other tile.
    expect(counted(inTile(0, 100), nearer)).toEqual([true, false, false, false]);
    expect(counted(inTile(100, 0), nearer)).toEqual([false, true, false, false]);
    expect(counted(inTile(200, 100), nearer)).toEqual([false, false, true, false]);
    expect(counted(inTile(100, 200), nearer)).toEqual([false, false, false, true]);
  });

  it('counts where its middle lies in the picture, not in the border around it', () => {
    const whole = { ...inTile(0, 0, { border: 20 }), level: level(100, 100, { border: 20 }) };
    const at = (x: number, y: number) => countsIn(whole, box(x - 10, y - 10, x + 10, y + 10));
    expect([at(20, 20), at(80, 80), at(20, 80)]).toEqual([true, true, true]);
    expect([at(19, 50), at(50, 19), at(81, 50), at(50, 81)]).toEqual([false, false, false, false]);
  });

  it('is centred in an area whose border its middle touches', () => {
    const area = { x1: 10, y1: 20, x2: 30, y2: 60 };
    const at = (x: number, y: number) => isCentredIn(area, { x1: x - 1, y1: y - 3, x2: x + 1, y2: y + 3 });
    expect([at(10, 20), at(30, 60), at(20, 40)]).toEqual([true, true, true]);
    expect([at(9, 40), at(31, 40), at(20, 19), at(20, 61)]).toEqual([false, false, false, false]);
  });
});
