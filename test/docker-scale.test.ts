/** No container runs in the tests: what docker-compose.scale.yml tells its services must mean something to the program. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { assertShared } from '../src/cli/serve/roles.ts';
import { readConfig } from '../src/config.ts';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const compose = read('docker-compose.scale.yml').replaceAll(/^ *#.*\n/gm, '');
const caddyfile = read('Caddyfile.scale');

/** The lines below a key at the left margin. */
const block = (key: string) => new RegExp(`^${key}\n((?:(?: .*)?\n)+)`, 'm').exec(compose)![1]!;
const services = block('services:');
const names = [...services.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name!);
const service = (name: string) => new RegExp(`^ {2}${name}:\n((?: {4}.*\n)+)`, 'm').exec(services)![1]!;

/** `KEY: value` of an indentation, with `${NAME:-default}` as it is where NAME is unset, and `${NAME:?why}` as given. */
function pairs(text: string, indent: number): Record<string, string> {
  const found = [...text.matchAll(new RegExp(`^ {${indent}}([A-Z]\\w+): "?([^"\n]*)"?$`, 'gm'))];
  return Object.fromEntries(
    found.map(([, key, value]) => [
      key,
      value!.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1').replaceAll(/\$\{(\w+):\?[^}]*\}/g, '$1'),
    ]),
  );
}

const shared = pairs(block('x-shared: &shared'), 2);
const told = (name: string) => ({
  ...shared,
  MIEN_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
  HOST: '0.0.0.0',
  ...pairs(service(name), 6),
});

it('APIs and workers are told the same database, NATS and key, and ask who somebody is', () => {
  expect(shared.MIEN_SECRET_KEY).toBe('MIEN_SECRET_KEY');
  const postgres = pairs(service('postgres'), 6);
  for (const [name, role] of [
    ['api', 'API'],
    ['worker', 'WORKER'],
  ] as const) {
    expect(service(name)).toContain(`    command: [${name}]\n`);
    expect(service(name)).toContain('      <<: *shared\n');
    expect(service(name)).toContain('    <<: *mien\n');
    const config = readConfig(told(name));
    expect(() => assertShared(role, config)).not.toThrow();
    expect(config).toMatchObject({
      databaseUrl: `postgresql://${postgres.POSTGRES_USER}:${postgres.POSTGRES_PASSWORD}@postgres:5432/${postgres.POSTGRES_DB}`,
      natsUrls: ['nats://nats:4222'],
      auth: 'required',
      port: 4000,
    });
  }
  expect(() => assertShared('WORKER', readConfig({}))).toThrow('DATABASE_URL');
});

it('they share one data directory, and have longer to drain than it takes', () => {
  const mien = block('x-mien: &mien');
  expect(mien).toContain('    - mien:/app/data\n');
  expect(Number(/stop_grace_period: (\d+)s/.exec(mien)![1])).toBeGreaterThan(10);
});

it('no service has rights that it does not need, and only Caddy is reached from outside', () => {
  expect(names).toEqual(['postgres', 'nats', 'api', 'worker', 'caddy']);
  const confined = block('x-confined: &confined');
  for (const line of ['read_only: true', 'cap_drop: [ALL]', 'security_opt: ["no-new-privileges:true"]'])
    expect(confined).toContain(`  ${line}\n`);
  expect(block('x-mien: &mien')).toContain('  <<: *confined\n');
  const having = (text: string) => names.filter((name) => service(name).includes(text));
  expect([...having('<<: *confined'), ...having('<<: *mien')].sort()).toEqual([...names].sort());
  expect(having('cap_add')).toEqual(['caddy']);
  expect(having('ports:')).toEqual(['caddy']);
  expect(having('networks: [store]')).toEqual(['postgres', 'nats']);
  expect(compose).toMatch(/^ {2}store:\n {4}internal: true$/m);
});

it('NATS cuts off who does not read, as its tests have it', () => {
  expect(service('nats')).toContain('command: [--config, /etc/nats/nats.conf]');
  expect(service('nats')).toContain('target: /etc/nats/nats.conf');
  expect(block('configs:')).toContain('write_deadline: "2s"');
  expect(read('test/helpers/nats-server.ts')).toContain('write_deadline: "2s"');
});

it('Caddy asks all APIs by what it is told, and gives who asks to another where one is gone', () => {
  const given = pairs(service('caddy'), 6);
  const asked = [...caddyfile.matchAll(/\{\$(\w+)(?::([^}]*))?\}/g)].map(([, name]) => name!);
  expect([...new Set(asked)].sort()).toEqual(Object.keys(given).sort());
  expect(names).toContain(given.MIEN_API);
  expect(given.MIEN_API_PORT).toBe(String(readConfig(told('api')).port));
  expect(readConfig(told('api')).publicUrls).toEqual([`https://${given.MIEN_SITE}`]);
  for (const line of ['dynamic a {', 'lb_try_duration', 'flush_interval -1'])
    expect(caddyfile).toContain(line);
  expect(service('caddy')).toContain('- ./Caddyfile.scale:/etc/caddy/Caddyfile:ro');
});
