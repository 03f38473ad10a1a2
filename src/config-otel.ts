/** OpenTelemetry's own variables, as its specification has them, for traces alone; they count once one of them asks for traces. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const TRACES_ENDPOINT = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';

const text = z.string().optional();

export const OTEL_VARIABLES = {
  [ENDPOINT]: text.describe(
    'OpenTelemetry collector to which traces are sent as OTLP over HTTP, such as `http://collector:4318`; see docs/tracing.md. Unset, and `OTEL_TRACES_EXPORTER` too: no traces are made.',
  ),
  [TRACES_ENDPOINT]: text.describe(
    'The same for traces alone, with its path: `http://collector:4318/v1/traces`.',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: text.describe(
    'What the collector is told with them, such as `authorization=Bearer%20…`: `key=value`, separated by commas, values percent-encoded. `OTEL_EXPORTER_OTLP_TRACES_HEADERS` for traces alone.',
  ),
  OTEL_TRACES_EXPORTER: text.describe(
    '`otlp`: traces are made and, unless an endpoint is set, sent to `http://localhost:4318`; `none`: they are not, whatever else is set.',
  ),
  OTEL_TRACES_SAMPLER: text.describe(
    'Which traces are made: `always_on`, `always_off`, `traceidratio`, or one of these behind `parentbased_`. Unset: as whoever asks says; else all mutations, and one in a hundred of moments, queries and subscriptions.',
  ),
  OTEL_TRACES_SAMPLER_ARG: text.describe(
    'Of samplers by ratio: the share of traces that are made, from 0 to 1.',
  ),
  OTEL_SERVICE_NAME: text.describe(
    'Name of this server in traces. Unset: `mien`, `mien-api` or `mien-worker`.',
  ),
  OTEL_RESOURCE_ATTRIBUTES: text.describe(
    'What else is told of this server with its traces: `key=value`, separated by commas, values percent-encoded.',
  ),
  OTEL_SDK_DISABLED: text.describe('`true`: no traces are made, whatever else is set.'),
};

/** Known, and in no table: who needs them knows them from the specification. */
const MORE = [
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
  'OTEL_BSP_SCHEDULE_DELAY',
  'OTEL_BSP_MAX_QUEUE_SIZE',
  'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
] as const;

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** One in a hundred: of a stream of ten frames a second, a trace every ten seconds. */
const DEFAULT_RATIO = 0.01;

type Given = Readonly<Record<string, string | undefined>>;
type Key = keyof typeof OTEL_VARIABLES | (typeof MORE)[number];

/** @returns null: nobody asks for traces. @param mistakes what is wrong is added here, a sentence each */
export function readOtel(given: Given, mistakes: string[]) {
  const of = (key: Key) => given[key]?.trim() || undefined;
  if (!areAskedFor(of, mistakes)) return null;
  const wrong = (key: Key, what: string) => void mistakes.push(`${key} must be ${what}.`);
  const number = (keys: readonly Key[], fallback: number) => {
    const key = keys.find((one) => of(one) !== undefined);
    if (key === undefined) return fallback;
    const value = Number(of(key));
    if (!/^\d{1,9}$/.test(of(key)!) || value < 1) wrong(key, 'a whole number from 1 to 999999999');
    return value;
  };
  checkProtocol(of, wrong);
  const queue = number(['OTEL_BSP_MAX_QUEUE_SIZE'], 2048);
  const size = number(['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], Math.min(512, queue));
  if (size > queue) wrong('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'at most OTEL_BSP_MAX_QUEUE_SIZE');
  return Object.freeze({
    endpoint: endpointOf(of, wrong),
    headers: Object.freeze({
      ...headers('OTEL_EXPORTER_OTLP_HEADERS', of, wrong),
      ...headers('OTEL_EXPORTER_OTLP_TRACES_HEADERS', of, wrong),
    }),
    timeoutMs: number(['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'], 10_000),
    ...samplerOf(of, wrong),
    serviceName: of('OTEL_SERVICE_NAME') ?? null,
    resource: Object.freeze(pairs('OTEL_RESOURCE_ATTRIBUTES', of, wrong)),
    batch: Object.freeze({ delayMs: number(['OTEL_BSP_SCHEDULE_DELAY'], 5_000), size, queue }),
  });
}

type Of = (key: Key) => string | undefined;
type Wrong = (key: Key, what: string) => void;

function areAskedFor(of: Of, mistakes: string[]): boolean {
  if (of('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false;
  const exporter = of('OTEL_TRACES_EXPORTER');
  if (exporter === 'none') return false;
  if (exporter !== undefined && exporter !== 'otlp')
    mistakes.push('OTEL_TRACES_EXPORTER must be otlp or none: mien sends traces in no other way.');
  return exporter !== undefined || of(ENDPOINT) !== undefined || of(TRACES_ENDPOINT) !== undefined;
}

function checkProtocol(of: Of, wrong: Wrong): void {
  for (const key of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const) {
    const protocol = of(key);
    if (protocol === undefined) continue;
    if (protocol !== 'http/protobuf')
      wrong(key, 'http/protobuf, which collectors take at port 4318: mien sends traces in no other way');
    return;
  }
}

function endpointOf(of: Of, wrong: Wrong): string {
  const key = of(TRACES_ENDPOINT) === undefined ? ENDPOINT : TRACES_ENDPOINT;
  const address = of(key) ?? 'http://localhost:4318';
  if (!/^https?:\/\/\S+$/i.test(address) || !URL.canParse(address)) {
    wrong(key, 'the address of a collector, such as http://collector:4318');
    return '';
  }
  return key === TRACES_ENDPOINT ? address : `${address.replace(/\/$/, '')}/v1/traces`;
}

function samplerOf(of: Of, wrong: Wrong) {
  const [name, share] = [of('OTEL_TRACES_SAMPLER'), of('OTEL_TRACES_SAMPLER_ARG')];
  const sampler = SAMPLERS.find((known) => known === name);
  if (name !== undefined && sampler === undefined)
    wrong('OTEL_TRACES_SAMPLER', `one of ${SAMPLERS.join(', ')}`);
  if (sampler === undefined) return { sampler: 'mien' as const, ratio: DEFAULT_RATIO };
  if (!sampler.endsWith('traceidratio')) return { sampler, ratio: sampler.endsWith('on') ? 1 : 0 };
  const ratio = Number(share ?? 1);
  if (!(ratio >= 0 && ratio <= 1)) wrong('OTEL_TRACES_SAMPLER_ARG', 'a number from 0 to 1');
  return { sampler, ratio };
}

/** As W3C Baggage writes them. What they hold may be secret: no message has it. */
function pairs(key: Key, of: Of, wrong: Wrong): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of (of(key) ?? '').split(',').filter((one) => one.trim() !== '')) {
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim())];
    if (at > 0 && name !== '' && value !== null) found[name] = value;
    else wrong(key, 'pairs such as key=value, separated by commas, with values percent-encoded');
  }
  return found;
}

/** What Node would not send is refused here: it would fail with each batch, for good. */
function headers(key: Key, of: Of, wrong: Wrong): Record<string, string> {
  const found = pairs(key, of, wrong);
  try {
    for (const [name, value] of Object.entries(found)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch {
    wrong(key, 'what HTTP takes as headers: names without spaces, values without line breaks');
  }
  return found;
}

function decode(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}
