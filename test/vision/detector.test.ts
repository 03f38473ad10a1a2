import { describe, expect, it } from 'vitest';
import { Detector } from '../../src/vision/detection/detector.ts';
import type { DetectorCard } from '../../src/vision/models/model-card.ts';

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
  // Halved, 480p would hide the faces that it still shows.
  [854, 480, 480, 864],
  [1280, 720, 384, 640],
  [1920, 1080, 384, 640],
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
  expect((await found(1280, 720)).box).toEqual({ x1: 128, y1: 64, x2: 192, y2: 160 });
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

  it.each<[string, Seen[], string[]]>([
    ['shows none', [], both],
    ['shows a doubtful one', [[0.625, 20, 20, 80, 90]], both],
    ['shows a sure large one', [[0.75, 200, 100, 400, 300]], both],
    ['shows a sure small one, and a doubtful large one', [small, [0.625, 200, 100, 400, 300]], both],
    ['shows a sure small one', [small], ['1 of 640x480']],
    ['shows sure small ones and doubtful ones', [small, [0.625, 200, 100, 300, 200]], ['1 of 640x480']],
  ])('a picture goes through the detector at half its size as well when it %s', async (_, seen, runs) => {
    expect((await detect([[640, 480]], { 640: seen })).runs).toEqual(runs);
  });

  it.each([
    [640, 360, ['1 of 640x384', '1 of 320x192']],
    [1280, 720, ['1 of 640x384', '1 of 320x192']],
    [320, 240, ['1 of 512x384', '1 of 256x192']],
    // No room for one.
    [640, 320, ['1 of 640x320']],
    [200, 150, ['1 of 416x320']],
    [100, 100, ['1 of 224x224']],
  ])(
    'a picture of %i × %i goes through the detector at half its size only if it has room for a large face',
    async (width, height, runs) => {
      expect((await detect([[width, height]], {})).runs).toEqual(runs);
    },
  );

  it('pictures share runs at half their size as well', async () => {
    const { runs } = await detect([...new Array(3).fill([640, 480]), [200, 150], [1280, 960]], {});
    expect(runs).toEqual(['4 of 640x480', '1 of 416x320', '4 of 320x256']);
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
    expect((await of(1280, 960))![0]).toEqual([0.875, 200, 160, 1000, 1160, 200]);
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
