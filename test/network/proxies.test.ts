/** The snippets of docs/proxies.md, run by the programs that they are for, where these are installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAccess } from '../../src/access/access.ts';
import { moment, openTestApi, STREAM, until } from '../api/harness.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { memoryTokens } from '../helpers/tokens.ts';

const NAME = 'mien.example.org';
const isThere = (program: string) => spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;

function snippet(language: string): string {
  const [, text = ''] =
    new RegExp(`\`\`\`${language}\n([^\`]*)\`\`\``).exec(readFileSync('docs/proxies.md', 'utf8')) ?? [];
  return text;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const PROGRAMS: Record<string, (directory: string, port: number, upstream: number) => ChildProcess> = {
  caddy(directory, port, upstream) {
    const own = '{\n\tadmin off\n\tauto_https off\n}\n';
    const site = snippet('caddyfile')
      .replace(NAME, `http://${NAME}:${port}`)
      .replace('4000', String(upstream));
    writeFileSync(join(directory, 'Caddyfile'), own + site);
    const args = ['run', '--adapter', 'caddyfile', '--config', join(directory, 'Caddyfile')];
    return spawn('caddy', args, { stdio: 'ignore', env: { ...process.env, HOME: directory } });
  },
  nginx(directory, port, upstream) {
    const site = snippet('nginx')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
      .replace(/\tssl_certificate.*\n/g, '')
      .replace('4000', String(upstream));
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const temporary = paths.map((name) => `${name}_temp_path ${join(directory, name)};`).join('\n');
    const http = `access_log off;\n${temporary}\n${site}`;
    const top = `daemon off;\nmaster_process off;\npid ${join(directory, 'pid')};\nerror_log stderr;\nevents {}\n`;
    writeFileSync(join(directory, 'nginx.conf'), `${top}http {\n${http}\n}\n`);
    return spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], { stdio: 'ignore' });
  },
};

/** @returns status and the first of the body */
function ask(port: number, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', path, headers: { host: NAME, ...headers } },
      (answer) => {
        answer.setEncoding('utf8');
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text: '' }));
        answer.on('data', (text: string) => {
          if (text.startsWith(':')) return;
          asked.destroy();
          resolve({ status: answer.statusCode ?? 0, text });
        });
      },
    );
    asked.on('error', reject).end();
  });
}

it.each(Object.keys(PROGRAMS))(
  'behind %s everything goes through, and what is for this machine alone does not',
  async (program) => {
    if (!isThere(program)) return;
    const tokens = memoryTokens();
    const access = createAccess({ mode: 'required', loopback: true, tokens, signIns: new MemorySignIns() });
    const options = { publicUrls: [`https://${NAME}`], trustedProxies: ['loopback'] };
    const api = await openTestApi({}, { authenticator: access.authenticator, ...options });
    onTestFinished(() => api.close());
    const directory = mkdtempSync(join(tmpdir(), 'mien-proxy-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const port = await freePort();
    const proxy = PROGRAMS[program]!(directory, port, Number(new URL(api.url).port));
    onTestFinished(() => void proxy.kill());
    const status = (path: string) =>
      ask(port, path, {}).then(
        ({ status }) => status,
        () => 0,
      );
    await until(async () => (await status('/health')) === 200, `${program} serves`);

    expect([await status('/metrics'), await status('/ready')]).toEqual([401, 401]);
    const headers = { authorization: `Bearer ${(await tokens.add()).secret}`, 'x-requested-with': 'a test' };
    expect((await ask(port, '/graphql?query=%7B__typename%7D', headers)).text).toContain('"Query"');
    const publishing = setInterval(() => api.bus.moment(STREAM, moment(0), 0), 20);
    onTestFinished(() => clearInterval(publishing));
    const query = 'subscription { frameEmotions { seq } }';
    const events = { ...headers, accept: 'text/event-stream' };
    const { text } = await ask(port, `/graphql?query=${encodeURIComponent(query)}`, events);
    expect(text).toContain('event: next');

    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      headers: { ...headers, host: NAME, origin: `https://${NAME}` },
    });
    onTestFinished(() => socket.terminate());
    const told: string[] = [];
    socket.on('message', (data) => told.push((JSON.parse(String(data)) as { type: string }).type));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'connection_init' }));
    await until(() => told.includes('connection_ack'), 'it is let in');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    await until(() => told.includes('next'), 'it hears of a moment');
  },
);
