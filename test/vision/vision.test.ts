import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVision, type Vision } from '../../src/vision/index.ts';
import { squares } from '../helpers/squares.ts';
import { ACTION_UNITS, LUMA, writeTinyModels } from '../helpers/tiny-models.ts';

let dir: string;
let vision: Vision;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vision-'));
  await writeTinyModels(dir);
  vision = await createVision({ modelsDir: dir, device: 'cpu', workers: 1 });
});
afterAll(async () => {
  await vision?.close();
  await rm(dir, { recursive: true });
});

describe('createVision', () => {
  it('reads the face of a single picture', async () => {
    const stream = vision.open('s');
    const [face, ...others] = await stream.analyse(squares([{ x: 100, y: 80, side: 60, luma: LUMA[3]! }]));
    expect(others).toEqual([]);
    expect(face!.track).toBe(1);
    expect(face!.box.x).toBeCloseTo(70 / 320, 2);
    expect(face!.box.width).toBeCloseTo(60 / 320, 2);
    expect(face!.box.y).toBeCloseTo(50 / 192, 2);
    expect(face!.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    expect(face!.actionUnits).toHaveLength(ACTION_UNITS.length);
    expect(face!.landmarks).toHaveLength(68);
    expect(face!.agreement).toBeGreaterThan(0.8);
    await stream.close();
  });
});
