/** Reads the environment once: every variable with its meaning, its default, and one error that names every mistake. */
import { join } from 'node:path';
import type { z } from 'zod';
import { oidcContradictions, toOidc } from './config-oidc.ts';
import { readOtel } from './config-otel.ts';
import { defaultOf, suggestion } from './config-values.ts';
import { Environment } from './config-variables.ts';
import { MienError } from './errors.ts';

/** What the server is told from outside. Frozen; nothing else reads the environment. */
export type Config = Readonly<
  ReturnType<typeof toConfig> & {
    /** Null: nobody asks for traces. */
    tracing: ReturnType<typeof readOtel>;
  }
>;

/** One row of the table of environment variables in the README. */
export interface Variable {
  key: string;
  default: string;
  meaning: string;
}

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
  const ofTraces: string[] = [];
  const tracing = readOtel(given, ofTraces);
  const mistakes = [
    ...(result.error?.issues.map(describeIssue) ?? []),
    ...unknownKeys(given),
    ...saidTwice(given),
    ...sharedAlone(given),
    ...integersElsewhere(given),
    ...unreadable(given),
    ...badEndpoint(given),
    ...oidcContradictions(given),
    ...ofTraces,
  ];
  if (!result.success || mistakes.length > 0) {
    throw new MienError(
      'CONFIG_INVALID',
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : 'mistakes'}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  return Object.freeze({ ...toConfig(result.data, endpointIn(given)), tracing });
}

/** Whether it lies in the data directory, because nobody named another. */
export function isDefaultMediaDir({ mediaDir, dataDir }: Config): boolean {
  return mediaDir === mediaDirIn(dataDir);
}

const mediaDirIn = (dataDir: string) => join(dataDir, 'media');

function toConfig(env: z.output<typeof Environment>, endpoint: string | null) {
  return {
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL ?? null,
    natsUrls: Object.freeze(env.NATS_URL),
    dataDir: env.MIEN_DATA_DIR,
    modelsDir: env.MIEN_MODELS ?? null,
    device: env.MIEN_DEVICE,
    precision: env.MIEN_PRECISION,
    workers: env.MIEN_WORKERS ?? null,
    mediaDir: env.MIEN_MEDIA_DIR ?? mediaDirIn(env.MIEN_DATA_DIR),
    uploadsDir: typeof env.MIEN_UPLOADS === 'string' ? env.MIEN_UPLOADS : join(env.MIEN_DATA_DIR, 'uploads'),
    uploadsBucket: bucketOf(env, endpoint),
    allowPrivateSources: env.MIEN_ALLOW_PRIVATE_SOURCES,
    allowPurposes: Object.freeze(env.MIEN_ALLOW_PURPOSES),
    auth: env.MIEN_AUTH,
    publicUrls: Object.freeze(env.MIEN_PUBLIC_URL),
    trustedProxies: Object.freeze(env.MIEN_TRUSTED_PROXIES),
    allowedOrigins: Object.freeze(env.MIEN_ALLOWED_ORIGINS),
    persistedDocuments: env.MIEN_PERSISTED_DOCUMENTS ?? null,
    oidc: toOidc(env),
    secretKeys: Object.freeze(env.MIEN_SECRET_KEY),
    retentionHours: retentionOf(env),
    auditDays: env.MIEN_AUDIT_DAYS,
    notice: Object.freeze(noticeOf(env)),
    maxUpload: env.MIEN_MAX_UPLOAD,
    limits: Object.freeze(limitsOf(env)),
    overcommit: env.MIEN_OVERCOMMIT,
    deviceHost: env.MIEN_DEVICE_HOST ?? null,
    demo: env.MIEN_DEMO,
    logLevel: env.MIEN_LOG_LEVEL,
    logFormat: env.MIEN_LOG_FORMAT,
    confineFfmpeg: env.MIEN_CONFINE_FFMPEG,
    hwaccel: env.MIEN_HWACCEL,
    ffmpegPath: env.FFMPEG_PATH ?? null,
  };
}

/** Null: uploads lie in a directory. */
function bucketOf(
  { MIEN_UPLOADS: uploads, AWS_REGION: region }: z.output<typeof Environment>,
  endpoint: string | null,
) {
  if (uploads === undefined || typeof uploads === 'string') return null;
  const { bucket, prefix } = uploads;
  const name = `s3://${bucket}/${prefix}`.replace(/\/$/, '');
  return Object.freeze({ name, bucket, prefix, endpoint, region: region ?? null });
}

/** That of S3 alone goes before that of all of AWS's services. */
function endpointIn(env: Record<string, string | undefined>): string | null {
  return env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? null;
}

/** Asked only where it is used: other programs may have one. */
function badEndpoint(env: Record<string, string | undefined>): string[] {
  const endpoint = endpointIn(env);
  if (endpoint === null || !/^s3:\/\//i.test(env.MIEN_UPLOADS ?? '')) return [];
  if (/^https?:\/\/[^\s/?#@]+\/?$/.test(endpoint) && URL.canParse(endpoint)) return [];
  const name = env.AWS_ENDPOINT_URL_S3 === undefined ? 'AWS_ENDPOINT_URL' : 'AWS_ENDPOINT_URL_S3';
  return [`${name} must be scheme, host and port, such as https://minio.example.org:9000.`];
}

function limitsOf(env: z.output<typeof Environment>) {
  return {
    streams: env.MIEN_MAX_STREAMS,
    connections: env.MIEN_MAX_CONNECTIONS,
    connectionsPerAddress: env.MIEN_MAX_CONNECTIONS_PER_ADDRESS,
    subscribers: env.MIEN_MAX_SUBSCRIBERS,
    requestRate: env.MIEN_MAX_REQUEST_RATE,
    minUploadRate: env.MIEN_MIN_UPLOAD_RATE,
    uploadDisk: env.MIEN_MAX_UPLOAD_DISK,
  };
}

/** Hours; null: recordings are kept; DEFAULT: as the database was made. */
function retentionOf(env: z.output<typeof Environment>): number | null | 'DEFAULT' {
  if (env.MIEN_RETENTION !== undefined) return env.MIEN_RETENTION;
  const days = env.MIEN_RETENTION_DAYS;
  if (days === undefined) return 'DEFAULT';
  return days === 0 ? null : days * 24;
}

function saidTwice(env: Record<string, string | undefined>): string[] {
  if (env.MIEN_RETENTION === undefined || env.MIEN_RETENTION_DAYS === undefined) return [];
  return ['MIEN_RETENTION and MIEN_RETENTION_DAYS say the same; unset MIEN_RETENTION_DAYS.'];
}

/** Servers are several on a database that they share. */
function sharedAlone({ NATS_URL, DATABASE_URL }: Record<string, string | undefined>): string[] {
  if (NATS_URL === undefined || DATABASE_URL !== undefined) return [];
  return ['NATS_URL is for servers that share a PostgreSQL: set DATABASE_URL, too, or unset NATS_URL.'];
}

function integersElsewhere({ MIEN_PRECISION, MIEN_DEVICE = 'auto' }: Record<string, string | undefined>) {
  if (MIEN_PRECISION !== 'int8' || MIEN_DEVICE === 'auto' || MIEN_DEVICE === 'cpu') return [];
  return ['MIEN_PRECISION=int8 is for the CPU: set MIEN_DEVICE to cpu, or unset MIEN_PRECISION.'];
}

/** Null: not said. */
function noticeOf(env: z.output<typeof Environment>) {
  return {
    controller: env.MIEN_NOTICE_CONTROLLER ?? null,
    contact: env.MIEN_NOTICE_CONTACT ?? null,
    url: env.MIEN_NOTICE_URL ?? null,
  };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return `${String(issue.path[0])} ${issue.message}.`;
}

function unknownKeys(env: Record<string, unknown>): string[] {
  return Object.keys(env)
    .filter((key) => key.startsWith('MIEN_') && !(key in Environment.shape))
    .map(
      (key) => `${key} is not a variable that mien knows${suggestion(key, Object.keys(Environment.shape))}.`,
    );
}

/** What was pasted with something that nobody sees. */
function unreadable(env: Record<string, string | undefined>): string[] {
  return Object.keys(Environment.shape).flatMap((key) => {
    const value = env[key] ?? '';
    if (/\p{Cc}/u.test(value)) return [`${key} must not contain control characters.`];
    return value.trim() === value ? [] : [`${key} must not begin or end with a blank.`];
  });
}
