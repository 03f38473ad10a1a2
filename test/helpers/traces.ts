/** What traces must be like, whichever servers told them. */
import { expect } from 'vitest';
import type { SeenSpan } from './otlp-receiver.ts';

/** What makes a server tell all of its traces, soon. */
export const tracesTo = (endpoint: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_TRACES_SAMPLER: 'parentbased_always_on',
  OTEL_BSP_SCHEDULE_DELAY: '100',
});

/** From one span to the first of its trace: its own name first. */
export function lineOf(span: SeenSpan, spans: readonly SeenSpan[]): SeenSpan[] {
  const parent = spans.find(({ spanId, traceId }) => spanId === span.parentId && traceId === span.traceId);
  return parent === undefined ? [span] : [span, ...lineOf(parent, spans)];
}

export const namesOf = (spans: readonly SeenSpan[]) => spans.map(({ name }) => name);

/** Milliseconds that clocks which began at different moments may differ by. */
const SKEW_MS = 5;

/** A moment from its frame to its publishing: steps in order, none before or behind the whole; what the models did lies within. */
export function expectMoment(moment: SeenSpan, spans: readonly SeenSpan[]): void {
  const below = (parent: SeenSpan) =>
    spans
      .filter(({ parentId, traceId }) => parentId === parent.spanId && traceId === parent.traceId)
      .sort((one, other) => one.start - other.start);
  const steps = below(moment);
  expect(namesOf(steps)).toEqual(['frame buffer', 'analyse', 'await order', 'timeline', 'commit', 'publish']);
  expect(steps[0]!.start).toBe(moment.start);
  expect(Math.abs(steps.at(-1)!.end - moment.end)).toBeLessThan(1);
  for (const [i, step] of steps.entries()) if (i > 0) expect(step.start).toBeCloseTo(steps[i - 1]!.end, 3);
  const [, analyse, , , commit] = steps as [SeenSpan, SeenSpan, SeenSpan, SeenSpan, SeenSpan];
  for (const part of [...below(analyse), ...below(commit)]) {
    const { start, end } = part.name === 'store commit' ? commit : analyse;
    expect(part.start).toBeGreaterThanOrEqual(start - SKEW_MS);
    expect(part.end).toBeLessThanOrEqual(end + SKEW_MS);
    expect(part.end).toBeGreaterThanOrEqual(part.start);
  }
  expect(moment.attributes).toMatchObject({
    'mien.stream.id': expect.any(String),
    'mien.session.id': expect.any(String),
    'mien.moment.seq': expect.any(Number),
    'mien.moment.faces': expect.any(Number),
  });
}

/** One behind the other, but for the difference of clocks. */
export function expectInOrder(spans: readonly SeenSpan[]): void {
  for (const [i, { start }] of spans.entries())
    if (i > 0) expect(start).toBeGreaterThanOrEqual(spans[i - 1]!.start - SKEW_MS);
}

/** None tells of a name that people gave, an address or what a face shows. */
export function expectNothingPersonal(spans: readonly SeenSpan[], given: readonly string[]): void {
  const told = JSON.stringify(spans);
  for (const text of [...given, 'HAPPINESS', 'NEUTRAL', 'ANGER']) expect(told).not.toContain(text);
}
