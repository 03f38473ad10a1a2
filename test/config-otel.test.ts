import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

const tracing = (env: Record<string, string>) => readConfig(env).tracing;
const refusal = (env: Record<string, string>) => {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('traces', () => {
  it.each([
    {},
    { OTEL_SERVICE_NAME: 'faces', OTEL_TRACES_SAMPLER: 'always_on', OTEL_METRICS_EXPORTER: 'otlp' },
    { ...ENDPOINT, OTEL_SDK_DISABLED: 'true' },
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' },
    // What is wrong with what nobody uses is nobody's concern.
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_BSP_MAX_QUEUE_SIZE: 'many' },
    { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  ])('are not made with %o', (env) => {
    expect(tracing(env as Record<string, string>)).toBeNull();
  });

  it('are made once there is where to send them, of one in a hundred and within bounds', () => {
    expect(tracing(ENDPOINT)).toEqual({
      endpoint: 'http://collector:4318/v1/traces',
      headers: {},
      timeoutMs: 10_000,
      sampler: 'mien',
      ratio: 0.01,
      serviceName: null,
      resource: {},
      batch: { delayMs: 5_000, size: 512, queue: 2048 },
    });
  });

  it.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp/' },
      { endpoint: 'https://collector/otlp/v1/traces' },
    ],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:1/as/it/is' },
      { endpoint: 'http://other:1/as/it/is' },
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 'a=b%20c, d=e=f', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=g' },
      { headers: { a: 'g', d: 'e=f' } },
    ],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, { sampler: 'always_on' }],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, { sampler: 'traceidratio', ratio: 1 }],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, { sampler: 'parentbased_always_on', ratio: 1 }],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, { sampler: 'always_off', ratio: 0 }],
    [
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { sampler: 'parentbased_traceidratio', ratio: 0.25 },
    ],
    [
      { OTEL_SERVICE_NAME: 'faces', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=lab' },
      { serviceName: 'faces', resource: { 'deployment.environment.name': 'lab' } },
    ],
    [
      { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BSP_MAX_QUEUE_SIZE: '10' },
      { batch: { delayMs: 100, size: 10, queue: 10 } },
    ],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '1', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2' }, { timeoutMs: 2 }],
  ])('%o', (env, expected) => {
    expect(tracing({ ...ENDPOINT, ...(env as Record<string, string>) })).toMatchObject(expected);
  });

  it('are sent to this machine where nobody says where', () => {
    expect(tracing({ OTEL_TRACES_EXPORTER: 'otlp' })!.endpoint).toBe('http://localhost:4318/v1/traces');
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'must be otlp or none'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'must be the address of a collector, such as http://'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ftp://x', 'must be the address of a collector, such as http://'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be http/protobuf'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'must be one of always_on, '],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', 'must be pairs such as key=value'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=%secret', 'must be pairs such as key=value'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20secret%0A', 'must be what HTTP takes as headers'],
    ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'x secret=b', 'must be what HTTP takes as headers'],
    ['OTEL_RESOURCE_ATTRIBUTES', '=b', 'must be pairs such as key=value'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0', 'must be a whole number from 1'],
    ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '4096', 'must be at most OTEL_BSP_MAX_QUEUE_SIZE'],
    ['OTEL_BSP_SCHEDULE_DELAY', '1s', 'must be a whole number from 1'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '-1', 'must be a whole number from 1'],
  ])('%s=%s is refused in a sentence', (key, value, sentence) => {
    const told = refusal({ ...ENDPOINT, [key]: value });
    expect(told).toContain(`${key} ${sentence}`);
    expect(told.split('\n')).toHaveLength(2);
    expect(told).not.toContain('secret');
  });

  it.each(['-0.1', '2', 'half'])('a share of %s is refused', (share) => {
    const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: share };
    expect(refusal(env)).toContain('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.');
  });
});
