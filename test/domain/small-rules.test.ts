/** The rules of the domain that fit in a line each: names, addresses, times, sizes and choices. */
import { describe, expect, it } from 'vitest';
import { deviceAt, deviceOf } from '../../src/domain/camera-device.ts';
import { inSourcePixels, LONGER_SIDES } from '../../src/domain/detect-size.ts';
import { erasedSteps } from '../../src/domain/erasure.ts';
import { type FaceFilter, withMatchingFaces } from '../../src/domain/face-filter.ts';
import { hostInUrl, withoutBrackets } from '../../src/domain/ipv6-brackets.ts';
import { asKept, isMarkerName, isMarkerTime } from '../../src/domain/marker.ts';
import { hostOf, topicRootOf } from '../../src/domain/output.ts';
import { isPublicAddress } from '../../src/domain/public-address.ts';
import { runsInRealTime } from '../../src/domain/stream.ts';
import { beginningOfStretch, inSameStretch, stretchSql } from '../../src/domain/thinning.ts';
import { parseWallTime } from '../../src/domain/time-range.ts';
import { makeMoment } from '../helpers/moments.ts';

it.each([
  ['/dev/video0', { host: null, path: '/dev/video0' }, 'lab:/dev/video0'],
  ['/dev/video123', { host: null, path: '/dev/video123' }, 'lab:/dev/video123'],
  ['lab-1:/dev/video0', { host: 'lab-1', path: '/dev/video0' }, 'lab-1:/dev/video0'],
  ['a.b_c:/dev/video7', { host: 'a.b_c', path: '/dev/video7' }, 'a.b_c:/dev/video7'],
  [`${'a'.repeat(63)}:/dev/video7`, { host: 'a'.repeat(63), path: '/dev/video7' }, undefined],
  [`${'a'.repeat(64)}:/dev/video7`, null, undefined],
  ['-lab:/dev/video0', null, undefined],
  ['l b:/dev/video0', null, undefined],
  ['/dev/video', null, undefined],
  ['/dev/video1234', null, undefined],
  ['/dev/videox', null, undefined],
  ['/dev/video0/..', null, undefined],
  ['file:///dev/video0', null, undefined],
])('a camera is named by its path, and by its machine before it: %s', (name, device, elsewhere = name) => {
  expect(deviceOf(name)).toEqual(device);
  expect(deviceAt('lab', name)).toBe(elsewhere);
});

it.each([
  ['1.1.1.1', true],
  ['::ffff:1.1.1.1', true],
  ['2606:4700::1111', true],
  ['10.0.0.1', false],
  ['169.254.169.254', false],
  ['127.0.0.1', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['::1', false],
  ['::ffff:10.0.0.1', false],
  ['fe80::1', false],
  ['fd00::1', false],
  // Of no registry yet.
  ['4000::1', false],
  ['example.org', false],
  ['', false],
])('%s is an address of the public internet: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});

it.each([
  ['::1', '[::1]'],
  ['127.0.0.1', '127.0.0.1'],
  ['example.org', 'example.org'],
])('the host %s is %s in a URL, and back', (host, inUrl) => {
  expect(hostInUrl(host)).toBe(inUrl);
  expect(withoutBrackets(inUrl)).toBe(host);
});

it('what has but one bracket is left as it is', () => {
  expect(['[::1', '::1]'].map(withoutBrackets)).toEqual(['[::1', '::1]']);
});

it.each([
  ['2026-11-30', '2026-11-30T00:00:00.000Z'],
  ['2026-11-30T12:30Z', '2026-11-30T12:30:00.000Z'],
  ['2026-11-30T12:30:01.25+05:30', '2026-11-30T07:00:01.250Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
])('%s is a time', (text, time) => {
  expect(new Date(parseWallTime(text)).toISOString()).toBe(time);
});

it.each([
  ...['', 'now', '2026', '2026-02-29', '2026-02-30T00:00Z', '2026-13-01', '0000-12-31'],
  // Which does not say where.
  ...['2026-11-30T12:30', '2026-11-30T12:30:00', '2026-11-30T25:00Z'],
  ...['x2026-11-30', '2026-11-30x', '2026-11-30 12:30Z', '0001-01-01T00:00+01:00'],
])('%j is no time', (text) => {
  expect(parseWallTime(text)).toBeNaN();
});

describe('faces that are asked for', () => {
  const moment = makeMoment('s', 1, { faces: 3 });
  const faces = moment.faces.map((face, at) => ({
    ...face,
    expression: at === 0 ? ('FEAR' as const) : ('ANGER' as const),
    confidence: 0.25 * (at + 1),
  }));
  const found = (filter: FaceFilter | undefined) =>
    withMatchingFaces({ ...moment, faces }, filter)?.faces.map(({ track }) => track) ?? null;

  it.each<[FaceFilter | undefined, number[] | null]>([
    [undefined, [1, 2, 3]],
    [{}, [1, 2, 3]],
    [{ track: 2 }, [2]],
    [{ track: 4 }, null],
    [{ expression: 'ANGER' }, [2, 3]],
    [{ expression: 'ANGER', track: 1 }, null],
    [{ minConfidence: 0.5 }, [2, 3]],
    [{ minConfidence: 0.76 }, null],
  ])('by %j are those of tracks %j', (filter, tracks) => {
    expect(found(filter)).toEqual(tracks);
  });

  it('a moment of which all faces match is given as it is, one of which some do in a copy', () => {
    expect(withMatchingFaces(moment, {})).toBe(moment);
    expect(withMatchingFaces(moment, { track: 1 })).toEqual({ ...moment, faces: [moment.faces[0]] });
    expect(withMatchingFaces({ ...moment, faces: [] }, undefined)?.faces).toEqual([]);
    expect(withMatchingFaces({ ...moment, faces: [] }, {})).toBeNull();
  });
});

it.each([
  ['a', true],
  ['a'.repeat(200), true],
  ['a'.repeat(201), false],
  ['', false],
  ['  ', false],
  ['a\nb', false],
])('%j is a name for a marker: %s', (name, isName) => {
  expect(isMarkerName(name)).toBe(isName);
});

it('a marker lies in the first year of its session, and is kept in whole microseconds', () => {
  expect([-0.001, 0, 31_622_400, 31_622_400.001].map(isMarkerTime)).toEqual([false, true, true, false]);
  expect(asKept({ name: ' go ', time: 1.234_567_89 })).toEqual({ name: 'go', time: 1.234568 });
});

it('moments lie in the same stretch by their whole microseconds', () => {
  expect(inSameStretch(0.2, 0.299999, 100)).toBe(true);
  expect(inSameStretch(0.299999, 0.3, 100)).toBe(false);
  // 0.3 * 1000 / 100 may be less than 3.
  expect([0.299999, 0.3, 0.7, 1.1].map((time) => beginningOfStretch(time, 100))).toEqual([
    0.2, 0.3, 0.7, 1.1,
  ]);
  // The database computes the same.
  expect(stretchSql('media_time', 100)).toBe('floor((media_time + 1e-7::float8) * 1000 / 100::float8)');
});

it('what a broker has under a prefix is known by its host, its port where that is another, and the prefix', () => {
  const root = (address: string) => topicRootOf({ address, prefix: 'mien' });
  expect(['mqtt://h', 'mqtt://h:1883', 'mqtts://h:8883', 'mqtt://h:1884'].map(root)).toEqual([
    ...Array(3).fill('h mien'),
    'h:1884 mien',
  ]);
  expect(hostOf({ kind: 'WEBHOOK', url: 'https://u:p@h:8/x', secret: '' })).toBe('h');
  expect(hostOf({ kind: 'OSC', host: 'o', port: 9, prefix: '/' })).toBe('o');
});

it('a length in a picture that was made smaller is as much larger in the source, whichever side is the longer', () => {
  const [wide, high] = [
    { width: 640, height: 360 },
    { width: 360, height: 640 },
  ];
  const source = { width: 1920, height: 1080 };
  expect([inSourcePixels(10, wide, source), inSourcePixels(10, high, source)]).toEqual([30, 30]);
  expect(LONGER_SIDES).toEqual({ STANDARD: 640, LARGE: 1280, FULL: Number.POSITIVE_INFINITY });
});

it('a track is erased of its session alone, all else with the whole of each', () => {
  const track = { type: 'TRACK', sessionId: 's', track: 4 } as const;
  expect(erasedSteps(['s'], track)).toEqual([{ do: 'TRACK', sessionId: 's', track: 4 }]);
  expect(erasedSteps(['s', 't'], { type: 'TAG', key: 'k' })).toEqual([
    { do: 'SESSION', sessionId: 's' },
    { do: 'SESSION', sessionId: 't' },
  ]);
});

it.each([
  // What is live runs in real time; else what was asked for; else what is known; else what it may be.
  [false, true, 'file', true],
  [true, false, 'url', true],
  [false, false, 'url', false],
  [null, false, 'url', false],
  [null, null, 'url', true],
  [null, null, 'device', true],
  [null, null, 'push', true],
  [null, null, 'file', false],
  [null, null, 'upload', false],
  [false, null, 'url', false],
] as const)(
  'asked for %s, of a source that is live: %s, and a %s, a stream runs in real time: %s',
  (realtime, live, type, runs) => {
    expect(runsInRealTime({ realtime, source: { type } as never }, live)).toBe(runs);
  },
);
