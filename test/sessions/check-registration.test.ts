/** What may be registered, and what counts as registered already; nothing is opened for it. */
import { expect, it } from 'vitest';
import type { SourceInput } from '../../src/domain/frame.ts';
import { MAX_RETENTION, MAX_SMOOTHING, type StreamRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import {
  checkRegistration,
  checkSource,
  findTwin,
  type RegisterInput,
  refusedPurposes,
} from '../../src/sessions/check-registration.ts';
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

const NAME = "A stream's name has 1 to 200 characters, without line breaks.";
const RETENTION = '`retention` must be a whole number of hours from 1 to 876000.';

it.each<[Partial<RegisterInput>, string]>([
  [{ name: '  ' }, NAME],
  [{ name: 'x'.repeat(201) }, NAME],
  [{ name: 'a\nb' }, NAME],
  [
    { loop: true, source: { type: 'url', url: 'x' } },
    '`loop` is for files and uploads only; leave it out for other sources.',
  ],
  [{ retention: 0 }, RETENTION],
  [{ retention: 1.5 }, RETENTION],
  [{ tags: { '': 'x' } }, 'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.'],
  [{ purpose: 'SPYING' }, 'There is no purpose SPYING.'],
])('what is refused is told with what to do: %o', (more, sentence) => {
  expect(() => registration(more)).toThrow(new MienError('BAD_INPUT', sentence));
});

it('a prohibited purpose is refused with the law, and with how those name it who are entitled to it', () => {
  expect(() => registration({ purpose: 'WORKPLACE' })).toThrow(
    new MienError(
      'PURPOSE_REFUSED',
      'Inferring emotions at the workplace or in education is prohibited in the European Union (AI Act, article 5(1)(f)) but for medical or safety reasons. Whoever is entitled to it names WORKPLACE in MIEN_ALLOW_PURPOSES.',
    ),
  );
  expect([refusedPurposes([]), refusedPurposes(['WORKPLACE'])]).toEqual([
    ['WORKPLACE', 'EDUCATION'],
    ['EDUCATION'],
  ]);
});

it('what is left out is as most want it', () => {
  const { name, source, purpose } = INPUT;
  expect(checkRegistration({ name: ' clip ', source, purpose }, [])).toEqual({
    ...{
      name,
      source,
      purpose,
      frameRate: 10,
      priority: 'NORMAL',
      timing: null,
      loop: false,
      realtime: null,
    },
    ...{ smoothing: 250, detectSize: 'STANDARD', tags: {}, retention: null, preview: false, autoStart: true },
  });
});

it('what turns out to be live runs in real time: it is refused only where that was ruled out', () => {
  const refused = 'A live source runs in real time; leave `realtime` out.';
  const check = (realtime: boolean | null, live: boolean) => () =>
    checkSource(registration({ realtime }), { live });
  expect(check(false, true)).toThrow(new MienError('BAD_INPUT', refused));
  for (const allowed of [check(null, true), check(true, true), check(false, false)])
    expect(allowed).not.toThrow();
});

it('of several with one source the one that is the same in everything is taken, else the first that is shown', () => {
  const source = STREAM_RECORD.source;
  const asked = registration({ realtime: null, source, tags: { site: 'lab' } });
  const stream = (id: string, site: string, frameRate: number) => ({
    ...{ ...STREAM_RECORD, id, frameRate, tags: { site } },
  });
  const [other, hidden, same] = [
    stream('other', 'lab', 5),
    stream('hidden', 'yard', 10),
    stream('same', 'lab', 10),
  ];
  const found = (streams: StreamRecord[]) => {
    const twin = findTwin(streams, asked, { site: 'lab' });
    return twin && [twin.stream.id, twin.isIdentical];
  };
  expect([found([hidden, other, same]), found([hidden, other]), found([hidden])]).toEqual([
    ...[['same', true], ['other', false], null],
  ]);
});
