/** Lines of the log, as a server's process writes them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const at = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

const PROGRAM = `
  import { openLogAndTracing } from ${at('cli/serve/open-log-and-tracing.ts')};
  import { readConfig } from ${at('config.ts')};
  const { log, tracing } = await openLogAndTracing(readConfig(process.env), 'API', 'here');
  const span = tracing?.operations.begin('mutation', '00-${'c'.repeat(32)}-${'d'.repeat(16)}-01');
  const within = (work) => (span ? tracing.operations.within(span, work) : work());
  within(() => log.warn({ a: 1 }, 'within'));
  log.warn({}, 'beside');
  within(() => {
    span?.end();
    log.warn({}, 'behind');
  });
  setTimeout(() => process.exit(), 300);
`;

async function linesWith(env: Record<string, string>): Promise<string[]> {
  const args = ['--import', TSX, '--input-type=module', '--eval', PROGRAM];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', MIEN_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let written = '';
  child.stderr.on('data', (part) => {
    written += part;
  });
  await once(child, 'close');
  return written.trim().split('\n');
}

const TRACES = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

it('a line for programs that is written within an operation tells its trace; others do not', async () => {
  const lines = await linesWith({ ...TRACES, MIEN_LOG_FORMAT: 'json' });
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.map(({ msg, trace_id }) => [msg, trace_id])).toEqual([
    ['within', 'c'.repeat(32)],
    ['beside', undefined],
    ['behind', undefined],
  ]);
  expect(told[0]).toMatchObject({ role: 'API', server: 'here', a: 1 });
});

it.each([
  ['lines for people', { ...TRACES, MIEN_LOG_FORMAT: 'text' }],
  ['lines without traces', { MIEN_LOG_FORMAT: 'json' }],
])('%s have none', async (_, env) => {
  const written = await linesWith(env as Record<string, string>);
  expect(written.filter((line) => /within|beside|behind/.test(line))).toHaveLength(3);
  expect(written.join()).not.toContain('trace_id');
});
