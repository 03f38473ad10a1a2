/** How the dashboard says that it stands with the server: true words, also where something else answers, and nothing more is asked for once one is signed out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';
import { type Answer, type Asked, type Front, openFront } from './front.ts';
import { click, isShown, number, text } from './page-words.ts';

const binary = findBrowser();
if (binary === null)
  console.warn('SKIPPED: no browser is on the PATH to read how the dashboard is connected');

const LINE = text('#connection');
const says = (words: string) => `${LINE} === ${JSON.stringify(words)}`;
const saysLike = (words: RegExp) => `${words}.test(${LINE})`;
/** Longer than the summary waits between two readings. */
const QUIET_MS = 5_000;
const OF_A_PROXY: Answer = { status: 404, body: '<html>' };
const WHO = {
  required: true,
  principal: { name: 'ada', role: 'OPERATOR', streams: null },
  issuer: null,
};

const refusal = (code: string, message: string): Answer => ({
  ...{ status: 200, body: JSON.stringify({ errors: [{ message, extensions: { code } }] }) },
});
const isOf =
  (document: string) =>
  ({ body }: Asked) =>
    body.includes(document);

describe.skipIf(binary === null)('the dashboard', () => {
  let world: World;
  let browser: Browser;
  let front: Front;
  let page: Page;
  let id: string;
  beforeAll(async () => {
    [world, browser] = [await openWorld({ dashboard: true }), await openBrowser(binary!)];
    const input = { name: 'Gate', source: { file: 'endless.mp4' }, purpose: 'RESEARCH', realtime: true };
    const { data } = await ask(
      world.url,
      'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
      { input },
    );
    id = data.registerStream.stream.id;
  });
  afterEach(async () => {
    await page?.command('Page.close');
    front?.close();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const change = (what: 'start' | 'stop') =>
    ask(world.url, `mutation { ${what}Stream(input: { id: "${id}" }) { stream { id } } }`);
  const open = async (
    hash: string,
    {
      instead = () => null,
      passesWebSockets = true,
    }: Partial<Pick<Front, 'instead'>> & { passesWebSockets?: boolean } = {},
  ) => {
    front = await openFront(world.url, passesWebSockets);
    front.instead = instead;
    page = await browser.open(`${front.url}/${hash}`);
    return page;
  };
  const hide = (hidden: boolean) =>
    page.evaluate(`(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
      document.dispatchEvent(new Event('visibilitychange'));
    })()`);

  it('says that a stream does not run while it does not, also when one comes back to its page', async () => {
    await open(`#/stream/${id}`);
    await page.until(says('live'));
    await change('stop');
    await page.until(says('not running'));
    await hide(true);
    await hide(false);
    // It is followed again, and the list was read by then.
    const before = front.asked.filter(isOf('DashboardStreams')).length;
    while (front.asked.filter(isOf('DashboardStreams')).length === before) await sleep(20);
    await page.until(says('not running'));
    await change('start');
    await page.until(says('live'));
  });

  it('says what answers in the place of the server, tries again, and goes on', async () => {
    await open('#/wall');
    await page.until(`${number('.tile')} === 1`);
    const isDown = { now: true };
    front.instead = () => (isDown.now ? OF_A_PROXY : null);
    front.cut();
    await page.until(`${saysLike(/what stands before the server answered 404\. Trying again/)}`);
    const tried = front.asked.filter(isOf('DashboardStreams')).length;
    await page.until(`${text('#streams-problem')} !== ''`);
    while (front.asked.filter(isOf('DashboardStreams')).length < tried + 2) await sleep(50);
    isDown.now = false;
    await page.until(
      `${says('connected')} && ${text('#streams-problem')} === '' && ${text('#problem')} === ''`,
    );
  });

  it('does not say that it tries again where it does not', async () => {
    const sentence = 'Your role does not permit this.';
    const instead = (asked: Asked) =>
      isOf('DashboardStatus')(asked) ? refusal('FORBIDDEN', sentence) : null;
    await open('#/wall', { instead, passesWebSockets: false });
    await page.until(
      says('not connected any more: your role does not permit this. Reload the page to try again.'),
    );
    expect(await page.evaluate(text('#streams-problem'))).toBe(`The list is as it last was: ${sentence}`);
  });

  it('does not say on the wall that nothing runs while it does not know', async () => {
    const hold = { now: true };
    const instead = (asked: Asked) => (hold.now && isOf('DashboardWall(')(asked) ? OF_A_PROXY : null);
    await open('#/wall', { instead });
    await page.until(`${isShown('#wall')} && ${text('#problem')} !== ''`);
    // The tiles are painted again each second.
    await sleep(1_500);
    expect(await page.evaluate(text('#wall-count'))).toBe('Asking the server…');
    hold.now = false;
    await page.until(`${text('#wall-count')} === '1 stream running.'`);
    // Who comes back to it while the server is away sees what there was.
    await hide(true);
    hold.now = true;
    await hide(false);
    await page.until(`${text('#problem')} !== ''`);
    await sleep(1_500);
    expect(await page.evaluate(`[${text('#wall-count')}, ${number('.tile')}]`)).toEqual([
      '1 stream running.',
      1,
    ]);
  });

  it('asks no more for what the server refuses', async () => {
    const instead = (asked: Asked) =>
      isOf('DashboardSummary')(asked) ? refusal('FORBIDDEN', 'Your role does not permit this.') : null;
    await open(`#/stream/${id}`, { instead });
    await page.until(`${says('live')} && ${text('#problem')} === 'Your role does not permit this.'`);
    const count = () => front.asked.filter(isOf('DashboardSummary')).length;
    const before = count();
    await sleep(QUIET_MS);
    expect(count()).toBe(before);
  });

  it('asks for nothing while one signs out, and goes on where that fails', async () => {
    const signOut = { answer: (_: Answer) => {}, isAsked: false };
    const instead = ({ path }: Asked) => {
      if (path === '/auth/who') return { status: 200, body: JSON.stringify(WHO) };
      if (path !== '/auth/sign-out') return null;
      signOut.isAsked = true;
      return new Promise<Answer>((resolve) => {
        signOut.answer = resolve;
      });
    };
    await open(`#/stream/${id}`, { instead });
    await page.until(`${says('live')} && ${isShown('#account')}`);
    await page.evaluate(click('#sign-out'));
    while (!signOut.isAsked) await sleep(20);
    const before = front.asked.length;
    await sleep(QUIET_MS);
    expect(front.asked.slice(before)).toEqual([]);
    signOut.answer({ status: 503, body: 'away' });
    await page.until(`/^You may still be signed in: the server answered 503/.test(${text('#problem')})`);
    while (front.asked.length === before) await sleep(20);
    expect(await page.evaluate(says('live'))).toBe(true);

    // And when it ends later, that is told.
    const refused = refusal('UNAUTHENTICATED', 'Sign in anew.');
    front.instead = (asked) => (asked.path === '/graphql' ? { ...refused, status: 401 } : instead(asked));
    front.cut();
    await page.until(`document.querySelector('#signed-out').open && ${says('signed out')}`);
    // What was under way is answered by then.
    await sleep(500);
    const [asked, complaints] = [front.asked.length, page.complaints.length];
    await hide(true);
    await hide(false);
    await sleep(QUIET_MS);
    expect([front.asked.slice(asked), page.complaints.slice(complaints)]).toEqual([[], []]);
    expect(await page.evaluate(LINE)).toBe('signed out');
  });
});
