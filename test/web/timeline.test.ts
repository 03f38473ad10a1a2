import { expect, it } from 'vitest';
import { Timeline } from '../../src/web/timeline.js';
import { contiguousRuns } from '../../src/web/track-chart.js';
import type { Bucket } from '../../src/web/types.d.ts';
import { moment } from './moments.ts';

function bucket(start: number, changes: Partial<Bucket> = {}): Bucket {
  return {
    ...{ start, end: start + 1, faces: 10, abstained: 2, valence: 0.1, arousal: null },
    probabilities: [{ expression: 'SADNESS', probability: 1 }],
    ...changes,
  };
}

it('samples of one face on the timeline are joined, with a gap where it was not seen', () => {
  const timeline = new Timeline({ span: 60, maxRows: 4 });
  for (const seq of [0, 1, 2, 30, 31]) timeline.add(moment(seq));
  const [row] = timeline.rows;
  expect(row?.samples.map(({ at }) => at)).toEqual([0, 0.1, 0.2, 3, 3.1]);
  expect(contiguousRuns(row?.samples ?? []).map((run) => run.length)).toEqual([3, 2]);
  expect(row?.samples[0]).toMatchObject({
    probabilities: [0.2, 0.8, 0, 0, 0, 0, 0, 0],
    abstained: 0,
    valence: 0.5,
  });
});

it('a sample on the timeline says that mien abstained', () => {
  const timeline = new Timeline({ span: 60, maxRows: 4 });
  timeline.add(moment(0, { expression: null }));
  expect(timeline.rows[0]?.samples[0]?.abstained).toBe(1);
});

it('the timeline keeps only its visible span, however long it runs', () => {
  const timeline = new Timeline({ span: 10, maxRows: 4 });
  for (let seq = 0; seq < 5_000; seq++) timeline.add(moment(seq, { tracks: [1, 2 + Math.floor(seq / 30)] }));
  expect(timeline.end).toBeCloseTo(499.9);
  expect(timeline.start).toBeCloseTo(489.9);
  expect(timeline.rows.length).toBeLessThanOrEqual(4);
  for (const { samples } of timeline.rows) {
    expect(samples.length).toBeLessThanOrEqual(101);
    expect(samples[0]?.until).toBeGreaterThan(timeline.start);
  }
});

it('the timeline forgets faces and sessions that have left its span', () => {
  const timeline = new Timeline({ span: 10, maxRows: 4 });
  timeline.add(moment(0, { tracks: [1] }));
  for (let session = 0; session < 50; session++) {
    for (let seq = 0; seq < 60; seq++) timeline.add(moment(seq, { sessionId: `s${session}`, tracks: [2] }));
  }
  expect(timeline.rows.map(({ key }) => key)).toEqual(['s49 2', 's48 2']);
  expect(timeline.sections.length).toBeLessThanOrEqual(3);
});

it('sessions follow one another on the timeline, and their faces have rows of their own', () => {
  const timeline = new Timeline({ span: 60, maxRows: 4 });
  for (let seq = 0; seq <= 50; seq++) timeline.add(moment(seq, { sessionId: 'a' }));
  for (let seq = 0; seq <= 20; seq++) timeline.add(moment(seq, { sessionId: 'b' }));
  const [b, a] = timeline.rows;
  expect([a?.sessionId, b?.sessionId]).toEqual(['a', 'b']);
  expect(b?.samples[0]?.at).toBeCloseTo(6);
  expect(timeline.end).toBeCloseTo(8);
  expect(timeline.sections.map(({ start }) => start)).toEqual([0, 6]);
});

it('faces in view get the rows of the timeline, and those without a row are counted', () => {
  const timeline = new Timeline({ span: 60, maxRows: 2 });
  for (let seq = 0; seq < 20; seq++) timeline.add(moment(seq, { tracks: [1, 2, 3] }));
  expect(timeline.rows.map(({ track }) => track)).toEqual([1, 2]);
  expect(timeline.facesWithoutRow).toBe(1);
  for (let seq = 20; seq < 80; seq++) timeline.add(moment(seq, { tracks: [2, 3] }));
  expect(timeline.rows.map(({ track }) => track)).toEqual([2, 3]);
  expect(timeline.facesWithoutRow).toBe(0);
});

it('the timeline is filled with buckets up to the first live moment', () => {
  const timeline = new Timeline({ span: 60, maxRows: 4 });
  for (let seq = 95; seq < 110; seq++) timeline.add(moment(seq));
  timeline.addBuckets('s', 1, [bucket(7), bucket(8), bucket(9), bucket(10)]);
  const samples = timeline.rows[0]?.samples ?? [];
  expect(samples.slice(0, 4).map(({ at, until }) => [at, until])).toEqual([
    [7, 8],
    [8, 9],
    [9, 9.5],
    [9.5, 9.6],
  ]);
  expect(samples[0]).toMatchObject({ abstained: 0.2, valence: 0.1, arousal: 0 });
  expect(timeline.end).toBeCloseTo(10.9);
});

it('the timeline of a recorded session leaves out buckets without a face', () => {
  const timeline = new Timeline({ span: Number.POSITIVE_INFINITY, maxRows: 4 });
  timeline.addBuckets('s', null, [bucket(3), bucket(4, { faces: 0, probabilities: null }), bucket(5)]);
  timeline.addBuckets('s', 2, [bucket(5)]);
  timeline.addBuckets('s', 3, []);
  expect(timeline.rows.map(({ track, samples }) => [track, samples.length])).toEqual([
    [null, 2],
    [2, 1],
  ]);
  expect([timeline.start, timeline.end]).toEqual([3, 6]);
});

it('buckets of a session that has left the timeline’s span come too late, and do not follow the newest session', () => {
  const timeline = new Timeline({ span: 10, maxRows: 4 });
  for (let seq = 0; seq < 10; seq++) timeline.add(moment(seq, { sessionId: 'a' }));
  for (let seq = 0; seq < 200; seq++) timeline.add(moment(seq, { sessionId: 'b' }));
  const { end } = timeline;
  timeline.addBuckets('a', 1, [bucket(0)]);
  expect([timeline.end, timeline.sections.map(({ sessionId }) => sessionId)]).toEqual([end, ['b']]);
  expect(timeline.rows.map(({ sessionId }) => sessionId)).toEqual(['b']);
});
