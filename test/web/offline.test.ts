/** The pages ask nobody but their own server, and the browser of the tests nobody but this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api/harness.ts';
import { runOutside } from '../network/outsider.ts';
import { TRACERS } from '../network/tracer.ts';
import { type Browser, FLAGS, findBrowser, openBrowser } from './browser.ts';

/** Chromium connects a datagram socket to this to learn whether IPv6 leads anywhere, and sends nothing by it. */
const IPV6_PROBE = '2001:4860:4860::8888, port 443';

const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: no browser is on the PATH to see what the pages ask for');
const strace = TRACERS.find(({ name }) => name === 'strace');
if (binary !== null && !strace)
  console.warn('SKIPPED: strace does not work here to see what the browser connects to');

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

// All at once: most of it is watching that nothing happens.
describe.skipIf(binary === null).concurrent('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(binary!);
  });
  afterAll(() => browser.close());

  it.each([
    ['/', `document.readyState === 'complete'`],
    ['/graphql', `document.querySelector('.graphiql-container .view-line') !== null`],
  ])('the page %s loads everything from its own server', async (path, ready) => {
    const page = await browser.open(api.url + path);
    await page.until(ready);
    // The schema is asked for, and what else a page does once it is there.
    await sleep(2_000);
    expect(page.requested[0]).toBe(api.url + path);
    const own = [api.url, api.url.replace('http', 'ws')];
    const others = page.requested.filter(
      (url) => !/^(data|blob):/.test(url) && !own.includes(new URL(url).origin),
    );
    expect(others).toEqual([]);
  });
});

it.skipIf(binary === null || !strace).concurrent(
  'the browser that the tests run connects to nothing but this machine',
  async () => {
    const { tries } = await runOutside(strace!, [binary!, ...FLAGS, `${api.url}/graphql`], {
      async during(child) {
        await sleep(8_000);
        child.kill('SIGTERM');
      },
    });
    expect(tries.filter((one) => one !== IPV6_PROBE)).toEqual([]);
  },
);
