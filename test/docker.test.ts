/** No container runs in the tests: what its files name must be there, and must mean something to the program. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');
const ignored = read('.dockerignore').trim().split('\n');

/** The lines of a service, without comments. */
function service(name: string): string {
  const [, services = ''] = /^services:\n([\s\S]*?)^\S/m.exec(compose) ?? [];
  const [, own = ''] =
    new RegExp(`^  ${name}:\n([\\s\\S]*?)(?=^  \\S|(?![\\s\\S]))`, 'm').exec(services) ?? [];
  return own.replaceAll(/^ *#.*\n/gm, '');
}

/** What a service is told; `${NAME:-default}` as it is where NAME is unset. */
function environmentOf(text: string): Record<string, string> {
  const [, block = ''] = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(text) ?? [];
  const pairs = [...block.matchAll(/^ {6}(\w+): "?([^"\n]*)"?$/gm)];
  return Object.fromEntries(
    pairs.map(([, key, value]) => [key, value!.replaceAll(/\$\{\w+:-(\w*)\}/g, '$1')]),
  );
}

/** `ENV` of the image that runs, which is the last stage. */
const image = Object.fromEntries(
  [
    ...dockerfile
      .split(/^FROM /m)
      .at(-1)!
      .matchAll(/^ENV (.*)$/gm),
  ].flatMap(([, pairs]) => pairs!.split(' ').map((pair) => pair.split('=') as [string, string])),
);

it('the container listens to the outside, stores in the server beside it, and reaches the media server', () => {
  const told = environmentOf(service('mien'));
  const postgres = environmentOf(service('postgres'));
  // Unknown MIEN_ variables and bad values are refused here.
  expect(readConfig({ ...image, ...told })).toMatchObject({
    host: '0.0.0.0',
    port: 4000,
    databaseUrl: `postgresql://${postgres.POSTGRES_USER}:${postgres.POSTGRES_PASSWORD}@postgres:5432/${postgres.POSTGRES_DB}`,
    allowPrivateSources: true,
  });
  const others = Object.keys({ ...image, ...told }).filter(
    (key) => !/^(HOST|PORT|DATABASE_URL|MIEN_)/.test(key),
  );
  expect(others).toEqual(['NODE_ENV', 'ORT_DISABLE_TELEMETRY']);
  expect({ ...image, ...told }.ORT_DISABLE_TELEMETRY).toBe('1');
  expect(service('mien')).toContain('"127.0.0.1:4000:4000"');
});

it('the media server offers the clip that is mounted, at the address that is told', () => {
  const [, mounted] = /- \.\/(\S+):\/media:ro/.exec(service('media'))!;
  const [, clip] = /-i \/media\/(\S+)/.exec(service('media'))!;
  expect(existsSync(new URL(`../${mounted}/${clip}`, import.meta.url))).toBe(true);
  expect(service('media')).toMatch(/MTX_PATHS_DEMO_RUNONINIT:[\s\S]*rtsp:\/\/localhost:\$\$RTSP_PORT\/demo/);
  expect(compose).toContain('rtsp://media:8554/demo');
});

it('what is copied into the image exists and is not ignored', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names]) =>
    names!.split(' '),
  );
  expect(copied.length).toBeGreaterThan(10);
  for (const name of copied) {
    expect(matching(name), name).not.toEqual([]);
    expect(ignored, name).not.toContain(name);
  }
});

it('the image holds what the package holds', () => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const [, run = ''] = dockerfile.split(/^FROM .* AS build$/m);
  const last = run.split(/^FROM /m)[1]!;
  const copied = [...last.matchAll(/^COPY (?:--from=build )?(.*) \S+$/gm)].flatMap(([, names]) =>
    names!.split(' '),
  );
  expect(copied.map((name) => name.replace('/app/', ''))).toEqual(expect.arrayContaining(files));
});

it('the program has longer to drain than it takes, and its owner owns its data', () => {
  const [, seconds] = /stop_grace_period: (\d+)s/.exec(service('mien'))!;
  expect(Number(seconds)).toBeGreaterThan(10);
  expect(service('mien')).toContain('- mien:/app/data');
  expect(dockerfile).toMatch(/mkdir data && chown node:node data\nUSER node\n/);
});

/** Files of the repository that a name with at most a `*` in its last part stands for. */
function matching(name: string): string[] {
  const root = new URL('../', import.meta.url);
  const pattern = new RegExp(`^${basename(name).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return readdirSync(new URL(`${dirname(name)}/`, root)).filter((file) => pattern.test(file));
}
