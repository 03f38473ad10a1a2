/** What people get wrong, through the whole server: each costs a sentence with a code, and the server goes on. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { counting, type MediaDir, MPEG4 } from '../ingest/media.ts';
import { ended, openPlace, type Place } from './place.ts';
import type { Server } from './server.ts';

const REGISTER = `mutation ($input: RegisterStreamInput!) {
  registerStream(input: $input) { alreadyRegistered session { id } stream { id latestSession { id } } }
}`;
const SESSION = `query ($id: ID!) {
  session(id: $id) { state failure summary { frames faces coverage } timeline(first: 5) { edges { node { seq faces { track } } } } }
}`;

interface Answer {
  data: { registerStream: { stream: { id: string; latestSession: { id: string } } } } | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

let place: Place;
let media: MediaDir;
let server: Server;
beforeAll(async () => {
  place = await openPlace(fill, { MIEN_DEMO: 'false' });
  ({ media, server } = place);
});
afterAll(() => place?.close());

async function fill(media: MediaDir): Promise<void> {
  await media.make(`${counting({ seconds: 2 })} ${MPEG4} plain.mp4`);
  await media.make('-f lavfi -i sine=d=1 sound.mkv');
  await media.make('-f lavfi -i testsrc2=s=160x120:d=1 -frames:v 1 -pix_fmt yuvj420p cut.jpg');
  await writeFile(media.at('cut.jpg'), (await readFile(media.at('cut.jpg'))).subarray(0, -1000));
  await writeFile(media.at('empty.mp4'), '');
  await writeFile(media.at('text.mp4'), 'not a video at all');
  await writeFile(media.at('playlist.mp4'), '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n');
}

it.each([
  ['a file that is not video', { file: 'text.mp4' }, 'SOURCE_NOT_VIDEO'],
  ['a file of no length', { file: 'empty.mp4' }, 'SOURCE_NOT_VIDEO'],
  ['sound alone', { file: 'sound.mkv' }, 'SOURCE_NOT_VIDEO'],
  ['a playlist that calls itself video', { file: 'playlist.mp4' }, /^SOURCE_(NOT_VIDEO|REFUSED)$/],
  ['a path outside the media directory', { file: '../../etc/passwd' }, 'SOURCE_REFUSED'],
  ['a file that is not there', { file: 'nowhere.mp4' }, 'SOURCE_UNREACHABLE'],
  ['a private address', { url: 'http://127.0.0.1:9/clip.mp4' }, /^(SOURCE_REFUSED|FFMPEG_MISSING)$/],
  ['an upload that never was', { upload: 'nosuchtoken' }, /^(SOURCE_UNREACHABLE|NOT_FOUND|BAD_INPUT)$/],
])('refuses %s with a sentence and a code', async (name, source, code) => {
  const { data, errors } = await register({ name, source, purpose: 'RESEARCH' });
  expect(data).toBeNull();
  expect(errors?.[0]?.extensions?.code).toMatch(code);
  expect(errors?.[0]?.message).toMatch(/\w{3,}.*\.$/s);
});

it.each(['WORKPLACE', 'EDUCATION'])('refuses the purpose %s', async (purpose) => {
  const { errors } = await register({ name: purpose, source: { file: 'plain.mp4' }, purpose });
  expect(errors?.[0]?.extensions?.code).toBe('PURPOSE_REFUSED');
});

it('a stream removed while it runs ends its subscribers, and takes its upload along', async () => {
  const uploads = join(place.dataDir, 'uploads');
  const token = await upload('plain.mp4', 'video/mp4');
  const { data } = await register({
    ...{ name: 'Removed', source: { upload: token }, purpose: 'RESEARCH', loop: true, realtime: true },
  });
  const { id, latestSession } = data!.registerStream.stream;
  expect(await readdir(uploads)).toContain(token);
  const client = server.socket();
  const seen = client.iterate<{ frameEmotions: { seq: number } }>({
    query: `subscription { frameEmotions(streamId: "${id}") { seq } }`,
  });
  expect((await seen.next()).value.data.frameEmotions.seq).toBeGreaterThanOrEqual(0);
  const removed = await server.query(`mutation { removeStream(input: { id: "${id}" }) { removedStreamId } }`);
  expect(removed).toEqual({ removeStream: { removedStreamId: id } });
  while (!(await seen.next()).done);
  await client.dispose();
  expect(await readdir(uploads)).not.toContain(token);
  const gone = await server.query(`{ session(id: "${latestSession.id}") { id } stream(id: "${id}") { id } }`);
  expect(gone).toEqual({ session: null, stream: null });
});

it('a video without faces is scored to its end: frames, and nobody in them', async () => {
  const { data } = await register({
    name: 'Nobody',
    source: { file: 'plain.mp4' },
    purpose: 'MEDIA_ANALYTICS',
  });
  const id = data!.registerStream.stream.latestSession.id;
  const session = await ended(() => sessionOf(id));
  expect(session).toMatchObject({
    state: 'ENDED',
    failure: null,
    summary: { frames: 20, faces: 0, coverage: 1 },
  });
  expect(session.timeline.edges.map(({ node }) => node.faces)).toEqual([[], [], [], [], []]);
});

it.each([
  ['registered', async () => ({ file: 'cut.jpg' }), '"cut.jpg"'],
  ['uploaded', async () => ({ upload: await upload('cut.jpg', 'image/jpeg') }), 'The upload'],
])(
  'a damaged picture that is %s is scored as far as it goes, and its session says so',
  async (how, source, name) => {
    const { data } = await register({ name: how, source: await source(), purpose: 'RESEARCH' });
    const session = await ended(() => sessionOf(data!.registerStream.stream.latestSession.id));
    expect(session).toMatchObject({ state: 'FAILED', summary: { frames: 1, faces: 0 } });
    expect(session.failure).toBe(
      `${name} is cut off or damaged: only a part of it could be read; copy it again.`,
    );
  },
);

it('the same again gives the stream that exists, with other settings it is refused, and stopping what is stopped is harmless', async () => {
  const input = { name: 'Nobody', source: { file: 'plain.mp4' }, purpose: 'MEDIA_ANALYTICS' };
  const again = await register(input);
  expect(again.data!.registerStream).toMatchObject({
    alreadyRegistered: true,
    session: { id: again.data!.registerStream.stream.latestSession.id },
  });
  expect((await register({ ...input, loop: true })).errors?.[0]?.extensions?.code).toBe('CONFLICT');
  const { streams } = await server.query<{ streams: { nodes: { id: string }[] } }>(
    '{ streams { nodes { id } } }',
  );
  const stop = 'mutation ($id: ID!) { stopStream(input: { id: $id }) { session { state } } }';
  expect(await server.query(stop, { id: streams.nodes[0]!.id })).toEqual({
    stopStream: { session: { state: 'ENDED' } },
  });
});

it('the server is up after all bad input', async () => {
  expect((await fetch(new URL('/ready', server.url))).status).toBe(200);
  expect(server.process.exitCode).toBeNull();
});

async function upload(name: string, type: string): Promise<string> {
  const response = await fetch(new URL('/uploads', server.url), {
    method: 'POST',
    headers: { 'content-type': type },
    body: await readFile(media.at(name)),
  });
  return ((await response.json()) as { token: string }).token;
}

async function register(input: object): Promise<Answer> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: REGISTER, variables: { input } }),
  });
  return (await response.json()) as Answer;
}

interface Ended {
  state: string;
  failure: string | null;
  summary: object;
  timeline: { edges: { node: { faces: unknown[] } }[] };
}

async function sessionOf(id: string): Promise<Ended> {
  return (await server.query<{ session: Ended }>(SESSION, { id })).session;
}
