import { expect, it } from 'vitest';
import { type Sample, Timeline } from '../../src/web/chart/timeline.js';
import { contiguousRuns, timeMarks } from '../../src/web/chart/track-chart.js';
import { moment } from './moments.ts';

/** A second of which sums were recorded. */
function second(start: number): Sample {
  return {
    ...{ at: start, until: start + 1, abstained: 0.2, valence: 0.1, arousal: 0 },
    probabilities: [0, 0, 0, 1, 0, 0, 0, 0],
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

it('the timeline is filled with what was recorded up to the first live moment', () => {
  const timeline = new Timeline({ span: 60, maxRows: 4 });
  for (let seq = 95; seq < 110; seq++) timeline.add(moment(seq));
  timeline.addRecorded('s', 1, [second(7), second(8), second(9), second(10)]);
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

it('a timeline without moments begins with what was recorded, where there is any', () => {
  const timeline = new Timeline({ span: 60, maxRows: 4 });
  timeline.addRecorded('s', 1, [second(3), second(5)]);
  timeline.addRecorded('s', 2, [second(5)]);
  timeline.addRecorded('s', 3, []);
  expect(timeline.rows.map(({ track, samples }) => [track, samples.length])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(timeline.end).toBe(6);
});

it('what was recorded of a session that has left the timeline’s span comes too late, and does not follow the newest session', () => {
  const timeline = new Timeline({ span: 10, maxRows: 4 });
  for (let seq = 0; seq < 10; seq++) timeline.add(moment(seq, { sessionId: 'a' }));
  for (let seq = 0; seq < 200; seq++) timeline.add(moment(seq, { sessionId: 'b' }));
  const { end } = timeline;
  timeline.addRecorded('a', 1, [second(0)]);
  expect([timeline.end, timeline.sections.map(({ sessionId }) => sessionId)]).toEqual([end, ['b']]);
  expect(timeline.rows.map(({ sessionId }) => sessionId)).toEqual(['b']);
});

it('the marks of a time axis are few and at round times, down to parts of a second', () => {
  expect(timeMarks(12.3, 72.3, 8)).toEqual([15, 30, 45, 60]);
  expect(timeMarks(12.3, 72.3, 4)).toEqual([15, 30, 45, 60]);
  expect(timeMarks(0, 0.5, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(timeMarks(0, 7200, 4)).toEqual([0, 1800, 3600, 5400, 7200]);
  expect(timeMarks(3, 3, 4)).toEqual([]);
});
