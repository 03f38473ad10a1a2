/** What goes from server to server comes out as it was, whatever it holds, and in few bytes. */
import { describe, expect, it } from 'vitest';
import {
  createEncoder,
  decodeMessage,
  type Message,
  versionOf,
  WIRE_VERSION,
} from '../../src/bus/wire/message.ts';
import type { ErasureStep } from '../../src/domain/erasure.ts';
import { DROP_REASONS } from '../../src/domain/frame.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { seeded } from '../helpers/memory-store.ts';
import { makeFace, makeMoment } from '../helpers/moments.ts';

const SESSION = '0190b0f0-0000-7000-8000-0000000000ab';
const STREAM = '0190b0f0-0000-7000-8000-0000000000cd';
const encode = createEncoder('node');
/** One of each kind. */
const ERASED: ErasureStep[] = [
  { do: 'SESSION', sessionId: SESSION },
  { do: 'TRACK', sessionId: SESSION, track: 4 },
  {
    ...{ do: 'STRETCH', sessionId: SESSION, fromSeq: 3, toSeq: 9, since: 0.3, until: 0.95 },
    ...{ durationBefore: null, firstSecond: 0, lastSecond: 1 },
  },
  { do: 'STREAM', streamId: STREAM },
  { do: 'UPLOAD', token: 'token' },
  { do: 'FILES', firstDay: 20_000, lastDay: 20_001 },
];

function through(message: Message, number = 7): Message {
  return decodeMessage(encode(message, number)).body();
}

const momentThrough = (moment: Moment) => {
  const message = through({ event: { kind: 'moment', streamId: STREAM, moment, position: 2 ** 41 + 3 } });
  if (!('event' in message) || message.event.kind !== 'moment') throw new Error('no moment');
  return message.event;
};

/** Of all sizes: many are beyond what `quantise` lets through, so that its bounds come out too. */
function wide(random: () => number): number {
  const sign = random() < 0.5 ? -1 : 1;
  return sign * random() * 10 ** Math.floor(random() * 7 - 5);
}

function anyMoment(seed: number): Moment {
  const random = seeded(seed);
  const some = (chance: number) => random() < chance;
  const sessionId = some(0.5) ? SESSION : `session-${seed}-ß`;
  const faces = Array.from({ length: Math.floor(random() ** 2 * 6) }, (_, at) => {
    const face = makeFace(at * 1000 + 1, random);
    if (some(0.3)) face.landmarks = [];
    if (some(0.3)) face.expression = null;
    if (some(0.2)) face.actionUnits = [];
    if (some(0.3)) face.landmarks = face.landmarks.map(() => ({ x: wide(random), y: wide(random) }));
    if (some(0.3)) face.box = { x: wide(random), y: wide(random), width: wide(random), height: wide(random) };
    if (some(0.3)) face.pose = { yaw: 1e5 * wide(random), pitch: wide(random), roll: wide(random) };
    if (some(0.3)) face.valence = wide(random);
    if (some(0.2))
      face.quality = { score: wide(random), issues: ['DARK', 'SMALL', 'TURNED', 'COVERED', 'BLURRED'] };
    return face;
  });
  return {
    ...makeMoment(sessionId, Math.floor(random() ** 4 * 2 ** 31)),
    mediaTime: Math.abs(wide(random)) * 10 ** Math.floor(random() * 9),
    wallTime: Math.floor(random() * 4e12),
    previousDuration: random() * 100,
    cut: some(0.5),
    loop: some(0.3) ? { pass: Math.floor(random() * 1e9), sourceTime: random() * 1e6 } : undefined,
    untilEnd: some(0.3) ? (some(0.3) ? 0 : random()) : undefined,
    dropped: Object.fromEntries(
      DROP_REASONS.filter(() => some(0.4)).map((reason) => [reason, Math.ceil(random() * 1e10)]),
    ),
    faces,
  };
}

/** `SEEDS=10000 npm run test:unit -- wire` tries more. */
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 500) }, (_, at) => at + 1);

it('a moment comes out digit for digit as it is published', () => {
  for (const seed of SEEDS) {
    const moment = quantise(anyMoment(seed));
    const { moment: back, streamId, position } = momentThrough(moment);
    expect({ streamId, position }).toEqual({ streamId: STREAM, position: 2 ** 41 + 3 });
    expect(back).toEqual({ ...moment });
    // As strict as what is read from the database is held against what was published.
    expect(JSON.stringify(back)).toBe(JSON.stringify({ ...moment }));
  }
});

it('a moment that was not rounded comes out rounded', () => {
  const moment = makeMoment(SESSION, 3, { faces: 2 });
  expect(momentThrough(moment).moment).toEqual({ ...quantise(moment) });
});

it('a picture full of faces comes out, however many bytes it takes', () => {
  const moment = quantise(makeMoment(SESSION, 5, { faces: 60 }));
  expect(momentThrough(moment).moment).toEqual({ ...moment });
});

it.each(['', 'x', 'ß'.repeat(127), SESSION, `${SESSION}0`, `0${SESSION}`, SESSION.toUpperCase()])(
  'an id comes out as it was: %s',
  (taggedStream) => {
    expect(through({ taggedStream })).toEqual({ taggedStream });
  },
);

it('two faces with landmarks take less than 1,000 bytes, and a quarter of what JSON takes', () => {
  const moment = quantise(makeMoment(SESSION, 5, { faces: 2 }));
  const event = { kind: 'moment', streamId: STREAM, moment, position: 2 ** 31 } as const;
  const { length } = encode({ event }, 5);
  expect(length).toBeLessThan(1000);
  expect(length * 4).toBeLessThan(JSON.stringify(event).length);
});

describe('what no server could read back is refused where it is told', () => {
  it.each([
    ['a number that is none', { mediaTime: Number.NaN }],
    ['infinity', { wallTime: Number.POSITIVE_INFINITY }],
  ])('%s', (_, change) => {
    expect(() => momentThrough({ ...makeMoment(SESSION, 1), ...change })).toThrow(RangeError);
  });

  it.each(['probabilities', 'actionUnits'] as const)('a number that is none among %s', (field) => {
    const moment = makeMoment(SESSION, 1);
    moment.faces[0]![field][1] = Number.NaN;
    expect(() => momentThrough(moment)).toThrow(RangeError);
  });

  it('an id of more bytes than its length can say', () => {
    expect(() => through({ taggedStream: 'x'.repeat(255) })).toThrow(RangeError);
  });

  it('a probability beyond any', () => {
    const moment = makeMoment(SESSION, 1);
    moment.faces[0]!.rawProbabilities[0] = 1e9;
    expect(() => momentThrough(moment)).toThrow(RangeError);
  });

  it('and what is told next is whole', () => {
    expect(() => momentThrough({ ...makeMoment(SESSION, 1), mediaTime: Number.NaN })).toThrow(RangeError);
    const moment = quantise(makeMoment(SESSION, 2));
    expect(momentThrough(moment).moment).toEqual({ ...moment });
  });
});

it.each<[string, Message]>([
  ['a state', { event: { kind: 'status', streamId: STREAM, session: sessionOf('ENDED', new Date(5)) } }],
  [
    'a state of one that runs',
    { event: { kind: 'status', streamId: STREAM, session: sessionOf('RUNNING', null), sameState: true } },
  ],
  ['an onset', { event: { kind: 'episode', streamId: STREAM, event: episodeEvent(null), position: 9 } }],
  [
    'an offset',
    { event: { kind: 'episode', streamId: STREAM, event: episodeEvent(new Date(77)), position: 9 } },
  ],
  ['a stream that is gone', { event: { kind: 'removed', streamId: STREAM } }],
  ['an erasure', { erased: ERASED }],
  ['new tags', { taggedStream: STREAM }],
  ['being there', { here: { worker: SESSION, told: 12_345 } }],
])('%s comes out as it was', (_, message) => {
  const number = 'here' in message ? 0 : 3;
  const { head, body } = decodeMessage(encode(message, number));
  expect(body()).toEqual(message);
  expect(head).toMatchObject({ node: 'node', number });
});

it('a message of no stream names none', () => {
  const { streamId, sessionId } = decodeMessage(encode({ erased: [] }, 1)).head;
  expect([streamId, sessionId]).toEqual(['', '']);
});

it('a state that is not of the stream that its message names is an error', () => {
  expect(() =>
    through({ event: { kind: 'status', streamId: 'another', session: sessionOf('RUNNING', null) } }),
  ).toThrow('another session');
});

it.each([-1, 0, 1.5, 2 ** 60, Number.NaN])('a message that says it is number %d is an error', (number) => {
  const bytes = encode({ taggedStream: STREAM }, 1);
  new DataView(bytes.buffer).setFloat64(2, number);
  expect(() => decodeMessage(bytes)).toThrow(RangeError);
});

it('a message of a kind that is none is an error', () => {
  const bytes = encode({ taggedStream: STREAM }, 1);
  bytes[1] = 7;
  expect(() => decodeMessage(bytes)).toThrow('another kind');
});

it('a moment with a number that is none is an error', () => {
  const moment = { ...makeMoment(SESSION, 2), mediaTime: 1234.5 };
  const bytes = encode({ event: { kind: 'moment', streamId: STREAM, moment, position: 1 } }, 1);
  const view = new DataView(bytes.buffer);
  const places = Array.from({ length: bytes.length - 8 }, (_, at) => at);
  view.setFloat64(places.find((at) => view.getFloat64(at) === 1234.5)!, Number.NaN);
  expect(() => decodeMessage(bytes).body()).toThrow(RangeError);
});

it('a message that is cut off anywhere is an error, and no moment', () => {
  const moment = makeMoment(SESSION, 2, { faces: 2 });
  const bytes = encode({ event: { kind: 'moment', streamId: STREAM, moment, position: 1 } }, 1);
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeMessage(bytes.slice(0, length)).body()).toThrow();
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  expect(() => decodeMessage(longer).body()).toThrow();
});

it('a message says of which version it is', () => {
  const bytes = encode({ here: { worker: null, told: 0 } }, 0);
  expect(versionOf(bytes)).toBe(WIRE_VERSION);
  bytes[0] = 9;
  expect(versionOf(bytes)).toBe(9);
  expect(() => decodeMessage(bytes)).toThrow('another version');
});

function sessionOf(state: SessionRecord['state'], endedAt: Date | null): SessionRecord {
  const startedAt = new Date(1_700_000_000_000);
  return {
    id: SESSION,
    streamId: STREAM,
    state,
    failure: endedAt && 'gone – für immer',
    modelId: 'm@1',
    startedAt,
    endedAt,
  };
}

function episodeEvent(endedAt: Date | null) {
  const times = { onset: 0.1, apex: 0.30001, offset: endedAt && 4.5, startedAt: new Date(1234), endedAt };
  const episode = {
    index: 3,
    sessionId: SESSION,
    track: 2,
    expression: 'FEAR',
    peak: 0.87654,
    ...times,
  } as const;
  return { kind: endedAt ? 'OFFSET' : 'ONSET', episode } as const;
}
