/** GraphQL over HTTP and SSE, and the pipeline that WebSockets share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionArgs, GraphQLError, GraphQLSchema } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Log } from '../domain/log.ts';
import type { Context } from './context/context.ts';
import { useErrorBodies } from './errors/http-error-bodies.ts';
import type { MaskError } from './errors/mask-errors.ts';
import type { Fanout } from './fanout/fanout.ts';
import { graphiql, renderPage } from './http/graphiql.ts';
import { assertItemLimit, documentLimits, itemLimit } from './limits.ts';
import { useSse } from './transports/sse.ts';

const MAX_BODY = 256 * 1024;

export interface GraphQLOptions {
  schema: GraphQLSchema;
  createContext: () => Context;
  maskError: MaskError;
  fanout: Fanout;
  log: Log;
  onSseOpen?: () => void;
  onSseClose?: () => void;
}

interface ServerContext {
  req: IncomingMessage;
  res: ServerResponse;
}

export interface GraphQLServer {
  handle: YogaServerInstance<ServerContext, Context>;
  /** For WebSockets: parses and validates under the same limits; gives the mistakes, if any. @throws GraphQLError */
  prepare(payload: SubscribePayload): Promise<ExecutionArgs | readonly GraphQLError[]>;
  execute(args: ExecutionArgs): unknown;
}

type Enveloped = ReturnType<YogaServerInstance<ServerContext, Context>['getEnveloped']>;

export function createGraphQL(options: GraphQLOptions): GraphQLServer {
  const handle = createYogaHandler(options);
  const pipelines = new WeakMap<ExecutionArgs, Enveloped>();

  return {
    handle,
    async prepare(payload) {
      const enveloped = handle.getEnveloped({ params: payload } as never);
      const document = enveloped.parse(payload.query);
      const mistakes = enveloped.validate(enveloped.schema, document) as readonly GraphQLError[];
      if (mistakes.length > 0) return mistakes;
      const args: ExecutionArgs = {
        schema: enveloped.schema,
        document,
        operationName: payload.operationName,
        variableValues: payload.variables,
        contextValue: await enveloped.contextFactory(),
      };
      assertItemLimit(args);
      pipelines.set(args, enveloped);
      return args;
    },
    execute: (args) => pipelines.get(args)?.execute(args),
  };
}

function createYogaHandler({ schema, createContext, maskError, fanout, log, ...sse }: GraphQLOptions) {
  return createYoga<ServerContext, Context>({
    schema,
    context: createContext,
    logging: {
      debug: () => {},
      info: (...lines) => log.debug({}, lines.join(' ')),
      warn: (...lines) => log.warn({}, lines.join(' ')),
      error: () => {}, // the masking has logged it, with its id
    },
    maskedErrors: { maskError },
    cors: false, // origins are judged before a request gets here
    multipart: false, // uploads have an address of their own
    batching: false,
    landingPage: false,
    maxRequestBodySize: MAX_BODY,
    graphiql,
    renderGraphiQL: renderPage,
    plugins: [
      ...documentLimits(),
      itemLimit(),
      useErrorBodies(),
      useSse({
        fanout,
        ...(sse.onSseOpen && { onOpen: sse.onSseOpen }),
        ...(sse.onSseClose && { onClose: sse.onSseClose }),
      }),
    ],
  });
}
