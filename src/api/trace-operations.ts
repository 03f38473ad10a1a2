/** Each operation of GraphQL as a span, over every transport, below what its client has of it (`traceparent`). */
import { type ExecutionArgs, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { OperationTracer, Span } from '../domain/trace.ts';
import { codeOf } from './errors/code-of-error.ts';
import type { Fanout } from './fanout/fanout.ts';

/** Of a name that its client has chosen. */
const LONGEST_NAME = 100;

/** Queries and mutations. */
export function traceOperations(tracer: OperationTracer): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const span = begin(tracer, args);
      if (span === null) return;
      setExecuteFn((given: ExecutionArgs) =>
        follow(tracer, span, async () => executeFn(given) as Promise<ExecutionResult>),
      );
    },
  };
}

/** Subscriptions, until they have begun or were refused; of what they bring, moments have traces of their own. */
export function traceSubscriptions(fanout: Fanout, tracer: OperationTracer): Fanout {
  return {
    async subscribe(args) {
      const span = begin(tracer, args);
      if (span === null) return fanout.subscribe(args);
      return follow(tracer, span, async () => fanout.subscribe(args));
    },
    close: (reason) => fanout.close(reason),
  };
}

async function follow<T extends object>(
  tracer: OperationTracer,
  span: Span,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await tracer.within(span, work);
    end(span, 'errors' in result ? (result.errors as readonly GraphQLError[]) : undefined);
    return result;
  } catch (error) {
    // Such as of a client that is gone: what was done for it until then is told, too.
    span.end({ failure: error instanceof Error ? error.name : 'unknown' });
    throw error;
  }
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
