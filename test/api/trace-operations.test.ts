import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { traceOperations, traceSubscriptions } from '../../src/api/trace-operations.ts';
import type { OperationTracer } from '../../src/domain/trace.ts';

/** What became of the one span that is begun. */
function openTracer() {
  const ends: unknown[] = [];
  const span = { end: (end?: object) => void ends.push(end ?? {}) };
  const tracer = {
    begin: () => span,
    within: (_: unknown, work: () => unknown) => work(),
    current: () => null,
  };
  return { ends, tracer: tracer as unknown as OperationTracer };
}

const argsOf = (text: string) => ({ document: parse(text), contextValue: {} }) as never;
const gone = () => Promise.reject(new DOMException('The client is gone.', 'AbortError'));

it('an operation that is broken off, such as by a client that is gone, has ended, too', async () => {
  const { ends, tracer } = openTracer();
  let execute: (args: unknown) => Promise<unknown> = gone;
  const asked = {
    ...{ args: argsOf('mutation { a }'), executeFn: gone },
    setExecuteFn(given: typeof execute) {
      execute = given;
    },
  };
  void traceOperations(tracer).onExecute!(asked as never);
  expect(execute).not.toBe(gone);
  await expect(execute(asked.args)).rejects.toThrow('The client is gone.');
  expect(ends).toEqual([{ failure: 'AbortError' }]);
});

it('a subscription that could not be begun has ended, too', async () => {
  const { ends, tracer } = openTracer();
  const fanout = traceSubscriptions({ subscribe: gone, close: async () => {} } as never, tracer);
  await expect(fanout.subscribe(argsOf('subscription { a }'))).rejects.toThrow('The client is gone.');
  expect(ends).toEqual([{ failure: 'AbortError' }]);
});
