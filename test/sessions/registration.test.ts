/** What may be registered, and what counts as registered already; nothing is opened for it. */
import { expect, it } from 'vitest';
import type { SourceInput } from '../../src/domain/frame.ts';
import { MAX_RETENTION, MAX_SMOOTHING } from '../../src/domain/stream.ts';
import { checkRegistration, findTwin, type RegisterInput } from '../../src/sessions/registration.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';
import { code, INPUT } from './test-manager.ts';

const registration = (more: Partial<RegisterInput> = {}) => checkRegistration({ ...INPUT, ...more }, []);

it.each<Partial<RegisterInput>>([
  { name: 'x'.repeat(200) },
  { frameRate: 0.1 },
  { frameRate: 60 },
  { smoothing: 0 },
  { smoothing: MAX_SMOOTHING },
  { retention: 1 },
  { retention: MAX_RETENTION },
  { loop: true },
  { loop: true, source: { type: 'upload', token: 'x' } },
])('the last that is allowed may be registered: %o', (more) => {
  expect(registration(more)).toMatchObject(more);
});

it.each<Partial<RegisterInput>>([
  { retention: 0 },
  { retention: MAX_RETENTION + 1 },
  { retention: 1.5 },
  { loop: true, source: { type: 'device', device: '/dev/video0' } },
  { loop: true, source: { type: 'push', inlet: 'x' } },
])('what is not allowed is refused: %o', (more) => {
  expect(() => registration(more)).toThrow(code('BAD_INPUT'));
});

it('a purpose that is allowed by name does not allow the other', () => {
  const allow = (purpose: string) => checkRegistration({ ...INPUT, purpose }, ['WORKPLACE']);
  expect(allow('WORKPLACE').purpose).toBe('WORKPLACE');
  expect(() => allow('EDUCATION')).toThrow(code('PURPOSE_REFUSED'));
});

const SOURCES: SourceInput[] = [
  { type: 'url', url: 'x' },
  { type: 'url', url: 'y' },
  { type: 'file', path: 'x' },
  { type: 'file', path: 'y' },
  { type: 'file', path: 'x', videoTrack: 1 },
  { type: 'upload', token: 'x' },
  { type: 'upload', token: 'y' },
  { type: 'device', device: 'x' },
  { type: 'device', device: 'y' },
  { type: 'push', inlet: 'x' },
];

it.each(SOURCES)('%o is the same source as itself, and as no other', (source) => {
  const streams = SOURCES.map((one, at) => ({ ...STREAM_RECORD, id: `${at}`, source: one }));
  const found = streams.filter((stream) => findTwin([stream], registration({ source }), null) !== null);
  expect(found.map((stream) => stream.source)).toEqual([source]);
});

it('what is sent to two streams of one name is one source, whatever their inlets, which are made for each', () => {
  const stream = { ...STREAM_RECORD, source: { type: 'push', inlet: 'made before' } as const };
  expect(
    findTwin([stream], registration({ source: { type: 'push', inlet: 'made now' } }), null),
  ).not.toBeNull();
});

it.each<[Partial<RegisterInput>, boolean]>([
  [{}, true],
  [{ timing: null, preview: false }, true],
  [{ timing: 'EVEN' }, false],
  [{ preview: true }, false],
  [{ frameRate: 5 }, false],
  [{ retention: 12 }, false],
  [{ detectSize: 'LARGE' }, false],
  [{ tags: { site: 'lab' } }, false],
])(
  'a stream that was registered before there was a choice is the same as one registered with %o: %s',
  (more, same) => {
    const asked = registration({ realtime: null, source: STREAM_RECORD.source, ...more });
    const { timing: _, ...old } = STREAM_RECORD;
    expect(findTwin([old], asked, null)).toEqual({ stream: old, isIdentical: same });
  },
);
