/** The client against the server: what it asks and is refused, how it resumes over each transport, uploads. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  ConnectionLost,
  createMien,
  eventStream,
  type FollowOptions,
  type MienError,
  type MienOptions,
  type Moment,
  RegisterStreamDocument,
  StartStreamDocument,
  StopStreamDocument,
  StreamDocument,
  StreamsDocument,
} from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';
import { until } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { openProxy, type TcpProxy } from '../helpers/proxy.ts';

const TRANSPORTS = {
  'server-sent events': eventStream,
  'a WebSocket': () => webSocket({ webSocketImpl: WebSocket }),
};

let world: World;
let token: string;
let streamId: string;
beforeAll(async () => {
  world = await openWorld({ auth: true });
  token = (await world.token('OPERATOR')).authorization.replace('Bearer ', '');
  const { registerStream } = await client().request(RegisterStreamDocument, {
    input: { name: 'endless', source: { file: 'endless.mp4' }, purpose: 'RESEARCH', realtime: true },
  });
  streamId = registerStream.stream.id;
});
afterAll(() => world.close());

function client(options: MienOptions = {}) {
  return createMien({ url: world.url, token, ...options });
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );
/** As many as are wanted, then the loop is left. */
async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) if (taken.push(item) === count) break;
  return taken;
}
const seqsOf = (moments: readonly { seq: number }[]) => moments.map(({ seq }) => seq);
const noneLeft = () => until(() => world.bus.subscribers === 0, 'no subscription is left');

describe('a request', () => {
  test('is answered with what its document says', async () => {
    const { streams } = await client().request(StreamsDocument, { first: 5 });
    expect(streams.nodes).toMatchObject([{ id: streamId, name: 'endless', purpose: 'RESEARCH' }]);
    const { stream } = await client().request(StreamDocument, { id: streamId });
    expect(stream?.latestSession?.state).toBe('RUNNING');
    const { models } = await client().request<{ models: { id: string }[] }>('{ models { id } }');
    expect(models).toEqual([{ id: 'test@1' }]);
  });

  test('that is refused says with which code, where, and in the server’s words', async () => {
    const input = { name: '', source: { file: 'a.mp4' }, purpose: 'RESEARCH' } as const;
    const error = await failure(client().request(RegisterStreamDocument, { input }));
    expect(error).toMatchObject({
      name: 'MienError',
      code: 'BAD_INPUT',
      errorId: null,
      path: ['registerStream'],
    });
    expect((error as MienError).message).toMatch(/name/i);
  });

  test('that goes wrong on the server says under which number its log tells more', async () => {
    const input = { name: 'b', source: { file: 'broken.mp4' }, purpose: 'RESEARCH' } as const;
    const error = await failure(client().request(RegisterStreamDocument, { input }));
    expect(error).toMatchObject({ code: 'INTERNAL', errorId: expect.stringMatching(/^\S{8,}$/) });
  });

  test('without a token is refused, and whoever made the client is told', async () => {
    const told: MienError[] = [];
    const stranger = createMien({ url: world.url, onUnauthenticated: (error) => told.push(error) });
    const error = await failure(stranger.request(StreamsDocument));
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(told).toEqual([error]);
  });

  test('asks for its token anew each time', async () => {
    const tokens = ['mien_wrong', token];
    const renewing = client({ token: async () => tokens.shift() ?? '' });
    expect(await failure(renewing.request(StreamsDocument))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await failure(renewing.request(StreamsDocument))).toBeNull();
  });

  test('that is aborted is told with the reason, and one to a server that is not there as a connection lost', async () => {
    const reason = new Error('no longer wanted');
    const signal = AbortSignal.abort(reason);
    expect(await failure(client().request(StreamsDocument, {}, { signal }))).toBe(reason);
    const nowhere = createMien({ url: 'http://127.0.0.1:9' });
    expect(await failure(nowhere.request(StreamsDocument))).toBeInstanceOf(ConnectionLost);
  });

  test('goes below the address of the server, also where it lies in a folder', async () => {
    const asked: string[] = [];
    const spy: typeof fetch = async (input) => {
      asked.push(String(input));
      return Response.json({ data: {} });
    };
    for (const url of ['https://a.example', 'https://a.example/mien', 'https://a.example/mien/'])
      await createMien({ url, fetch: spy }).request('{ models { id } }');
    const folder = 'https://a.example/mien/graphql';
    expect(asked).toEqual(['https://a.example/graphql', folder, folder]);
  });
});

describe.each(Object.entries(TRANSPORTS))('over %s', (name, transport) => {
  const following = (options: MienOptions = {}) => client({ transport: transport(), ...options });
  const proxied = async (): Promise<{ proxy: TcpProxy; url: string }> => {
    const proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(world.url).port) });
    onTestFinished(() => proxy.close());
    return { proxy, url: `http://127.0.0.1:${proxy.port}` };
  };

  test(`moments come in order over ${name}, and nothing is left behind when the loop is left`, async () => {
    const moments: Moment[] = await take(following().frameEmotions({ streamId }), 5);
    const seqs = seqsOf(moments);
    expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
    expect(moments[0]).toMatchObject({ faces: [{ track: 1, box: { width: 0.5 } }, { track: 2 }] });
    await noneLeft();
  });

  test(`connections that break over ${name} lose no moment and repeat none`, async () => {
    const { proxy, url } = await proxied();
    const states: string[] = [];
    const moments = following({ url }).frameEmotions(
      { streamId },
      { onConnection: ({ state }) => states.push(state), pause: async () => proxy.mend() },
    );
    const seqs: number[] = [];
    for await (const { seq } of moments) {
      if (seqs.push(seq) === 60) break;
      if (seqs.length % 20 === 0) proxy.cut();
    }
    expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
    expect(states.filter((state) => state === 'lost').length).toBeGreaterThanOrEqual(2);
    expect(states.slice(0, 2)).toEqual(['connecting', 'live']);
    await noneLeft();
  });

  test(`a loop over ${name} that is aborted ends without an error, also while nothing comes`, async () => {
    const { registerStream } = await client().request(RegisterStreamDocument, {
      input: { name: `silent ${name}`, source: { file: 'silent.mp4' }, purpose: 'RESEARCH' },
    });
    const stop = new AbortController();
    const moments = following().frameEmotions(
      { streamId: registerStream.stream.id },
      { signal: stop.signal },
    );
    const all = take(moments, 1);
    await until(() => world.bus.subscribers === 1, 'it is subscribed');
    stop.abort();
    expect(await all).toEqual([]);
    await noneLeft();
  });

  test(`a cursor that is too old ends the loop over ${name} with the server’s sentence, or is told and passed over`, async () => {
    const removed = await removedSession(name);
    const follow = (options: FollowOptions) =>
      following().frameEmotions({ streamId: removed.streamId }, { after: removed.after, ...options });
    expect(await failure(take(follow({}), 1))).toMatchObject({ code: 'CURSOR_EXPIRED' });
    const gaps: string[] = [];
    const onGap = ({ code }: MienError) => gaps.push(code);
    expect(await take(follow({ onGap }), 1)).toHaveLength(1);
    expect(gaps).toEqual(['CURSOR_EXPIRED']);
    await noneLeft();
  });

  test(`errors that stay end the loop over ${name} at once`, async () => {
    const nobody = { streamId: '0190b0f0-0000-7000-8000-00000000dead' };
    expect(await failure(take(following().frameEmotions(nobody), 1))).toMatchObject({ code: 'NOT_FOUND' });
    const told: string[] = [];
    const stranger = following({ token: 'mien_wrong', onUnauthenticated: ({ code }) => told.push(code) });
    const refused = await failure(take(stranger.frameEmotions({ streamId }), 1));
    expect(refused).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(/token.* revoked or has expired/),
    });
    expect(told).toEqual(['UNAUTHENTICATED']);
  });
});

/** A stream that runs, and a cursor of a session of it that was removed. */
async function removedSession(name: string): Promise<{ streamId: string; after: string }> {
  const mien = client();
  const { registerStream } = await mien.request(RegisterStreamDocument, {
    input: { name, source: { file: `endless ${name}.mp4` }, purpose: 'RESEARCH', realtime: true },
  });
  const { id } = registerStream.stream;
  const [moment] = await take(mien.frameEmotions({ streamId: id }), 1);
  const { stopStream } = await mien.request(StopStreamDocument, { id });
  const input = { id: stopStream.session.id };
  const remove = `mutation ($input: RemoveSessionInput!) { removeSession(input: $input) { removedSessionId } }`;
  await mien.request(remove, { input });
  await mien.request(StartStreamDocument, { id });
  return { streamId: id, after: moment!.cursor };
}

describe('an upload', () => {
  const VIDEO = Buffer.from(Uint8Array.from({ length: 90_000 }, (_, index) => index % 251));

  test('tells how far it is, and gives the token by which a stream is registered', async () => {
    const progress: number[] = [];
    const upload = await client().upload(VIDEO, { onProgress: (fraction) => progress.push(fraction) });
    expect((await readFile(join(world.uploadsDir, upload))).equals(VIDEO)).toBe(true);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
  });

  test('of a file is what the file holds; of one that cannot be read it says so', async () => {
    const path = join(world.uploadsDir, '..', 'video');
    await writeFile(path, VIDEO);
    const upload = await client().upload(createReadStream(path));
    expect((await readFile(join(world.uploadsDir, upload))).equals(VIDEO)).toBe(true);
    const missing = createReadStream(join(world.uploadsDir, 'nowhere'));
    const ended = new Promise<void>((resolve) => missing.once('close', () => resolve()));
    expect(await failure(client().upload(missing))).toMatchObject({ code: 'ENOENT' });
    // Nor is it an error of the process.
    await ended;
  });

  test('of what is no file says so at once', async () => {
    const error = await failure(client().upload('text' as never));
    expect(error).not.toBeInstanceOf(ConnectionLost);
    expect(String(error)).toContain('source object');
  });

  test('that is refused says why', async () => {
    const tooLong = Buffer.alloc(100_001);
    expect(await failure(client().upload(tooLong))).toMatchObject({
      name: 'MienError',
      code: 'UPLOAD_TOO_LARGE',
    });
    const stranger = createMien({ url: world.url });
    expect(await failure(stranger.upload(VIDEO))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('that no stream has taken can be removed, more than once', async () => {
    const token = await client().upload(VIDEO);
    await client().discardUpload(token);
    expect(await readdir(world.uploadsDir)).not.toContain(token);
    await client().discardUpload(token);
  });

  test('that is aborted leaves nothing on the server', async () => {
    const before = await readdir(world.uploadsDir);
    const stop = new AbortController();
    const reason = new Error('enough');
    const sending = client().upload(VIDEO, { signal: stop.signal, onProgress: () => stop.abort(reason) });
    expect(await failure(sending)).toBe(reason);
    await until(async () => (await readdir(world.uploadsDir)).length <= before.length, 'it is removed');
  });
});
