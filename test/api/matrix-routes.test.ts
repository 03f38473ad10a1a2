/** Who may reach what by HTTP, tried: every route by nobody, by each role, by somebody who is limited, and with wrong tokens. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from './harness.ts';
import { ASKERS, type MatrixAccess, NOBODY, openMatrixAccess } from './matrix-askers.ts';
import { bearer } from './matrix-transports.ts';

let access: MatrixAccess;
let api: TestApi;
beforeAll(async () => {
  access = await openMatrixAccess();
  const { authenticator, signIns } = access;
  const signIn = { signIns, issuer: null, onEvent: () => {} };
  api = await openTestApi({}, { authenticator, signIn, limits: { requestRate: 100_000 } });
});
afterAll(() => api.close());

interface Route {
  /** In the words of the test. */
  name: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The status for those who are let in nowhere, for viewers, and for operators and admins; for the limited ones and for admins, where that differs. */
  nobody: number;
  viewer: number;
  operator: number;
  limited?: number;
  admin?: number;
}

/** Open to all, whatever they show. */
const toAll = (status: number) => ({ nobody: status, viewer: status, operator: status });
/** To operators alone. */
const toOperators = (status: number) => ({ nobody: 401, viewer: 403, operator: status });

const JSON_TYPE = { 'content-type': 'application/json' };
const TUS = { 'tus-resumable': '1.0.0' };
const VIDEO = { 'content-type': 'video/mp4' };
const UPLOAD = `/uploads/${'0'.repeat(32)}`;
/** Whom a proxy on this machine asks for. */
const FROM_AFAR = { 'x-forwarded-for': '192.0.2.1' };

const ROUTES: Route[] = [
  {
    name: 'GraphQL by POST',
    path: '/graphql',
    method: 'POST',
    headers: JSON_TYPE,
    body: '{"query":"{__typename}"}',
    nobody: 401,
    viewer: 200,
    operator: 200,
  },
  {
    name: 'GraphQL by POST with what is no query',
    path: '/graphql',
    method: 'POST',
    headers: JSON_TYPE,
    body: '{',
    nobody: 401,
    viewer: 400,
    operator: 400,
  },
  {
    name: 'GraphQL by GET',
    path: '/graphql?query={__typename}',
    headers: { 'x-requested-with': 'a test' },
    nobody: 401,
    viewer: 200,
    operator: 200,
  },
  { name: 'GraphQL by DELETE', path: '/graphql', method: 'DELETE', nobody: 401, viewer: 405, operator: 405 },
  { name: 'a question before GraphQL', path: '/graphql', method: 'OPTIONS', ...toAll(204) },
  {
    name: 'the page of GraphiQL',
    path: '/graphql',
    headers: { accept: 'text/html', 'accept-encoding': 'identity' },
    ...toAll(200),
  },
  {
    name: 'an upload',
    path: '/uploads',
    method: 'POST',
    headers: VIDEO,
    body: 'frames',
    ...toOperators(201),
  },
  {
    name: 'an upload by tus',
    path: '/uploads',
    method: 'POST',
    headers: { ...TUS, 'upload-length': '6' },
    ...toOperators(201),
  },
  { name: 'how far an upload has come', path: UPLOAD, method: 'HEAD', headers: TUS, ...toOperators(404) },
  {
    name: 'the rest of an upload',
    path: UPLOAD,
    method: 'PATCH',
    headers: { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
    body: 'frames',
    ...toOperators(404),
  },
  { name: 'the end of an upload', path: UPLOAD, method: 'DELETE', headers: TUS, ...toOperators(404) },
  { name: 'a question before an upload', path: '/uploads', method: 'OPTIONS', ...toAll(204) },
  { name: 'the list of uploads, which there is not', path: '/uploads', ...toOperators(405) },
  { name: 'an upload that is read, which cannot be', path: UPLOAD, ...toOperators(405) },
  {
    name: 'sending video to no address',
    path: '/ingest/nothing',
    method: 'PUT',
    body: 'video',
    ...toAll(404),
  },
  { name: 'reading what is sent, which cannot be', path: '/ingest/nothing', ...toAll(405) },
  { name: 'health', path: '/health', ...toAll(200) },
  { name: 'readiness, from this machine', path: '/ready', ...toAll(200) },
  {
    name: 'readiness, from afar',
    path: '/ready',
    headers: FROM_AFAR,
    nobody: 401,
    viewer: 200,
    operator: 200,
  },
  { name: 'metrics, from this machine', path: '/metrics', ...toAll(200) },
  {
    name: 'metrics, from afar',
    path: '/metrics',
    headers: FROM_AFAR,
    nobody: 401,
    viewer: 200,
    operator: 200,
    limited: 403,
  },
  { name: 'the dashboard', path: '/', ...toAll(200) },
  { name: 'the page on which one signs in', path: '/sign-in', ...toAll(200) },
  { name: 'a script of the dashboard', path: '/web/client.js', ...toAll(200) },
  { name: 'nothing', path: '/nothing', ...toAll(404) },
  {
    name: 'an export of what there is not',
    path: '/export/nothing',
    nobody: 401,
    viewer: 404,
    operator: 404,
  },
  {
    name: 'the recording of a session that there is not',
    path: '/media/sessions/nothing',
    nobody: 401,
    viewer: 404,
    operator: 404,
  },
  {
    name: 'a recording by another method',
    path: '/media/sessions/nothing',
    method: 'DELETE',
    nobody: 401,
    viewer: 405,
    operator: 405,
  },
  {
    name: 'the picture of a session that there is not',
    path: '/preview/nothing',
    nobody: 401,
    viewer: 404,
    operator: 404,
  },
  {
    name: 'a picture by another method',
    path: '/preview/nothing',
    method: 'POST',
    nobody: 401,
    viewer: 405,
    operator: 405,
  },
  { name: 'the notice for those who are filmed', path: '/notice', ...toAll(200) },
  { name: 'who is signed in', path: '/auth/who', ...toAll(200) },
  {
    name: 'signing in by another page',
    path: '/auth/sign-in',
    method: 'POST',
    headers: JSON_TYPE,
    body: '{"token":"mien"}',
    ...toAll(403),
  },
  {
    name: 'signing out by another page',
    path: '/auth/sign-out',
    method: 'POST',
    headers: JSON_TYPE,
    body: '{}',
    ...toAll(403),
  },
  { name: 'signing in at an issuer, where there is none', path: '/auth/oidc', ...toAll(303) },
  { name: 'the way back from an issuer', path: '/auth/callback', ...toAll(303) },
  {
    name: 'the end of the way back from an issuer',
    path: '/auth/callback',
    method: 'POST',
    headers: JSON_TYPE,
    body: '{}',
    ...toAll(403),
  },
  {
    name: 'a command that looks for its server, and challenges it with nothing',
    path: '/command',
    ...toAll(404),
  },
  { name: 'nothing of signing in', path: '/auth/nothing', ...toAll(404) },
];

const statusOf = (route: Route, asker: string) => {
  if (!(asker in ASKERS)) return route.nobody;
  if (route.admin !== undefined && asker === 'admin') return route.admin;
  if (route.limited !== undefined && asker.startsWith('limited')) return route.limited;
  return asker.endsWith('viewer') ? route.viewer : route.operator;
};

/** Paths, and beginnings of such, that the sources answer to. */
function pathsInSources(): string[] {
  const read = (path: string, pattern: RegExp) =>
    [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, found]) => found!);
  return [
    ...read('src/api/http/http-server.ts', /path(?: === |\.startsWith\()'([^']+)'/g),
    ...read('src/api/http/probes.ts', /path === '([^']+)'/g),
    ...read('src/api/sign-in/sign-in-endpoint.ts', /'(?:GET|POST) (\/[^']+)'/g),
    ...read('src/api/http/static-files.ts', /: '(\/[^']*)'/g),
  ];
}

test('every route that the sources answer to is in the matrix', () => {
  const paths = pathsInSources();
  expect(paths).toEqual(expect.arrayContaining(['/uploads', '/metrics', '/auth/who', '/sign-in']));
  expect(paths.filter((path) => !ROUTES.some((route) => route.path.startsWith(path)))).toEqual([]);
});

describe.each(ROUTES)('$name', (route) => {
  test.each([...NOBODY, ...Object.keys(ASKERS)])('%s', async (asker) => {
    const { path, method = 'GET', headers, body } = route;
    const response = await fetch(api.url + path, {
      ...{ method, redirect: 'manual', headers: { ...headers, ...bearer(access.tokens.get(asker) ?? null) } },
      ...(body !== undefined && { body }),
    });
    const isExpected = response.status === statusOf(route, asker);
    // Of all else the body says nothing here, and GraphiQL has 9 MB.
    const isRead = !isExpected || [401, 403].includes(response.status);
    const text = isRead ? await response.text() : '';
    if (!isRead) await response.body?.cancel();
    expect({ status: response.status, text: isExpected ? '' : text }).toEqual({
      ...{ status: statusOf(route, asker), text: '' },
    });
    if (response.status === 401 && !path.startsWith('/auth/'))
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="mien"');
    if (method === 'HEAD' || ![401, 403].includes(response.status)) return;
    const code = response.status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code } }] });
  });
});
