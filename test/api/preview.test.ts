/** `/preview/{session}`: pictures with the seq of their moments, to those who may see the stream, while it allows it. */
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { PictureEncoder } from '../../src/ingest/pictures/picture-encoder.ts';
import { createPreviews } from '../../src/preview/previews.ts';
import { type Part, partsOf } from '../helpers/preview-parts.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

vi.setConfig({ testTimeout: 60_000 });

const MOST = 3;
const encoder = new PictureEncoder(async () => []);
let watchers = 0;
let world: World;
let operator: { authorization: string };
beforeAll(async () => {
  const previews = createPreviews({
    encode: (picture) => encoder.encode({ ...picture, longerSide: 64 }),
    most: MOST,
    onFailed: (error) => {
      throw error;
    },
    onWatchers: (count) => {
      watchers = count;
    },
  });
  world = await openWorld({
    auth: true,
    openPictures: previews.open,
    openSource: async (_source, { signal }) => ({
      info: { kind: 'file', live: true, width: 128, height: 96, duration: null, codec: 'h264', rotation: 0 },
      frames: shaded(signal),
      setFrameRate() {},
    }),
    servicesOf: (services) => ({
      ...services,
      previews: { watch: previews.watch, assertAble: async () => {} },
    }),
  });
  operator = await world.token('OPERATOR');
});
afterAll(async () => {
  await world?.close();
  await encoder.close();
});

/** Of each frame the shade tells its number, modulo twenty. */
async function* shaded(signal: AbortSignal): AsyncGenerator<Frame> {
  for (let index = 0; !signal.aborted; index++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const pixels = new Uint8Array(new SharedArrayBuffer(128 * 96)).fill((index % 20) * 12);
    yield {
      pixels,
      width: 128,
      height: 96,
      mediaTime: index / 10,
      wallTime: Date.now(),
      dropped: {},
      release: () => void pixels.fill(255),
    };
  }
}

async function running(
  preview: boolean,
  site: string,
  name = `${site} ${preview}`,
): Promise<{ stream: string; session: string; url: string | null }> {
  const input = {
    name,
    source: { file: `endless ${name}` },
    purpose: 'RESEARCH',
    preview,
    tags: [{ key: 'site', value: site }],
  };
  const { data } = await ask(
    world.url,
    'mutation($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id preview } } }',
    { input },
    operator,
  );
  expect(data.registerStream.stream.preview).toBe(preview);
  const stream = data.registerStream.stream.id;
  const latest = await vi.waitUntil(
    async () => {
      const found = await ask(
        world.url,
        `{ stream(id: "${stream}") { latestSession { id state previewUrl } } }`,
        {},
        operator,
      );
      const session = found.data.stream.latestSession;
      return session?.state === 'RUNNING' && session;
    },
    { timeout: 30_000 },
  );
  return { stream, session: latest.id, url: latest.previewUrl };
}

const look = (session: string, headers = operator, signal?: AbortSignal) =>
  fetch(`${world.url}/preview/${session}`, { headers, ...(signal && { signal }) });

async function firstOf(response: Response, count: number): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of partsOf(response)) if (parts.push(part) === count) break;
  return parts;
}

/** Resolves when no more comes. */
async function ended(response: Response): Promise<void> {
  for await (const _ of partsOf(response));
}

test('pictures come with the seq and the time of their own moments, and nobody may keep them', async () => {
  const { session, url } = await running(true, 'lab');
  expect(url).toBe(`/preview/${session}`);
  const response = await look(session);
  expect(response.headers.get('content-type')).toBe('multipart/x-mixed-replace; boundary=mien-picture');
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
  const parts = await firstOf(response, 5);
  for (const [index, { seq, mediaTime, jpeg }] of parts.entries()) {
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([64, 48]);
    // A frame before or behind it would be 12 shades off.
    expect(Math.abs(data[100]! - (seq % 20) * 12)).toBeLessThan(6);
    expect(mediaTime).toBeCloseTo(seq / 10, 1);
    expect(seq).toBeGreaterThan(parts[index - 1]?.seq ?? -1);
  }
  await vi.waitUntil(() => watchers === 0);
});

test('a stream allows it only where that was said, and until it is said otherwise', async () => {
  const { stream, session, url } = await running(false, 'shop');
  expect(url).toBeNull();
  const refused = await look(session);
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('updateStream')]);
  const set = (preview: boolean) =>
    ask(
      world.url,
      'mutation($input: UpdateStreamInput!) { updateStream(input: $input) { stream { preview } atNextSession } }',
      { input: { id: stream, preview } },
      operator,
    );
  expect((await set(true)).data.updateStream).toEqual({ stream: { preview: true }, atNextSession: [] });
  const response = await look(session);
  expect(response.status).toBe(200);
  await set(false);
  await ended(response);
  await vi.waitUntil(() => watchers === 0);
});

test('who is limited to some tags sees those, is told of no others, and none once the tags are others; a viewer is enough', async () => {
  const { stream, session } = await running(true, 'lab', 'limited');
  const mine = await world.token('VIEWER', { site: 'lab' });
  const [own, other] = await Promise.all([
    look(session, mine),
    look(session, await world.token('VIEWER', { site: 'hall' })),
  ]);
  expect([own.status, other.status]).toEqual([200, 404]);
  const input = { id: stream, tags: [{ key: 'site', value: 'hall' }] };
  await ask(
    world.url,
    'mutation($input: UpdateStreamInput!) { updateStream(input: $input) { stream { id } } }',
    { input },
    operator,
  );
  await ended(own);
});

test('a token that is revoked ends it; without one there is none; a session that ends ends it', async () => {
  const { stream, session } = await running(true, 'lab', 'revoked');
  expect((await look(session, {} as typeof operator)).status).toBe(401);
  const admin = await world.token('ADMIN');
  const made = await ask(
    world.url,
    'mutation { createToken(input: { name: "who looks", role: VIEWER }) { secret token { id } } }',
    {},
    admin,
  );
  const { secret, token } = made.data.createToken;
  const response = await look(session, { authorization: `Bearer ${secret}` });
  expect(response.status).toBe(200);
  const cut = expect(ended(response)).rejects.toThrow();
  await ask(
    world.url,
    'mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { id } } }',
    { id: token.id },
    admin,
  );
  await cut;
  const still = await look(session);
  await ask(world.url, `mutation { stopStream(input: { id: "${stream}" }) { stream { id } } }`, {}, operator);
  await ended(still);
  const over = await look(session);
  expect([over.status, await over.text()]).toEqual([404, expect.stringContaining('does not run')]);
});

test(`${MOST} look at a time, and the next is told so; looking is in the audit, once`, async () => {
  const { session } = await running(true, 'lab', 'full');
  const stop = new AbortController();
  const open = await Promise.all(Array.from({ length: MOST }, () => look(session, operator, stop.signal)));
  expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
  const refused = await look(session);
  expect([refused.status, await refused.text()]).toEqual([
    429,
    expect.stringContaining('look at pictures of this server'),
  ]);
  stop.abort();
  await vi.waitUntil(() => watchers === 0);
  const entries = await world.store.prisma.auditEntry.findMany({ where: { targetId: session } });
  expect(entries.filter(({ action }) => action === 'EXPORT')).toHaveLength(1);
});
