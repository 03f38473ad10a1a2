/** The media directory, listed over the API, and a file of it registered. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listMediaFiles } from '../../src/ingest/source/media-files.ts';
import { ask as post } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-media-'));
  await mkdir(join(directory, 'lectures'));
  for (const name of ['a.mp4', 'lectures/1.mov', 'lectures/2.png'])
    await writeFile(join(directory, name), 'abc');
  world = await openWorld({
    servicesOf: (services) => ({ ...services, mediaFiles: (query) => listMediaFiles(directory, query) }),
  });
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true });
});

const ask = (query: string, variables: Record<string, unknown> = {}) => post(world.url, query, variables);
const FILES = `query ($first: Int, $after: String, $filter: MediaFileFilter) {
  mediaFiles(first: $first, after: $after, filter: $filter) {
    nodes { path kind size modifiedAt } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;

it('it is listed in pages, and a file of it is registered as it is named there', async () => {
  const one = (await ask(FILES, { first: 2 })).data.mediaFiles;
  expect(one.nodes).toEqual([
    { path: 'a.mp4', kind: 'VIDEO', size: 3, modifiedAt: expect.stringMatching(/Z$/) },
    { path: 'lectures/1.mov', kind: 'VIDEO', size: 3, modifiedAt: expect.any(String) },
  ]);
  expect(one.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  const two = (await ask(FILES, { first: 2, after: one.pageInfo.endCursor })).data.mediaFiles;
  expect(two.nodes).toMatchObject([{ path: 'lectures/2.png', kind: 'PICTURE' }]);
  expect(two.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  const input = { name: 'a', source: { file: one.nodes[1].path }, purpose: 'RESEARCH', autoStart: false };
  const register =
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { source { location } } } }';
  expect((await ask(register, { input })).data.registerStream.stream.source.location).toBe('lectures/1.mov');
});

it('it is filtered', async () => {
  const filter = { folder: 'lectures', name: 'LECT', kinds: ['VIDEO'] };
  expect((await ask(FILES, { filter })).data.mediaFiles.nodes).toMatchObject([{ path: 'lectures/1.mov' }]);
});

it.each([
  [{ filter: { folder: '../..' } }, 'NOT_FOUND', /^There is no folder "..\/.." in the media directory/],
  [{ filter: { folder: '' } }, 'BAD_INPUT', /^`filter.folder` must have 1 to 4096 characters.$/],
  [{ filter: { name: 'a\0' } }, 'BAD_INPUT', /^`filter.name` must have 1 to 4096 characters.$/],
  [{ after: 'x' }, 'CURSOR_INVALID', /^This is no cursor of this list/],
  [{ after: Buffer.from('{"a":1}').toString('base64url') }, 'CURSOR_INVALID', /^This is no cursor/],
  [{ first: 1001 }, 'BAD_INPUT', /^`first` must be at most 1000/],
])('%j is refused with %s', async (variables, code, message) => {
  const { errors } = await ask(FILES, variables);
  expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code } }]);
});

it('it is not paged backwards', async () => {
  const { errors } = await ask('{ mediaFiles(last: 1) { nodes { path } } }');
  expect(errors).toMatchObject([
    {
      message: 'Files are listed forwards only: page with `first` and `after`.',
      extensions: { code: 'BAD_INPUT' },
    },
  ]);
});
