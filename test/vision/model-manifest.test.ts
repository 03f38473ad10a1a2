import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readModels } from '../../src/vision/models/model-manifest.ts';
import { writeTinyModels } from '../helpers/tiny-models.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cards-'));
  await writeTinyModels(dir);
});
afterEach(() => rm(dir, { recursive: true }));

async function change(card: string, edit: (card: Record<string, unknown>) => void): Promise<void> {
  const fields = JSON.parse(await readFile(join(dir, card), 'utf8'));
  edit(fields);
  await writeFile(join(dir, card), JSON.stringify(fields));
}

async function refusal(): Promise<string> {
  const error = await readModels(dir).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'MienError', code: 'MODEL_INVALID' });
  return (error as Error).message;
}

it('a pair of cards is read, and what a card leaves out is filled in', async () => {
  await change('ensemble.json', (card) => {
    delete card.thresholds;
    delete card.temperature;
    card.labels = (card.labels as string[]).map((label) => label.toLowerCase()).reverse();
  });
  await change('detector.json', (card) => delete card.input);
  const { detector, ensemble } = await readModels(dir);
  expect(detector.input).toEqual({ name: 'frames', pixelFormat: 'gray8', multipleOf: 32, longerSide: 640 });
  expect(ensemble.thresholds.face).toBeUndefined();
  expect(ensemble.thresholds).toMatchObject({ confidence: 0.3, issues: { small: 32, turned: 40 } });
  expect(ensemble.labels[0]).toBe('CONTEMPT');
});

it('a missing card is refused with the place where it was looked for', async () => {
  await rm(join(dir, 'ensemble.json'));
  expect(await refusal()).toMatch(/no model card at .*ensemble\.json.*MIEN_MODELS/);
});

it('a card that is not JSON is refused', async () => {
  await writeFile(join(dir, 'detector.json'), '{');
  expect(await refusal()).toMatch(/is not JSON/);
});

it('a refused card is told with every field that needs mending', async () => {
  await change('ensemble.json', (card) => {
    card.labels = ['HAPPINESS'];
    card.name = '';
    card.file = '../elsewhere.onnx';
    card.thresholds = { face: 2 };
  });
  const message = await refusal();
  for (const part of ['labels: names each of NEUTRAL', 'name:', 'file: is the name', 'thresholds.face:'])
    expect(message).toContain(part);
});

it('a card whose model file is missing is refused', async () => {
  await rm(join(dir, 'detector.onnx'));
  expect(await refusal()).toMatch(/detector\.onnx, which detector\.json names, cannot be read/);
});

it('a model file with another hash than its card is refused', async () => {
  await writeFile(join(dir, 'ensemble.onnx'), 'other');
  expect(await refusal()).toMatch(/is not the one that ensemble\.json describes \(sha256 [0-9a-f]{64}/);
});
