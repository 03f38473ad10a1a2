/**
 * A pair of models that keeps the model contract and weighs a few kilobytes. Its "faces" are bright squares on
 * black: the detector finds up to four in a picture, one per band of luma (BANDS), exactly; the ensemble sees
 * where the square lies in its crop and places the landmarks there. Brighter squares are happier. Pictures are 320 px
 * wide, as the card asks: made larger or smaller, a square would have a border of other bands.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { Graph } from './onnx.ts';

/** One face per band: luma above the first number, up to the second. */
export const BANDS = [
  [40, 90],
  [90, 140],
  [140, 190],
  [190, 255],
] as const;
/** A luma in the middle of each band. */
export const LUMA = BANDS.map(([low, high]) => (low + high) / 2);
export const TEMPLATE: readonly (readonly [number, number])[] = [
  [0.317, 0.385],
  [0.683, 0.385],
  [0.5, 0.584],
  [0.349, 0.74],
  [0.651, 0.74],
];
export const ACTION_UNITS = ['AU1', 'AU4', 'AU12'];
/** Side of the square over side of its crop. */
export const SHARE = 0.6;
const SIZE = 48;

/** Writes detector.onnx, detector.json, ensemble.onnx and ensemble.json into `dir`. */
export async function writeTinyModels(dir: string, changes: TinyChanges = {}): Promise<void> {
  await mkdir(dir, { recursive: true });
  const channels = changes.rgb ? 3 : 1;
  const pixelFormat = changes.rgb ? 'rgb8' : 'gray8';
  const common = { version: '0.0.1', license: 'MIT', trainingData: [], metrics: {} };
  const { int8 } = changes;
  const [single, integers] = [
    { slow: int8 === 'faster' || int8 === 'wrong' },
    { slow: int8 === 'slower', wrong: int8 === 'wrong' },
  ];
  const detectors = [tinyDetector(channels, single), ...(int8 ? [tinyDetector(channels, integers)] : [])];
  await write(dir, 'detector', detectors, {
    ...common,
    name: 'tiny-detector',
    input: { name: 'frames', pixelFormat, layout: 'N1HW uint8', multipleOf: 32, longerSide: 320 },
    thresholds: { score: 0.5, nms: 0.4, minFace: 12 },
    ...changes.detector,
  });
  const ensembles = [tinyEnsemble(channels, single), ...(int8 ? [tinyEnsemble(channels, integers)] : [])];
  await write(dir, 'ensemble', ensembles, {
    ...common,
    name: 'tiny-ensemble',
    input: { name: 'faces', pixelFormat, size: SIZE, layout: 'F1SS uint8' },
    crop: { template: TEMPLATE, size: SIZE, supersampling: 8, border: 'replicate' },
    labels: EXPRESSIONS,
    actionUnits: ACTION_UNITS,
    landmarks: 'multi-pie-68',
    thresholds: { confidence: 0.3, quality: 0.25, issues: { blurred: 0 } },
    temperature: 1,
    members: ['one', 'two'],
    ...changes.ensemble,
  });
}

export interface TinyChanges {
  rgb?: boolean;
  /** The cards name files in integers, too (which compute as the others do), and how these are beside the others. */
  int8?: 'faster' | 'slower' | 'wrong';
  /** Replaces fields of the cards. */
  detector?: Record<string, unknown>;
  ensemble?: Record<string, unknown>;
}

/** @param models the file, and where there is one, that in integers */
async function write(dir: string, name: string, models: readonly Buffer[], card: object): Promise<void> {
  const files = [`${name}.onnx`, `${name}.int8.onnx`];
  const named = await Promise.all(
    models.map(async (model, i) => {
      await writeFile(join(dir, files[i]!), model);
      return { file: files[i]!, sha256: createHash('sha256').update(model).digest('hex') };
    }),
  );
  const [single, int8] = named;
  const also = int8 && { int8: { ...int8, madeFrom: single!.sha256, metrics: { agreement: 0.99 } } };
  await writeFile(join(dir, `${name}.json`), JSON.stringify({ ...single, ...also, ...card }, null, 2));
}

interface Ways {
  /** It takes some milliseconds for nothing. */
  slow?: boolean;
  wrong?: boolean;
}

/** Per band: the area, and the mean position of its pixels. */
function tinyDetector(channels: number, { slow, wrong }: Ways): Buffer {
  const g = new Graph();
  const one = (value: number) => g.constant('float', [value]);
  const x = slow ? wasteful(g, firstChannel(g, 'frames'), 30) : firstChannel(g, 'frames');
  const low = g.constant(
    'float',
    BANDS.map(([v]) => v),
    [1, 4, 1, 1],
  );
  const high = g.constant(
    'float',
    BANDS.map(([, v]) => v),
    [1, 4, 1, 1],
  );
  const mask = g.op('Cast', [g.op('And', [g.op('Greater', [x, low]), g.op('LessOrEqual', [x, high])])], {
    to: 1,
  });
  const { area, cx, cy } = moments(g, mask);
  const side = g.op('Sqrt', [area]);
  const half = g.op('Mul', [side, one(wrong ? 0.9 : 0.5)]);
  const edges = [
    g.op('Sub', [cx, half]),
    g.op('Sub', [cy, half]),
    g.op('Add', [cx, half]),
    g.op('Add', [cy, half]),
  ];
  const last = g.constant('int64', [2]);
  g.op(
    'Concat',
    edges.map((edge) => g.op('Unsqueeze', [edge, last])),
    { axis: 2 },
    'boxes',
  );
  g.op('Min', [g.op('Div', [area, one(400)]), one(0.95)], {}, 'scores');
  const centre = g.op(
    'Concat',
    [cx, cy].map((c) => g.op('Unsqueeze', [c, last])),
    { axis: 2 },
  );
  const offsets = TEMPLATE.flat().map((v) => (v - 0.5) / SHARE);
  const spread = g.op('Mul', [
    g.op('Unsqueeze', [side, g.constant('int64', [2, 3])]),
    g.constant('float', offsets, [1, 1, 5, 2]),
  ]);
  g.op('Add', [g.op('Unsqueeze', [centre, last]), spread], {}, 'landmarks');
  return g.toBytes({ name: 'frames', type: 'uint8', shape: ['N', channels, 'H', 'W'] }, [
    { name: 'boxes', type: 'float', shape: ['N', 'A', 4] },
    { name: 'scores', type: 'float', shape: ['N', 'A'] },
    { name: 'landmarks', type: 'float', shape: ['N', 'A', 5, 2] },
  ]);
}

/** Two members that look at brightness; landmarks, pose and quality by where the square lies. */
function tinyEnsemble(channels: number, { slow, wrong }: Ways): Buffer {
  const g = new Graph();
  const one = (value: number) => g.constant('float', [value]);
  const faces = slow ? wasteful(g, firstChannel(g, 'faces'), 200) : firstChannel(g, 'faces');
  const mask = g.op('Cast', [g.op('Greater', [faces, one(30)])], { to: 1 });
  const { area, cx, cy } = moments(g, mask);
  const light = g.op('Div', [g.op('ReduceMax', [faces], { axes: [2, 3], keepdims: 0 }), one(255)]);
  const members = [4, 5].map((gain) => {
    const weights = EXPRESSIONS.map((_, i) => (i === 1 ? gain : 0));
    return g.op('Softmax', [g.op('Mul', [light, g.constant('float', weights, [1, 8])])], { axis: 1 });
  });
  const front = g.constant('int64', [0]);
  g.op(
    'Concat',
    members.map((m) => g.op('Unsqueeze', [m, front])),
    { axis: 0 },
    'members',
  );
  g.op('Mul', [g.op('Add', members), one(0.5)], {}, 'expression');
  g.op('Mul', [light, g.constant('float', [wrong ? 2 : 1, -0.5], [1, 2])], {}, 'valence_arousal');
  g.op('Mul', [light, g.constant('float', [0.1, 0.2, 0.9], [1, 3])], {}, 'action_units');
  const side = g.op('Div', [g.op('Sqrt', [area]), one(SIZE * SHARE)]);
  const centre = g.op('Div', [g.op('Concat', [cx, cy], { axis: 1 }), one(SIZE)]);
  const spread = g.op('Mul', [
    g.op('Unsqueeze', [side, g.constant('int64', [2])]),
    g.constant('float', landmarks68(), [1, 68, 2]),
  ]);
  g.op('Add', [g.op('Unsqueeze', [centre, g.constant('int64', [1])]), spread], {}, 'landmarks');
  const turn = g.op('Mul', [g.op('Sub', [centre, one(0.5)]), one(60)]);
  g.op('Concat', [turn, g.op('Mul', [light, one(0)])], { axis: 1 }, 'pose');
  const filled = g.op('Div', [area, one((SIZE * SHARE) ** 2)]);
  g.op('Squeeze', [g.op('Min', [filled, one(1)]), g.constant('int64', [1])], {}, 'quality');
  return g.toBytes({ name: 'faces', type: 'uint8', shape: ['F', channels, SIZE, SIZE] }, [
    { name: 'expression', type: 'float', shape: ['F', 8] },
    { name: 'members', type: 'float', shape: [2, 'F', 8] },
    { name: 'valence_arousal', type: 'float', shape: ['F', 2] },
    { name: 'action_units', type: 'float', shape: ['F', 3] },
    { name: 'landmarks', type: 'float', shape: ['F', 68, 2] },
    { name: 'pose', type: 'float', shape: ['F', 3] },
    { name: 'quality', type: 'float', shape: ['F'] },
  ]);
}

/** The first channel of uint8 [N, C, H, W] as float [N, 1, H, W]. */
function firstChannel(g: Graph, name: string): string {
  const range = [0, 1, 1].map((v) => g.constant('int64', [v]));
  return g.op('Slice', [g.op('Cast', [name], { to: 1 }), ...range]);
}

/** `x` as it is, after `times` operations upon each of its numbers. */
function wasteful(g: Graph, x: string, times: number): string {
  let y = x;
  for (let i = 0; i < times; i++) y = g.op('Sin', [y]);
  return g.op('Add', [x, g.op('Mul', [y, g.constant('float', [0])])]);
}

/** Of masks [N, B, H, W]: area and centre [N, B], the centre in pixels (0 for an empty mask). */
function moments(g: Graph, mask: string): { area: string; cx: string; cy: string } {
  const sum = (x: string, axis: number) =>
    g.op('ReduceSum', [x, g.constant('int64', [axis])], { keepdims: 0 });
  const zero = g.constant('float', [0], []);
  const step = g.constant('float', [1], []);
  const columns = sum(mask, 2);
  const rows = sum(mask, 3);
  const area = sum(columns, 2);
  const safe = g.op('Max', [area, g.constant('float', [1])]);
  const centre = (profile: string) => {
    const shape = g.op('Cast', [g.op('Shape', [profile])], { to: 1 });
    const length = g.op('Gather', [shape, g.constant('int64', [2], [])]);
    const places = g.op('Add', [g.op('Range', [zero, length, step]), g.constant('float', [0.5])]);
    return g.op('Div', [sum(g.op('Mul', [profile, places]), 2), safe]);
  };
  return { area, cx: centre(columns), cy: centre(rows) };
}

/** 68 offsets from the crop's centre whose five points are the template's. */
function landmarks68(): number[] {
  const five = TEMPLATE.map(([x, y]) => [x - 0.5, y - 0.5]);
  return Array.from({ length: 68 }, (_, i) => {
    if (i >= 36 && i < 42) return five[0]!;
    if (i >= 42 && i < 48) return five[1]!;
    if (i === 30) return five[2]!;
    if (i === 48) return five[3]!;
    if (i === 54) return five[4]!;
    return [Math.cos(i) * 0.3, Math.sin(i) * 0.3];
  }).flat();
}
