/** The manifests beside the model files, also called their cards: what a model is called, what it takes, and from when its answers count. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { EXPRESSIONS } from '../../domain/face.ts';
import { MienError } from '../../errors.ts';

const pixelFormat = z.enum(['gray8', 'rgb8']).default('gray8');
const fraction = z.number().min(0).max(1);
const file = z.string().regex(/^[^/\\]+\.onnx$/, 'is the name of an .onnx file in the same folder');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/i, 'is 64 hexadecimal digits');
const expressions: readonly string[] = EXPRESSIONS;

const common = {
  name: z.string().min(1),
  version: z.string().min(1),
  file,
  sha256,
  license: z.string().min(1),
  trainingData: z.unknown().optional(),
  metrics: z.unknown().optional(),
  /**
   * The same model with convolutions in eight-bit integers, for processors that are faster with them. `madeFrom`: `sha256` of
   * the file of which it was made.
   */
  int8: z.object({ file, sha256, madeFrom: sha256, metrics: z.record(z.string(), z.unknown()).optional() }).optional(),
};

const detectorCard = z.object({
  ...common,
  input: z
    .object({
      name: z.string().default('frames'),
      pixelFormat,
      multipleOf: z.int().min(1).max(256).default(32),
      longerSide: z.int().min(32).max(8192).default(640),
    })
    .prefault({}),
  /**
   * `score`: from which a candidate is a face; `certain`: from which a new face is reported with its first detection, if
   * the ensemble does not doubt it (by default half way from `score` to 1: with the present cards 135 of 146 faces that
   * were found in 150 photos, and of 1000 pictures of things, animals and some people, 43); `nms`: greatest overlap of two faces; `minFace`: pixels of the detector's input. */
  thresholds: z.object({
    score: fraction,
    certain: fraction.optional(),
    nms: fraction.default(0.4),
    minFace: z.number().min(0).default(12),
  }),
});

/** From when a reading is doubted; what each number means is said in `quality.ts`. */
const issues = z
  .object({
    small: z.number().min(0).default(32),
    blurred: fraction.default(0.4),
    turned: z.number().min(0).max(180).default(40),
    covered: fraction.default(0.4),
    dark: z.number().min(0).max(255).default(40),
  })
  .prefault({});

const ensembleCard = z
  .object({
  ...common,
  input: z.object({ name: z.string().default('faces'), pixelFormat, size: z.int().min(8).max(1024) }),
  crop: z.object({
    template: z.array(z.tuple([z.number(), z.number()])).length(5),
    supersampling: z.int().min(1).max(64).default(8),
    border: z.literal('replicate').default('replicate'),
  }),
  labels: z
    .array(z.string().transform((label) => label.toUpperCase()))
    .refine(
      (labels) => labels.length === expressions.length && expressions.every((e) => labels.includes(e)),
      {
        error: `names each of ${EXPRESSIONS.join(', ')} once`,
      },
    ),
  /** In the order of the file's output. */
  actionUnits: z.array(z.string().min(1)),
  /** Of each, how well it follows a second opinion on real faces; null: it does not, and is not told. Missing: all are told. */
  actionUnitsTold: z.record(z.string(), z.number().nullable()).optional(),
  landmarks: z.literal('multi-pie-68').default('multi-pie-68'),
  /** `confidence`, `quality`: below them a reading is doubted; `face`: below this quality it is none, a face is not there. */
  thresholds: z
    .object({
      confidence: fraction.default(0.3),
      quality: fraction.default(0.25),
      face: fraction.optional(),
      issues,
    })
    .prefault({}),
  temperature: z.number().positive().optional(),
})
  .refine(({ actionUnits, actionUnitsTold: told }) => !told || actionUnits.every((name) => name in told), {
    path: ['actionUnitsTold'],
    error: 'has a number or null for each of actionUnits',
  });

export type DetectorCard = z.infer<typeof detectorCard>;
export type EnsembleCard = z.infer<typeof ensembleCard>;

/** The action units that are told, in the order of the file's output, and where each stands in it. */
export function toldActionUnits({ actionUnits, actionUnitsTold }: EnsembleCard): { name: string; at: number }[] {
  return actionUnits
    .map((name, at) => ({ name, at }))
    .filter(({ name }) => actionUnitsTold === undefined || actionUnitsTold[name] != null);
}

/** A pair of models that fits together, checked against its cards. */
export interface Models {
  dir: string;
  detector: DetectorCard;
  ensemble: EnsembleCard;
}

/**
 * Reads both cards of a folder and checks the hashes of their files.
 * @throws MienError MODEL_INVALID, with a sentence that says what to mend
 */
export async function readModels(dir: string): Promise<Models> {
  const [detector, ensemble] = await Promise.all([
    readCard(dir, 'detector.json', detectorCard),
    readCard(dir, 'ensemble.json', ensembleCard),
  ]);
  await Promise.all([checkFiles(dir, 'detector.json', detector), checkFiles(dir, 'ensemble.json', ensemble)]);
  return { dir, detector, ensemble };
}

async function readCard<T extends z.ZodType>(dir: string, file: string, schema: T): Promise<z.infer<T>> {
  const path = join(dir, file);
  const text = await readFile(path, 'utf8').catch((cause) =>
    fail(`There is no model card at ${path}: point MIEN_MODELS at a folder with ${file} in it.`, cause),
  );
  const result = schema.safeParse(parse(path, text));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'card'}: ${issue.message}`);
  return fail(`The model card ${path} needs mending: ${problems.join('; ')}.`);
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail(`The model card ${path} is not JSON: mend it, or restore the original.`, cause);
  }
}

async function checkFiles(dir: string, name: string, card: DetectorCard | EnsembleCard): Promise<void> {
  const { int8 } = card;
  await checkHash(dir, name, card);
  if (!int8) return;
  await checkHash(dir, name, int8, ', or take `int8` out of the card');
  if (int8.madeFrom.toLowerCase() === card.sha256.toLowerCase()) return;
  fail(
    `The model file ${join(dir, int8.file)} was not made from ${card.file} (${name}: int8.madeFrom is another sha256): ` +
      'make it again with `python -m training quantise`, or take `int8` out of the card.',
  );
}

async function checkHash(
  dir: string,
  card: string,
  { file, sha256 }: Pick<DetectorCard, 'file' | 'sha256'>,
  otherwise = '',
): Promise<void> {
  const path = join(dir, basename(file));
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash).catch((cause) =>
    fail(`The model file ${path}, which ${card} names, cannot be read: put it there${otherwise}.`, cause),
  );
  const found = hash.digest('hex');
  if (found === sha256.toLowerCase()) return;
  fail(
    `The model file ${path} is not the one that ${card} describes (sha256 ${found}, expected ${sha256}): ` +
      `restore the file, or update the card if you replaced it on purpose${otherwise}.`,
  );
}

function fail(message: string, cause?: unknown): never {
  throw new MienError('MODEL_INVALID', message, { cause });
}
