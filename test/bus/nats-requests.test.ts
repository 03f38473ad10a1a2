/** What servers ask each other over NATS, tried with a server of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openRequests, type Requests } from '../../src/bus/index.ts';
import type { RequestsOptions } from '../../src/bus/nats-requests.ts';
import { MienError } from '../../src/errors.ts';
import { until } from '../api/harness.ts';
import { HAS_NATS, type NatsServer, openNats } from '../helpers/nats-server.ts';

describe.runIf(HAS_NATS)('requests', () => {
  let nats: NatsServer;
  let open: Requests[] = [];
  let logged: string[] = [];

  beforeEach(async () => {
    nats = await openNats();
  });
  afterEach(async () => {
    for (const one of open) await one.close();
    await nats.close();
    [open, logged] = [[], []];
  });

  async function join(subject = 'test', more: Partial<RequestsOptions> = {}): Promise<Requests> {
    const note = (_: object, message: string) => void logged.push(message);
    const log = { warn: note, error: note };
    const requests = openRequests({ servers: [nats.url], subject, log, ...more });
    open.push(requests);
    await until(() => requests.isUp, 'it is connected');
    return requests;
  }

  /** Both ends have told NATS what they hear. */
  const heard = async (asker: Requests, kind: string, answers: number) =>
    until(async () => (await asker.askAll(kind)).length === answers, 'all are heard');

  it('all who answer are asked, of the same database alone, and nobody is waited for where there is none', async () => {
    const [asker, one, other, stranger] = [await join(), await join(), await join(), await join('elsewhere')];
    const asked = performance.now();
    expect(await asker.askAll('double', 2)).toEqual([]);
    expect(performance.now() - asked).toBeLessThan(1_500);
    const stop = one.answer('double', (question) => Number(question) * 2);
    other.answer('double', (question) => Number(question) * 2 + 1);
    stranger.answer('double', () => -1);
    await heard(asker, 'double', 2);
    expect((await asker.askAll('double', 2)).sort()).toEqual([4, 5]);
    stop();
    await heard(asker, 'double', 1);
    expect(await asker.askAll('double', 2)).toEqual([5]);
  });

  it('what one throws on purpose comes as it is, anything else masked, and the first of all is not held up by it', async () => {
    const [asker, one, other] = [await join(), await join(), await join()];
    one.answer('refused', () => {
      throw new MienError('CONFLICT', 'It runs already.');
    });
    one.answer('broken', () => Promise.reject(new Error('secret')));
    one.answer('some', () => Promise.reject(new Error('secret')));
    other.answer('some', () => 1);
    await heard(asker, 'some', 1);
    await expect(asker.ask('refused', null, 5_000)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'It runs already.',
    });
    const error = await asker.ask('broken', null, 5_000).catch((thrown: Error) => thrown);
    expect(error).not.toBeInstanceOf(MienError);
    expect(String(error)).not.toContain('secret');
    expect(logged).toContain('another server asked in vain');
  });

  it('one that is gone, silent, or beyond a NATS that is away is told apart', async () => {
    const [asker, one] = [await join(), await join()];
    one.answer('silent', () => sleep(60_000, null, { ref: false }));
    one.answer('there', () => true);
    await heard(asker, 'there', 1);
    await expect(asker.ask('gone', null, 5_000)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(asker.ask('silent', null, 300)).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE' });
    await nats.kill();
    await until(() => !asker.isUp, 'it is away');
    await expect(asker.ask('there', null, 5_000)).rejects.toThrow('NATS does not answer');
    expect(await asker.askAll('there')).toEqual([]);
    asker.tell('there');
    await nats.start();
    await until(() => asker.isUp && one.isUp, 'it is back');
    await heard(asker, 'there', 1);
    expect(await asker.ask('there', null, 5_000)).toBe(true);
  });

  it('an answer that is larger than NATS carries is an error, and ends nobody', async () => {
    const [asker, one] = [await join(), await join()];
    one.answer('large', () => 'x'.repeat(2 ** 21));
    one.answer('there', () => true);
    await heard(asker, 'there', 1);
    await expect(asker.ask('large', null, 5_000)).rejects.toThrow('A worker failed unexpectedly');
    expect(await asker.ask('there', null, 5_000)).toBe(true);
  });

  it('who is there, and slow, is waited for; who does not answer is not, from the second question on, until it does', async () => {
    let there = ['quick', 'slow'];
    const asker = await join('test', { expected: async () => there });
    const [quick, slow, lost] = await Promise.all(
      ['quick', 'slow', 'lost'].map((id) => join('test', { id: () => id })),
    );
    quick!.answer('who', () => 'quick');
    let pause = 800;
    slow!.answer('who', () => sleep(pause, 'slow'));
    await heard(asker, 'who', 2);
    expect((await asker.askAll('who')).sort()).toEqual(['quick', 'slow']);
    there = [...there, 'lost'];
    const time = async () => {
      const asked = performance.now();
      expect((await asker.askAll('who')).length).toBeGreaterThanOrEqual(1);
      return performance.now() - asked;
    };
    pause = 1;
    const first = await time();
    expect(first).toBeGreaterThan(1_500);
    const second = await time();
    expect(second).toBeLessThan(first);
    lost!.answer('who', () => 'lost');
    await heard(asker, 'who', 3);
    // It is known again: however slow, it is waited for.
    pause = 800;
    expect((await asker.askAll('who')).sort()).toEqual(['lost', 'quick', 'slow']);
  });

  it('while it is not known who should answer, nobody is waited for but a moment', async () => {
    const asker = await join('test', { expected: () => Promise.reject(new Error('away')) });
    (await join('test', { id: () => 'one' })).answer('who', () => 1);
    await heard(asker, 'who', 1);
    expect(await asker.askAll('who')).toEqual([1]);
  });

  it.each([
    ['publish', 'test.>', 'publish to `test.>`'],
    ['subscribe', '_INBOX.>', 'subscribe to `_INBOX.>`'],
  ])(
    'rights of NATS that do not let it %s to %s are told once, with what to do, to the log and to who asks',
    async (operation, subject, told) => {
      const rights = `permissions: { ${operation}: { deny: "${subject}" } }`;
      const strict = await openNats(`authorization { users: [{ user: a, password: b, ${rights} }] }`);
      onTestFinished(() => strict.close());
      const asker = await join('test', { servers: [strict.url.replace('//', '//a:b@')] });
      expect(asker.refusal).toBeNull();
      await until(
        async () => (await asker.askAll('who')).length === 0 && asker.refusal !== null,
        'it is told',
      );
      await asker.askAll('who');
      expect(logged).toEqual([asker.refusal]);
      expect(asker.refusal).toContain(told);
      expect(asker.refusal).toContain('give it `mien.>`, `mien-asks.>` and `_INBOX.>`');
      await expect(asker.ask('who', null, 500)).rejects.toMatchObject({
        code: 'WORKER_UNAVAILABLE',
        message: asker.refusal,
      });
    },
  );
});
