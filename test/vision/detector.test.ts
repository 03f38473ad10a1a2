import { describe, expect, it } from 'vitest';
import { Detector } from '../../src/vision/detection/detector.ts';
import { smallestFaceIn } from '../../src/vision/detection/search-plan.ts';
import type { DetectorCard } from '../../src/vision/models/model-manifest.ts';
import { squares as drawSquares, type Square } from '../helpers/squares.ts';

const card = {
  input: { longerSide: 640, multipleOf: 32, pixelFormat: 'gray8' },
  thresholds: { score: 0.7, nms: 0.4, minFace: 18 },
} as DetectorCard;

const no = { data: new Float32Array(0), dims: [1, 0] };

/** Height and width of what the model is given for a picture of this size. */
async function given(width: number, height: number): Promise<number[]> {
  const seen: number[][] = [];
  const run = async ({ dims }: { dims: readonly number[] }) => {
    seen.push([...dims]);
    return { boxes: no, scores: no, landmarks: no };
  };
  const detector = new Detector({ run }, card, 0.5);
  await detector.detect([{ pixels: new Uint8Array(width * height), width, height }]);
  return seen[0]!.slice(2);
}

it.each([
  // Enlarged to what the card asks, twice at most, …
  [480, 270, 384, 640],
  [320, 180, 384, 640],
  [160, 90, 192, 320],
  [48, 48, 96, 96],
  [1, 1, 32, 32],
  // … and not so far that a face which fills the picture would be too large to be found.
  [320, 240, 384, 512],
  [480, 480, 480, 480],
  [640, 360, 384, 640],
  // Larger ones as they are: whoever asked for them wants the faces that are small in them.
  [854, 480, 480, 864],
  [1280, 720, 736, 1280],
  [1920, 1080, 1088, 1920],
  [2048, 2048, 2048, 2048],
])(
  'a picture of %i × %i is given to the detector at %i × %i (height, width)',
  async (w, h, height, width) => {
    expect(await given(w, h)).toEqual([height, width]);
  },
);

it('a detection is in pixels of the picture that was given, upscaled or not', async () => {
  const run = async () => ({
    boxes: { data: Float32Array.of(64, 32, 96, 80), dims: [1, 1, 4] },
    scores: { data: Float32Array.of(0.9), dims: [1, 1] },
    landmarks: { data: new Float32Array(10).fill(72), dims: [1, 1, 5, 2] },
  });
  const detector = new Detector({ run }, card, 0.5);
  const found = async (width: number, height: number) =>
    (await detector.detect([{ pixels: new Uint8Array(width * height), width, height }]))[0]![0]!;
  const small = await found(480, 270);
  expect(small.box).toEqual({ x1: 48, y1: 24, x2: 72, y2: 60 });
  expect([...small.landmarks5]).toEqual(new Array(10).fill(54));
  expect((await found(640, 360)).box).toEqual({ x1: 64, y1: 32, x2: 96, y2: 80 });
  // As large as it is; at half its size a face that is so small does not count.
  expect((await found(1280, 720)).box).toEqual({ x1: 64, y1: 32, x2: 96, y2: 80 });
});

describe('a picture in which a face may be too large to be found', () => {
  type Seen = readonly [score: number, x1: number, y1: number, x2: number, y2: number];

  /** Detects in pictures of these sizes, with a model that sees what is given at this width of its input. */
  async function detect(
    sizes: readonly (readonly [number, number])[],
    sees: Record<number, readonly Seen[]>,
  ) {
    const runs: string[] = [];
    const run = async ({ dims: [n, , height, width] }: { dims: readonly number[] }) => {
      runs.push(`${n} of ${width}x${height}`);
      const seen = Array.from({ length: n! }, () => sees[width!] ?? []).flat();
      const dims = [n!, seen.length / n!];
      return {
        boxes: { data: Float32Array.from(seen.flatMap(([, ...box]) => box)), dims: [...dims, 4] },
        scores: { data: Float32Array.from(seen.map(([score]) => score)), dims },
        landmarks: {
          data: Float32Array.from(seen.flatMap(([, x]) => new Array(10).fill(x))),
          dims: [...dims, 5, 2],
        },
      };
    };
    const pictures = sizes.map(([width, height]) => ({
      pixels: new Uint8Array(width * height),
      width,
      height,
    }));
    const found = await new Detector({ run }, card, 0.5).detect(pictures);
    return {
      runs,
      found: found.map((faces) =>
        faces.map(({ score, box, landmarks5 }) => [score, ...Object.values(box), landmarks5[0]]),
      ),
    };
  }

  const small = [0.75, 20, 20, 80, 90] as const;
  const large = [0.875, 50, 40, 250, 290] as const;
  const both = ['1 of 640x480', '1 of 320x256'];
  // With 48 px of gray on each side of 320 x 240.
  const withBorder = ['1 of 640x480', '1 of 416x352'];

  it.each<[string, Seen[], string[]]>([
    ['shows none', [], withBorder],
    ['shows a doubtful one', [[0.625, 20, 20, 80, 90]], withBorder],
    ['shows a sure large one', [[0.75, 200, 100, 400, 300]], both],
    ['shows a sure small one, and a doubtful large one', [small, [0.625, 200, 100, 400, 300]], both],
    ['shows a sure small one', [small], ['1 of 640x480']],
    ['shows sure small ones and doubtful ones', [small, [0.625, 200, 100, 300, 200]], ['1 of 640x480']],
  ])('a picture goes through the detector at half its size as well when it %s', async (_, seen, runs) => {
    expect((await detect([[640, 480]], { 640: seen })).runs).toEqual(runs);
  });

  it.each([
    [640, 360, ['1 of 640x384', '1 of 416x256']],
    [320, 240, ['1 of 512x384', '1 of 352x288']],
    [640, 320, ['1 of 640x320', '1 of 384x224']],
    [200, 150, ['1 of 416x320', '1 of 288x224']],
    [48, 48, ['1 of 96x96', '1 of 96x96']],
  ])(
    'a picture of %i × %i that shows none goes through it at half its size, with a border',
    async (w, h, runs) => {
      expect((await detect([[w, h]], {})).runs).toEqual(runs);
    },
  );

  it('a dark picture goes through it the second time in more light, its border as it is', async () => {
    const given: Uint8Array[] = [];
    const run = async ({ data }: { data: Uint8Array }) => {
      given.push(data.slice());
      return { boxes: no, scores: no, landmarks: no };
    };
    const search = async (light: number) => {
      given.length = 0;
      const pixels = Uint8Array.from({ length: 640 * 480 }, (_, i) => (i % 640 < 320 ? light / 5 : light));
      await new Detector({ run }, card, 0.5).detect([{ pixels, width: 640, height: 480 }]);
      // At half the size with a border of 48 px: the border's corner, and the middle of either half.
      const middle = 170 * 416;
      return [given[0]![639]!, given[1]![0]!, given[1]![middle + 128]!, given[1]![middle + 288]!];
    };
    expect(await search(50)).toEqual([50, 40, 30, 150]);
    expect(await search(200)).toEqual([200, 40, 40, 200]);
  });

  it('a picture without room for a large face goes through it once where a face is sure', async () => {
    const sees = { 640: [[0.75, 200, 20, 500, 310]] } as const;
    expect((await detect([[640, 320]], sees)).runs).toEqual(['1 of 640x320']);
  });

  it('what is found in the picture with a border is where it is in the picture, and what lies in the border is nothing', async () => {
    const sees = {
      416: [
        [0.875, 38, 48, 138, 178],
        [0.75, 330, 330, 352, 352],
        [0.75, 0, 100, 60, 160],
      ],
    } as const;
    const { found } = await detect([[640, 480]], sees);
    // A face that reaches 10 px into the left border, and begins where the picture does at its top.
    expect(found[0]).toEqual([[0.875, -20, 0, 180, 260, -20]]);
  });

  it('pictures share runs at half their size as well', async () => {
    const { runs } = await detect([...new Array(3).fill([640, 480]), [200, 150]], {});
    expect(runs).toEqual(['3 of 640x480', '1 of 416x320', '3 of 416x352', '1 of 288x224']);
  });

  it('a large face replaces what was detected within it at full size, and leaves the small faces beside it', async () => {
    const sees = {
      640: [
        [0.75, 540, 20, 600, 90],
        [0.625, 550, 300, 600, 360],
        [0.8125, 110, 90, 330, 400],
      ],
      320: [large],
    } as const;
    const of = async (width: number, height: number) => (await detect([[width, height]], sees)).found[0];
    expect(await of(640, 480)).toEqual([
      [0.875, 100, 80, 500, 580, 100],
      [0.75, 540, 20, 600, 90, 540],
      [0.625, 550, 300, 600, 360, 550],
    ]);
  });

  it('the detector at half the size finds no small faces, and one of low confidence there replaces none', async () => {
    const sees = {
      640: [[0.75, 150, 100, 350, 300], small],
      320: [
        [0.875, 10, 10, 60, 60],
        [0.625, 60, 40, 260, 290],
      ],
    } as const;
    const { found } = await detect([[640, 480]], sees);
    expect(found[0]!.map(([score]) => score)).toEqual([0.75, 0.75, 0.625]);
  });
});

describe('a picture that is larger than the standard', () => {
  /** A model that sees bright squares on black, each in a luma of its own, and whole ones and parts alike. */
  async function seeSquares(width: number, height: number, squares: readonly Square[]) {
    const runs: string[] = [];
    const run = async ({ data, dims: [n, , h, w] }: { data: Uint8Array; dims: readonly number[] }) => {
      runs.push(`${n} of ${w}x${h}`);
      const perImage = Array.from({ length: n! }, (_, i) => boxesIn(data.subarray(i * w! * h!), w!, h!));
      const count = Math.max(...perImage.map((boxes) => boxes.length), 1);
      const dims = [n!, count];
      const boxes = new Float32Array(n! * count * 4);
      const scores = new Float32Array(n! * count);
      for (const [i, found] of perImage.entries()) {
        for (const [j, box] of found.entries()) {
          boxes.set(box, (i * count + j) * 4);
          scores[i * count + j] = 0.9;
        }
      }
      const landmarks = { data: new Float32Array(n! * count * 10), dims: [...dims, 5, 2] };
      return { boxes: { data: boxes, dims: [...dims, 4] }, scores: { data: scores, dims }, landmarks };
    };
    const [found] = await new Detector({ run }, card, 0.5).detect([drawSquares(squares, 0, width, height)]);
    return { runs, found: found!.map(({ box }) => Object.values(box)) };
  }

  /** By luma: the box around its pixels. Lumas in between come from halving. */
  function boxesIn(pixels: Uint8Array, width: number, height: number): number[][] {
    const boxes = new Map<number, [number, number, number, number]>();
    const blackRow = new Uint8Array(width);
    for (let y = 0; y < height; y++) {
      // Nearly all rows are black, and compared faster than they are walked through.
      if (Buffer.compare(pixels.subarray(y * width, (y + 1) * width), blackRow) === 0) continue;
      for (let x = 0; x < width; x++) {
        const luma = pixels[y * width + x]!;
        if (luma < 100 || luma % 50 !== 0) continue;
        const box = boxes.get(luma);
        if (box === undefined) boxes.set(luma, [x, y, x + 1, y + 1]);
        else {
          // Rows come from above, so the first one is its top.
          box[0] = Math.min(box[0], x);
          box[2] = Math.max(box[2], x + 1);
          box[3] = y + 1;
        }
      }
    }
    return [...boxes.values()];
  }

  it.each([
    [1280, 720, ['1 of 1280x736', '1 of 640x384', '1 of 320x192']],
    [1920, 1080, ['1 of 1920x1088', '1 of 960x544', '1 of 480x288']],
    // Overlapping by 288 pixels: 2 x 2064 - 288 = 3840, made multiples of 32.
    [
      3840,
      2160,
      [
        '1 of 2080x1248',
        '1 of 2080x1248',
        '1 of 2080x1248',
        '1 of 2080x1248',
        '1 of 1920x1088',
        '1 of 960x544',
        '1 of 480x288',
      ],
    ],
    // No room for a face that is too large, whatever the length.
    [5000, 100, ['3 of 1888x128']],
  ])(
    'a picture of %i × %i is searched at its own size in tiles, and at half of it and so on',
    async (w, h, runs) => {
      expect((await seeSquares(w, h, [])).runs.flatMap(each)).toEqual(runs.flatMap(each));
    },
  );

  /** Runs that are shared count one by one. */
  const each = (run: string) => new Array(Number(run.split(' ')[0])).fill(run.split(' ').at(-1));

  it.each([18, 90, 180])(
    'a face is found once wherever it lies, also across the borders of tiles: %i px wide',
    async (side) => {
      const half = side / 2;
      // Tiles of 1294 x 1224 pixels, overlapping by 288.
      const columns = [half + 9, 930, 1006, 1014, 1150, 1286, 1294, 1430, 2291 - half];
      const rows = [half + 9, 936, 1080, 1224, 2151 - half];
      const places = columns.flatMap((x) => rows.map((y) => ({ x, y })));
      // Three in each picture, a third of all columns from each other.
      const apart = places.length / 3;
      for (let at = 0; at < apart; at++) {
        const squares = [100, 150, 250].map((luma, n) => ({ ...places[n * apart + at]!, side, luma }));
        const { found } = await seeSquares(2300, 2160, squares);
        const boxes = squares.map(({ x, y }) => [x - half, y - half, x + half, y + half]);
        expect(found.sort((p, q) => p[0]! - q[0]!)).toEqual(boxes);
      }
    },
  );

  it('a face that no tile shows whole is found at half the size, once', async () => {
    const { found } = await seeSquares(3840, 2160, [{ x: 1920, y: 1080, side: 600, luma: 200 }]);
    expect(found).toEqual([[1620, 780, 2220, 1380]]);
  });

  it('small faces and large ones are found side by side', async () => {
    const { found } = await seeSquares(3840, 2160, [
      { x: 1900, y: 1000, side: 800, luma: 200 },
      { x: 3000, y: 300, side: 40, luma: 150 },
      { x: 300, y: 1900, side: 100, luma: 250 },
    ]);
    // The large one at an eighth of the size.
    expect(found.sort((p, q) => p[0]! - q[0]!)).toEqual([
      [250, 1850, 350, 1950],
      [1496, 600, 2304, 1400],
      [2980, 280, 3020, 320],
    ]);
  });

  it.each([
    [640, 360, 18],
    [320, 180, 9],
    [1280, 720, 18],
    [3840, 2160, 18],
  ])(
    'the smallest face that can be found is told, in pixels of the picture: %i × %i',
    (width, height, side) => {
      expect(smallestFaceIn({ width, height }, card)).toBe(side);
    },
  );
});
