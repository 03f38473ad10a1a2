/** No container runs in the tests: what its files name must be there, and must mean something to the program. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');
const caddyfile = read('Caddyfile');
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
    pairs.map(([, key, value]) => [key, value!.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]),
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

/** Names of all services. */
const services = [
  ...compose
    .split(/^services:$/m)[1]!
    .split(/^\S/m)[0]!
    .matchAll(/^ {2}(\w+):$/gm),
].map(([, name]) => name!);

it('the container listens to the outside, asks who somebody is, and stores in the server beside it', () => {
  const told = environmentOf(service('mien'));
  const postgres = environmentOf(service('postgres'));
  // Unknown MIEN_ variables and bad values are refused here.
  expect(readConfig({ ...image, ...told })).toMatchObject({
    host: '0.0.0.0',
    port: 4000,
    databaseUrl: `postgresql://${postgres.POSTGRES_USER}:${postgres.POSTGRES_PASSWORD}@postgres:5432/${postgres.POSTGRES_DB}`,
    auth: 'required',
    publicUrls: ['https://localhost'],
    allowPrivateSources: false,
  });
  const others = Object.keys({ ...image, ...told }).filter(
    (key) => !/^(HOST|PORT|DATABASE_URL|MIEN_)/.test(key),
  );
  expect(others).toEqual(['NODE_ENV', 'ORT_DISABLE_TELEMETRY', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_']);
  expect({ ...image, ...told }.ORT_DISABLE_TELEMETRY).toBe('1');
});

it('no service of compose has rights that it does not need, and only Caddy is reached from outside', () => {
  expect(services).toEqual(['postgres', 'mien', 'caddy', 'media']);
  const [, confined = ''] = /^x-confined: &confined\n((?: {2}.*\n)+)/m.exec(compose) ?? [];
  for (const line of ['read_only: true', 'cap_drop: [ALL]', 'security_opt: ["no-new-privileges:true"]']) {
    expect(confined).toContain(`  ${line}\n`);
  }
  const having = (text: string) => services.filter((name) => service(name).includes(text));
  expect(having('<<: *confined')).toEqual(services);
  expect(having('    tmpfs: [/tmp')).toEqual(services);
  expect(having('cap_add')).toEqual(['caddy']);
  expect(service('caddy')).toContain('cap_add: [NET_BIND_SERVICE]');
  expect(having('ports:')).toEqual(['caddy']);
  expect(having('privileged')).toEqual([]);
  expect(having('networks: [store]')).toEqual(['postgres']);
  expect(compose).toMatch(/^ {2}store:\n {4}internal: true$/m);
});

it('Caddy is told of the address of mien that compose gives, by variables that it reads, and holds no event back', () => {
  const told = environmentOf(service('caddy'));
  const asked = [...caddyfile.matchAll(/\{\$(\w+)(?::([^}]*))?\}/g)].map(([, name]) => name!);
  expect([...new Set(asked)].sort()).toEqual(Object.keys(told).sort());
  expect(told.MIEN_UPSTREAM).toBe(`mien:${readConfig({ ...image }).port}`);
  expect(`https://${told.MIEN_SITE}`).toBe(environmentOf(service('mien')).MIEN_PUBLIC_URL);
  expect(caddyfile).toMatch(new RegExp(`^\\(${told.MIEN_CERTIFICATES}\\) \\{$`, 'm'));
  expect(caddyfile).toContain('flush_interval -1');
});

it('the image is made from an exact version, runs as nobody in particular, and leaves out what it does not run', () => {
  const [, base = ''] = /^ARG NODE_IMAGE=(.*)$/m.exec(dockerfile) ?? [];
  expect(base).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
  const stages = [...dockerfile.matchAll(/^FROM (.*)$/gm)].map(([, from]) => from);
  expect(stages).toHaveLength(2);
  for (const from of stages) expect(from).toMatch(/^\$\{NODE_IMAGE\}( AS build)?$/);
  const last = dockerfile.split(/^FROM /m).at(-1)!;
  expect(last.slice(last.indexOf('USER node'))).not.toMatch(/^(RUN|COPY|ADD|USER root)/m);
  expect(dockerfile).not.toMatch(/^ADD |curl|wget|sudo|--privileged/m);
  expect(last).toMatch(/apt-get install -y --no-install-recommends [\s\S]*rm -rf \/var\/lib\/apt\/lists\/\*/);
  expect(dockerfile).toContain('npm prune --omit=dev --omit=optional');
  expect(last).toMatch(/^HEALTHCHECK .*CMD \["node"/m);
  // `docker compose exec mien mien token list`
  expect(last).toContain('ln -s /app/dist/main.js /usr/local/bin/mien');
  expect(last).toMatch(/^ENTRYPOINT \["node", "dist\/main\.js"\]\nCMD \["serve"\]$/m);
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
  expect(dockerfile).toMatch(/mkdir data && chown node:node data.*\nUSER node\n/);
});

/** Files of the repository that a name with at most a `*` in its last part stands for. */
function matching(name: string): string[] {
  const root = new URL('../', import.meta.url);
  const pattern = new RegExp(`^${basename(name).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return readdirSync(new URL(`${dirname(name)}/`, root)).filter((file) => pattern.test(file));
}
