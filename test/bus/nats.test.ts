/** NATS as what carries, tried with a server of its own that goes, comes, and stands still. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createNats } from '../../src/bus/index.ts';
import { connect } from '../../src/bus/nats.ts';
import type { Transport } from '../../src/bus/transport.ts';
import { until } from '../api/harness.ts';
import { HAS_NATS, type NatsServer, openNats } from '../helpers/nats-server.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startNats(config?: string): Promise<NatsServer> {
  const server = await openNats(config);
  closing.push(server.close);
  return server;
}

interface End extends Pick<Transport, 'send'> {
  heard: string[];
  /** Where the trace of each of these stands. */
  traced: (string | undefined)[];
  turns: string[];
  log: string[];
}

function join(url: string, subject = 'mien.test'): End {
  const [heard, turns, log]: string[][] = [[], [], []];
  const traced: (string | undefined)[] = [];
  const line = (_: object, message: string) => void log!.push(message);
  const transport = createNats({ servers: [url], subject, log: { info: line, warn: line } })({
    onMessage(bytes, traceparent) {
      heard!.push(Buffer.from(bytes).toString());
      traced.push(traceparent);
    },
    onUp: () => void turns!.push('up'),
    onDown: () => void turns!.push('down'),
  });
  closing.push(() => transport.close());
  const send: Transport['send'] = (...message) => transport.send(...message);
  return { heard: heard!, traced, turns: turns!, log: log!, send };
}

const isUp = (end: End) => end.turns.at(-1) === 'up';
const bytes = (text: string) => Buffer.from(text);

describe.runIf(HAS_NATS)('NATS', () => {
  it('carries to the others of this database what one sends, and to nobody else', async () => {
    const { url } = await startNats();
    const [one, other, stranger] = [join(url), join(url), join(url, 'mien.elsewhere')];
    await until(() => [one, other, stranger].every(isUp), 'all are connected');
    for (let count = 0; count < 100; count++) one.send(['stream', 'session'], bytes(`${count}`));
    one.send(['a.*.>', ''], bytes('end'));
    await until(() => other.heard.includes('end'), 'the last is heard');
    expect(other.heard).toEqual([...Array.from({ length: 100 }, (_, at) => `${at}`), 'end']);
    expect([one.heard, stranger.heard]).toEqual([[], []]);
  });

  it('says beside a message where its trace stands, and says nothing of one that has none', async () => {
    const { url } = await startNats();
    const [one, other] = [join(url), join(url)];
    // As a server of a version that knew of no traces.
    const earlier = await connect({ servers: [new URL(url).host] });
    closing.push(() => earlier.close());
    const plain: [string, boolean][] = [];
    earlier.subscribe('mien.test.>', {
      callback: (_, message) => void plain.push([message.string(), message.headers !== undefined]),
    });
    await earlier.flush();
    await until(() => [one, other].every(isUp), 'all are connected');
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    one.send(['stream', ''], bytes('followed'), traceparent);
    one.send(['stream', ''], bytes('not followed'));
    await until(() => other.heard.length === 2 && plain.length === 2, 'both are heard');
    expect(other.heard).toEqual(['followed', 'not followed']);
    expect(other.traced).toEqual([traceparent, undefined]);
    expect(plain).toEqual([
      ['followed', true],
      ['not followed', false],
    ]);
  });

  it('is waited for where it is not there yet, and again when it was killed', async () => {
    const server = await startNats();
    await server.kill();
    const [one, other] = [join(server.url), join(server.url)];
    await sleep(700);
    expect(one.turns).toEqual([]);
    expect(one.log).toHaveLength(1);
    await server.start();
    await until(() => isUp(one) && isUp(other), 'it is found');
    await server.kill();
    await until(() => !isUp(one) && !isUp(other), 'it is missed');
    one.send(['stream'], bytes('lost'));
    await server.start();
    await until(() => isUp(one) && isUp(other), 'it is found again');
    one.send(['stream'], bytes('kept'));
    await until(() => other.heard.length > 0, 'it carries');
    expect(other.heard).toEqual(['kept']);
    expect(one.turns).toEqual(['up', 'down', 'up']);
  });

  it('that stands still is away within two seconds, keeps no more than a few megabytes, and comes back', async () => {
    const server = await startNats();
    const [one, other] = [join(server.url), join(server.url)];
    await until(() => isUp(one) && isUp(other), 'both are connected');
    server.freeze();
    const block = new Uint8Array(64 * 1024);
    let sent = 0;
    const since = performance.now();
    while (isUp(one) && performance.now() - since < 20_000) {
      for (let count = 0; count < 8 && isUp(one); count++) {
        one.send(['stream'], block);
        sent += block.length;
      }
      await sleep(5);
    }
    expect(isUp(one)).toBe(false);
    expect(sent).toBeLessThan(10 * 2 ** 20);
    const frozen = performance.now();
    await until(() => !isUp(other), 'the other notices, who sends nothing');
    expect(performance.now() - frozen).toBeLessThan(5_000);
    server.thaw();
    await until(() => isUp(one) && isUp(other), 'it is back');
    one.send(['stream'], bytes('after'));
    await until(() => other.heard.at(-1) === 'after', 'it carries');
  });

  it('lets in who has its password, or its token, and says why it does not', async () => {
    const server = await startNats('authorization { user: mien, password: "s%crt" }');
    const wrong = join(server.url);
    await until(() => wrong.log.length > 0, 'it is told');
    expect(wrong.turns).toEqual([]);
    const right = join(server.url.replace('nats://', 'nats://mien:s%25crt@'));
    await until(() => isUp(right), 'it is let in');
    const ofToken = await startNats('authorization { token: "abc" }');
    const token = join(ofToken.url.replace('nats://', 'nats://abc@'));
    await until(() => isUp(token), 'the token is taken');
  });

  it('says once that it has not the rights, however many sessions there are', async () => {
    const rights = 'permissions: { publish: { deny: "mien.>" } }';
    const server = await startNats(`authorization { users: [{ user: a, password: b, ${rights} }] }`);
    const one = join(server.url.replace('nats://', 'nats://a:b@'));
    await until(() => isUp(one), 'it is let in');
    for (let count = 0; count < 50; count++) one.send(['stream', `session-${count}`], bytes('refused'));
    await until(() => one.log.some((line) => line.includes('is away')), 'it is told');
    await sleep(300);
    expect(one.log.filter((line) => line.includes('is away'))).toHaveLength(1);
  });
});
