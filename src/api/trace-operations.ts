/** Each operation of GraphQL as a span, over every transport, below what its client has of it (`traceparent`). */
import { type ExecutionArgs, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { OperationTracer, Span } from '../domain/trace.ts';
import { codeOf } from './errors/error-code.ts';
import type { Fanout } from './fanout/fanout.ts';

/** Of a name that its client has chosen. */
const LONGEST_NAME = 100;

/** Queries and mutations. */
export function traceOperations(tracer: OperationTracer): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const span = begin(tracer, args);
      if (span === null) return;
      setExecuteFn(async (given: ExecutionArgs) => {
        const result = await tracer.within(span, () => executeFn(given) as Promise<ExecutionResult>);
        end(span, result.errors);
        return result;
      });
    },
  };
}

/** Subscriptions, until they have begun or were refused; of what they bring, moments have traces of their own. */
export function traceSubscriptions(fanout: Fanout, tracer: OperationTracer): Fanout {
  return {
    async subscribe(args) {
      const span = begin(tracer, args);
      if (span === null) return fanout.subscribe(args);
      const begun = await tracer.within(span, () => fanout.subscribe(args));
      end(span, 'errors' in begun ? begun.errors : undefined);
      return begun;
    },
    close: (reason) => fanout.close(reason),
  };
}

function begin(tracer: OperationTracer, args: ExecutionArgs): Span | null {
  const operation = getOperationAST(args.document, args.operationName);
  if (!operation) return null;
  const name = operation.name?.value.slice(0, LONGEST_NAME);
  const details = {
    'graphql.operation.type': operation.operation,
    ...(name !== undefined && { 'graphql.operation.name': name }),
  };
  return tracer.begin(operation.operation, traceparentOf(args), { kind: 'server', details });
}

function end(span: Span, errors: readonly GraphQLError[] | undefined): void {
  const [first] = errors ?? [];
  span.end(first === undefined ? {} : { failure: codeOf(first) ?? 'INTERNAL' });
}

/** A header of HTTP; over a WebSocket, whose messages have none, among the `extensions` of the request. */
function traceparentOf({ contextValue }: ExecutionArgs): string | null {
  const { request, params } = contextValue as {
    request?: Request;
    params?: { extensions?: { traceparent?: unknown } | null };
  };
  const given = params?.extensions?.traceparent ?? request?.headers.get('traceparent');
  return typeof given === 'string' ? given : null;
}
