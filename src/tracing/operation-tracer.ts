/** What clients and other servers ask of this one: what is done for it knows, however deep below, what it is done for. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { OperationTracer, Span, SpanOptions } from '../domain/trace.ts';
import type { FollowedSpan } from './spans.ts';

/** As `FollowedSpan.begin`. */
export type BeginSpan = (
  name: string,
  traceparent: string | null,
  options?: SpanOptions,
) => FollowedSpan | null;

export function createOperationTracer(begin: BeginSpan): OperationTracer {
  const present = new AsyncLocalStorage<Span & Partial<Pick<FollowedSpan, 'isOver'>>>();
  return {
    begin,
    within: (span, work) => present.run(span, work),
    current() {
      const span = present.getStore();
      // A session that was started for somebody goes on long after they were answered.
      return span === undefined || span.isOver ? null : span;
    },
  };
}
