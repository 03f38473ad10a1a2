/** Reads the environment once: every variable with its meaning, its default, and one error that names every mistake. */
import { join } from 'node:path';
import { z } from 'zod';
import { MienError } from './errors.ts';

/** What the server is told from outside. Frozen; nothing else reads the environment. */
export type Config = Readonly<ReturnType<typeof toConfig>>;

/** One row of the table of environment variables in the README. */
export interface Variable {
  key: string;
  default: string;
  meaning: string;
}

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

const flag = z.stringbool({ error: 'must be true or false' });
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));
const bytes = z
  .string()
  .regex(/^\d{1,12}\s*[kmgt]?(i?b)?$/i, 'must be a size such as 500MB or 2GB')
  .transform((text) => {
    const [, amount = '', unit = ''] = /^(\d+)\s*([kmgt]?)/i.exec(text) ?? [];
    return Number(amount) * (UNITS[unit.toLowerCase()] ?? 1);
  })
  .pipe(z.number().min(1, 'must be at least 1 byte'));
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/\S+$/, 'must be a PostgreSQL address, such as postgresql://user@host:5432/mien');
const origins = list.refine((all) => all.every((one) => one === '*' || URL.canParse(one)), {
  error: 'must be web origins such as https://example.org, separated by commas, or *',
});
const purposes = list.pipe(
  z.array(z.enum(['WORKPLACE', 'EDUCATION'], { error: 'may name WORKPLACE and EDUCATION only' })),
);

const DEVICES = ['auto', 'cuda', 'tensorrt', 'webgpu', 'cpu'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Prefaults are written as a person would type them, so that the table shows what works. */
const Environment = z.object({
  HOST: z
    .string()
    .prefault('127.0.0.1')
    .describe('Address to listen on. `0.0.0.0` opens the server to the network; it has no login of its own.'),
  PORT: whole(0, 65535).prefault('4000').describe('Port to listen on; 0 takes any that is free.'),
  DATABASE_URL: databaseUrl
    .optional()
    .describe('PostgreSQL to store in. Unset: an embedded one in `MIEN_DATA_DIR`.'),
  MIEN_DATA_DIR: z.string().prefault('./data').describe('Where the embedded database and the uploads live.'),
  MIEN_MODELS: z
    .string()
    .optional()
    .describe(
      'Directory of `detector.onnx` and `ensemble.onnx` with their cards. Unset: the built-in models.',
    ),
  MIEN_DEVICE: oneOf(DEVICES)
    .prefault('auto')
    .describe(
      'Where the models run: `auto`, `cuda`, `tensorrt`, `webgpu` or `cpu`. A device named here must come up, or mien stops.',
    ),
  MIEN_WORKERS: whole(1, 64)
    .optional()
    .describe('Threads that run the models. Unset: chosen by the number of cores.'),
  MIEN_MEDIA_DIR: z
    .string()
    .optional()
    .describe(
      'The only directory from which `source: { file }` may read. Unset: `media` in `MIEN_DATA_DIR`.',
    ),
  MIEN_ALLOW_PRIVATE_SOURCES: flag
    .prefault('false')
    .describe('Whether `source: { url }` may reach private, loopback and link-local addresses.'),
  MIEN_ALLOW_PURPOSES: purposes
    .prefault('')
    .describe(
      'Purposes that are refused by default and that you are entitled to: `WORKPLACE`, `EDUCATION` (EU AI Act art. 5(1)(f) knows medical and safety exceptions only).',
    ),
  MIEN_ALLOWED_ORIGINS: origins
    .prefault('')
    .describe(
      'Web origins whose pages may call this server, separated by commas; `*` for all. Pages of the server itself, and of localhost while `HOST` is a loopback address, always may.',
    ),
  MIEN_RETENTION_DAYS: whole(0, 36500)
    .prefault('0')
    .describe('Days after which recorded moments are deleted; 0 keeps them.'),
  MIEN_MAX_UPLOAD: bytes.prefault('2GB').describe('Largest file that `POST /uploads` takes.'),
  MIEN_DEMO: flag.prefault('true').describe('Whether an empty database is given the demo stream.'),
  MIEN_LOG_LEVEL: oneOf(LOG_LEVELS)
    .prefault('info')
    .describe('`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.'),
  FFMPEG_PATH: z
    .string()
    .optional()
    .describe('The ffmpeg to run. Unset: the one on the `PATH`, else the bundled one (local files only).'),
});

/** Every environment variable, in the order of the README's table. */
export const VARIABLES: readonly Variable[] = Object.entries(Environment.shape).map(([key, schema]) => ({
  key,
  default: defaultOf(schema),
  meaning: schema.description ?? '',
}));

/**
 * Validates the environment. An empty value counts as unset.
 * @throws MienError CONFIG_INVALID naming every bad value and every unknown MIEN_ variable at once.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = Environment.safeParse(given);
  const mistakes = [...(result.error?.issues.map(describeIssue) ?? []), ...unknownKeys(given)];
  if (!result.success || mistakes.length > 0) {
    throw new MienError(
      'CONFIG_INVALID',
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : 'mistakes'}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  return Object.freeze(toConfig(result.data));
}

/** Whether it lies in the data directory, because nobody named another. */
export function isDefaultMediaDir({ mediaDir, dataDir }: Config): boolean {
  return mediaDir === mediaDirIn(dataDir);
}

const mediaDirIn = (dataDir: string) => join(dataDir, 'media');

function toConfig(env: z.output<typeof Environment>) {
  return {
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL ?? null,
    dataDir: env.MIEN_DATA_DIR,
    modelsDir: env.MIEN_MODELS ?? null,
    device: env.MIEN_DEVICE,
    workers: env.MIEN_WORKERS ?? null,
    mediaDir: env.MIEN_MEDIA_DIR ?? mediaDirIn(env.MIEN_DATA_DIR),
    uploadsDir: join(env.MIEN_DATA_DIR, 'uploads'),
    allowPrivateSources: env.MIEN_ALLOW_PRIVATE_SOURCES,
    allowPurposes: Object.freeze(env.MIEN_ALLOW_PURPOSES),
    allowedOrigins: Object.freeze(env.MIEN_ALLOWED_ORIGINS),
    retentionDays: env.MIEN_RETENTION_DAYS,
    maxUpload: env.MIEN_MAX_UPLOAD,
    demo: env.MIEN_DEMO,
    logLevel: env.MIEN_LOG_LEVEL,
    ffmpegPath: env.FFMPEG_PATH ?? null,
  };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return `${String(issue.path[0])} ${issue.message}.`;
}

function unknownKeys(env: Record<string, unknown>): string[] {
  return Object.keys(env)
    .filter((key) => key.startsWith('MIEN_') && !(key in Environment.shape))
    .map((key) => `${key} is not a variable that mien knows${suggestion(key)}.`);
}

function suggestion(key: string): string {
  const parts = key.split('_');
  const near = Object.keys(Environment.shape)
    .map((known) => ({ known, shared: known.split('_').filter((part) => parts.includes(part)).length }))
    .filter(({ known, shared }) => shared > 1 || known === key.slice('MIEN_'.length))
    .sort((a, b) => b.shared - a.shared)[0];
  return near ? `; did you mean ${near.known}` : '';
}

function defaultOf(schema: z.ZodType): string {
  return schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : '';
}
