/** Signing in to the dashboard in a real browser, at a real OpenID Connect provider and by a token. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Server, startServer } from '../e2e/server.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { AUDIENCE, CLIENT_ID, makeKey, startIssuer, type TestIssuer } from '../helpers/oidc-issuer.ts';
import { type Browser, findBrowser, openBrowser, type Page } from './browser.ts';

const STARTED_WITHIN = 240_000;
const binary = findBrowser();
if (binary === null) console.warn('SKIPPED: signing in was not tried in a browser; none is on the PATH');

let database: TestDatabase;
let provider: TestIssuer;
let server: Server;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  if (binary === null) return;
  database = await createDatabase();
  const groupsOf = (name: string) => [{ vera: 'guests', eve: 'strangers' }[name] ?? 'staff'];
  provider = await startIssuer({ keys: [await makeKey('first')], groupsOf });
  const { dataDir, databaseUrl } = database.config;
  server = await startServer({
    MIEN_DATA_DIR: dataDir,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    MIEN_OIDC_ISSUER: provider.issuer,
    MIEN_OIDC_AUDIENCE: AUDIENCE,
    MIEN_OIDC_CLIENT_ID: CLIENT_ID,
    MIEN_OIDC_ROLES: 'groups=staff:OPERATOR,groups=guests:VIEWER',
  });
  await provider.change({ redirectUris: [new URL('/auth/callback', server.url).href] });
  browser = await openBrowser(binary);
}, STARTED_WITHIN);
afterAll(async () => {
  if (binary === null) return;
  await browser?.close();
  await server?.end('SIGKILL');
  await provider?.close();
  await database?.dispose();
});
beforeEach(async () => {
  if (binary === null) return;
  page = await browser.open('about:blank');
  await page.command('Network.clearBrowserCookies');
});

const text = (selector: string) => `(document.querySelector('${selector}')?.textContent ?? '')`;
const click = (selector: string) => `document.querySelector('${selector}').click()`;
const isShown = (selector: string) => `document.querySelector('${selector}')?.checkVisibility() === true`;
const at = (path: string) => `location.pathname === '${path}' && document.readyState === 'complete'`;
const go = (path: string) => page.command('Page.navigate', { url: new URL(path, server.url).href });
const type = (selector: string, value: string) => `(() => {
  const field = document.querySelector('${selector}');
  field.value = ${JSON.stringify(value)};
  field.dispatchEvent(new Event('input', { bubbles: true }));
})()`;

/** From the sign-in page to the provider, and back. */
async function signInAs(name: string): Promise<void> {
  await page.until(isShown('#issuer'));
  await page.evaluate(click('#issuer'));
  await page.until(`location.origin === '${provider.issuer}' && !!document.querySelector('[name=login]')`);
  await page.evaluate(type('[name=login]', name));
  await page.evaluate(type('[name=password]', 'any'));
  await page.evaluate(click('[type=submit]'));
  await page.until(`document.querySelector('[name=prompt]')?.value === 'consent'`);
  await page.evaluate(click('[type=submit]'));
}

test.skipIf(binary === null)(
  'who opens the dashboard is led to the sign-in page, to the provider, and back to where they were',
  async () => {
    await go('/');
    await page.until(`${at('/sign-in')} && ${isShown('#issuer')}`);
    expect(await page.evaluate(text('#issuer'))).toMatch(/^Sign in with 127\.0\.0\.1:\d+$/);
    await go('/#/stream/nowhere');
    await page.until(`${at('/sign-in')} && location.hash === '#/stream/nowhere'`);
    await signInAs('ada');
    await page.until(`${at('/')} && location.hash === '#/stream/nowhere'`);
    await page.until(isShown('#account'));
    expect(await page.evaluate(text('#account .who'))).toBe('ada');
    expect(await page.evaluate(text('#account .role'))).toBe('operator');
    expect(await page.evaluate(isShown('#add'))).toBe(true);
    await page.until(`${text('#streams .name')} === 'Demo'`);
    // What proves who this is is out of reach of scripts.
    expect(await page.evaluate('document.cookie')).toBe('');

    await page.evaluate(click('#sign-out'));
    await page.until(at('/sign-in'));
    await go('/');
    await page.until(at('/sign-in'));
  },
);

test.skipIf(binary === null)(
  'a viewer is offered nothing that the server would refuse, and is told why',
  async () => {
    await go('/');
    await page.until(at('/sign-in'));
    await signInAs('vera');
    await page.until(`${text('#streams .name')} === 'Demo' && ${isShown('#board')}`);
    for (const button of ['#add', '#start', '#stop', '#remove']) {
      expect([button, await page.evaluate(isShown(button))]).toEqual([button, false]);
    }
    expect(await page.evaluate(isShown('#viewer-note'))).toBe(true);
    expect(await page.evaluate(text('#account .role'))).toBe('viewer');
    expect(page.complaints.filter((complaint) => !complaint.includes('googleapis'))).toEqual([]);
  },
);

test.skipIf(binary === null)('who has no role here is told so, and can try another way', async () => {
  await go('/');
  await page.until(at('/sign-in'));
  await signInAs('eve');
  await page.until(`/known as eve/.test(${text('#problem')})`);
  // The ways there are come by an answer of their own.
  await page.until(`${isShown('#issuer')} && ${isShown('#token-form')}`);
  // What the provider answered is not left in the address.
  expect(await page.evaluate('location.href')).not.toMatch(/code=|state=/);
});

test.skipIf(binary === null)(
  'a wrong token is told at its field, and a good one signs in; what ends is told, and leads back',
  async () => {
    await go('/');
    await page.until(`${at('/sign-in')} && ${isShown('#token-form')}`);
    await page.evaluate(click('#token-form [type=submit]'));
    await page.until(`${text('#token-problem')} === 'Paste your token first.'`);
    await page.evaluate(type('#token', 'mien_wrong'));
    await page.evaluate(click('#token-form [type=submit]'));
    await page.until(`/not valid here/.test(${text('#token-problem')})`);
    expect(await page.evaluate(`document.activeElement.id`)).toBe('token');
    expect(await page.evaluate(`document.querySelector('#token').ariaInvalid`)).toBe('true');
    await page.evaluate(type('#token', await provider.machineToken()));
    await page.evaluate(click('#token-form [type=submit]'));
    await page.until(`${at('/')} && ${text('#account .who')} === 'robot'`);
    await page.until(`document.querySelector('#connection').dataset.state === 'live'`);

    // Another tab of this browser signs out.
    const other = await browser.open(new URL('/', server.url).href);
    await other.until(isShown('#account'));
    await other.evaluate(click('#sign-out'));
    await page.until(isShown('#signed-out'));
    expect(await page.evaluate(text('#connection'))).toBe('signed out');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Sign in');
    // Who looks at what is left finds the way in the header, and not the name of who it was.
    await page.evaluate(click('#signed-out [type=submit]'));
    await page.until(`${isShown('header .sign-in-again')} && !(${isShown('#account')})`);
    await page.evaluate(click('header .sign-in-again'));
    await page.until(at('/sign-in'));
  },
);
