/** Questions from server to server as parts of what they are asked for, where that is followed. */
import type { OperationTracer, Span } from '../domain/trace.ts';

/** @param ask is given what the question goes below */
export async function followAsking<T>(
  tracer: OperationTracer | undefined,
  kind: string,
  ask: (traceparent: string | undefined) => Promise<T>,
): Promise<T> {
  const options = { kind: 'client', details: { 'messaging.system': 'nats' } } as const;
  const span = tracer?.current()?.begin(`ask ${nameOf(kind)}`, options);
  return until(span, ask(span?.traceparent));
}

/** @param traceparent of who asks; undefined: that is not followed, and neither is the answer */
export async function followAnswering<T>(
  tracer: OperationTracer | undefined,
  kind: string,
  traceparent: string | undefined,
  answer: () => Promise<T>,
): Promise<T> {
  if (tracer === undefined || traceparent === undefined) return answer();
  const options = { kind: 'server', details: { 'messaging.system': 'nats' } } as const;
  const span = tracer.begin(`answer ${nameOf(kind)}`, traceparent, options);
  return span === null ? answer() : until(span, tracer.within(span, answer));
}

async function until<T>(span: Span | undefined, work: Promise<T>): Promise<T> {
  try {
    const result = await work;
    span?.end();
    return result;
  } catch (error) {
    span?.end({ failure: error instanceof Error ? error.name : 'unknown' });
    throw error;
  }
}

/** Without the one server that is asked. */
function nameOf(kind: string): string {
  return kind.slice(kind.lastIndexOf('.') + 1);
}
