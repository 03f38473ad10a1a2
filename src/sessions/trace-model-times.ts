import type { ModelTimes, Stretch } from '../domain/face.ts';
import type { MomentTrace } from '../domain/trace.ts';

/** Tells of a frame that was answered when it waited for the models, and when they had it; from now on it waits for those before it. */
export function traceModelTimes(trace: MomentTrace, times: ModelTimes | undefined): void {
  const parts: [string, Stretch | null | undefined][] = [
    ['detect', times?.detection],
    ['score', times?.scoring],
  ];
  const had = parts.flatMap(([name, stretch]) => (stretch ? [{ name, ...stretch }] : []));
  const first = had[0];
  if (first) trace.begin('await models', { at: 0 }).end({ at: first.from });
  for (const { name, from, to } of had) trace.begin(name, { at: from }).end({ at: to });
  trace.step('await order');
}
