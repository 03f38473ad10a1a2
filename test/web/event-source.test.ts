/** A real browser's `EventSource` over a restart of the server. */
import { expect, it, onTestFinished } from 'vitest';
import { STREAM, until } from '../api/harness.ts';
import { openRestartable } from '../api/restartable.ts';
import { findBrowser, openBrowser } from './browser.ts';

const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to open an EventSource in');

it.runIf(binary)('goes on by itself with what it missed, and gets each moment once', async () => {
  const server = await openRestartable();
  const browser = await openBrowser(binary!);
  onTestFinished(() => browser.close());
  const page = await browser.open(`${server.url}/`);
  const asked = new URLSearchParams({
    query: `subscription { frameEmotions(streamId: "${STREAM}") { seq } }`,
  });
  await page.evaluate(`void (() => {
    window.seqs = [];
    const source = new EventSource('/graphql?${asked}');
    source.addEventListener('next', ({ data }) => {
      const seq = JSON.parse(data).data?.frameEmotions.seq;
      if (seq !== undefined) window.seqs.push(seq);
    });
  })()`);
  await until(() => server.subscribers() > 0, 'it listens');
  await server.publish(5);
  await page.until('window.seqs.length === 5');
  await server.stop();
  await server.publish(7);
  await server.start();
  await page.until('window.seqs.length === 12', 30_000);
  await server.publish(3);
  await page.until('window.seqs.length === 15');
  expect(await page.evaluate('window.seqs')).toEqual(Array.from({ length: 15 }, (_, seq) => seq));
});
