/** The hooks in components that React renders, against the server. */
import { Window } from 'happy-dom';
import { createElement } from 'react';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createMien, type Mien, RegisterStreamDocument } from '../../clients/typescript/src/index.ts';
import {
  type FrameEmotionsState,
  MienProvider,
  type UseFrameEmotionsOptions,
  useFrameEmotions,
  useMien,
} from '../../clients/typescript/src/react.ts';
import { until } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';

let world: World;
let mien: Mien;
let streams: string[];
beforeAll(async () => {
  const window = new Window();
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', window.document);
  vi.stubGlobal('navigator', window.navigator);
  world = await openWorld();
  mien = createMien({ url: world.url });
  streams = await Promise.all(['endless 1', 'endless 2'].map(register));
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await world.close();
});

async function register(name: string): Promise<string> {
  const { registerStream } = await mien.request(RegisterStreamDocument, {
    input: { name, source: { file: `${name}.mp4` }, purpose: 'RESEARCH', realtime: true },
  });
  return registerStream.stream.id;
}

type Watched = { streamId: string } & UseFrameEmotionsOptions;

/** Renders a component with the hook; what it has is written down each time. */
async function mount(first: Watched) {
  const { createRoot } = await import('react-dom/client');
  const root = createRoot(document.createElement('div'));
  const seen: FrameEmotionsState[] = [];
  const Watch = ({ streamId, ...options }: Watched) => {
    // A new object each time, as components write it.
    seen.push(useFrameEmotions({ streamId }, options));
    return null;
  };
  const render = (watched: Watched) =>
    root.render(createElement(MienProvider, { mien }, createElement(Watch, watched)));
  onTestFinished(() => root.unmount());
  render(first);
  await until(() => seen.length > 0, 'it is rendered');
  return { seen, render, unmount: () => root.unmount(), last: () => seen.at(-1)! };
}

const isOver = () => until(() => world.bus.subscribers === 0, 'no subscription is left');

test('useFrameEmotions has the newest moments, in order and without a gap, while it is mounted', async () => {
  const { last, unmount } = await mount({ streamId: streams[0]!, keep: 10 });
  await until(() => last().moments.length === 10, 'ten moments have come');
  const { moment, moments, connection, error, gap } = last();
  expect(moments.map(({ seq }) => seq)).toEqual(moments.map((_, at) => moments[0]!.seq + at));
  expect(moment).toBe(moments.at(-1));
  expect([connection.state, error, gap]).toEqual(['live', null, null]);
  expect(world.bus.subscribers).toBe(1);
  unmount();
  await isOver();
});

test('useFrameEmotions holds as many moments as it is told to, and begins nothing anew for another number', async () => {
  const { last, render, seen } = await mount({ streamId: streams[0]!, keep: 6 });
  await until(() => last().moments.length === 6, 'six moments have come');
  const rendered = seen.length;
  render({ streamId: streams[0]!, keep: 2 });
  await until(() => last().moments.length === 2, 'two are left');
  render({ streamId: streams[0]!, keep: 0 });
  await until(() => last().moments.length === 0, 'none are left');
  const first = last().moment!.cursor;
  await until(() => last().moment!.cursor !== first, 'another has come');
  expect(last().moments).toEqual([]);
  render({ streamId: streams[0]!, keep: 3 });
  await until(() => last().moments.length === 3, 'three have come');
  const since = seen.slice(rendered);
  expect(since.filter(({ moment, connection }) => moment === null || connection.state !== 'live')).toEqual(
    [],
  );
});

test('useFrameEmotions begins anew for another stream, and rests while it is paused', async () => {
  const { last, render, unmount } = await mount({ streamId: streams[0]! });
  await until(() => last().moment !== null, 'a moment has come');
  const before = last().moment!.cursor;
  render({ streamId: streams[1]! });
  await until(() => last().moment === null, 'nothing is left of the other stream');
  await until(() => last().moment !== null, 'a moment of this one has come');
  expect(last().moment!.cursor).not.toBe(before);
  expect(world.bus.subscribers).toBe(1);
  render({ streamId: streams[1]!, paused: true });
  await isOver();
  expect(last().moment).toBeNull();
  unmount();
});

test('useFrameEmotions says why nothing more comes', async () => {
  const { last } = await mount({ streamId: '0190b0f0-0000-7000-8000-00000000dead' });
  await until(() => last().error !== null, 'it has failed');
  expect(last()).toMatchObject({
    error: { code: 'NOT_FOUND' },
    connection: { state: 'ended' },
    moment: null,
  });
});

test('without a provider the hooks say what is missing', async () => {
  const { renderToString } = await import('react-dom/server');
  const Lost = () => {
    useMien();
    return null;
  };
  expect(() => renderToString(createElement(Lost))).toThrow('<MienProvider');
});
