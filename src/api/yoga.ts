/** GraphQL over HTTP and SSE, and the pipeline that WebSockets share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionArgs, GraphQLError, GraphQLSchema } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Requester } from '../domain/access.ts';
import type { Audit } from '../domain/audit.ts';
import type { Log } from '../domain/log.ts';
import type { OperationTracer } from '../domain/trace.ts';
import { auditRefusals } from './audit/refusals.ts';
import type { Hold } from './auth/revocation-watch.ts';
import type { Context, CreateContext } from './context/context.ts';
import { useErrorBodies } from './errors/http-error-bodies.ts';
import { useHttpStatuses } from './errors/http-status.ts';
import type { MaskError } from './errors/mask-errors.ts';
import type { Fanout } from './fanout/fanout.ts';
import { type PersistedDocuments, queryOf } from './persisted/persisted-documents.ts';
import { useRequestParameters } from './persisted/request-parameters.ts';
import { createItemLimit, documentLimits, type ItemLimit } from './query-limits.ts';
import { traceOperations } from './trace-operations.ts';
import { useLastEventIdReset } from './transports/last-event-id-reset.ts';
import { useSse } from './transports/sse.ts';
import { unconditionalSubscriptions } from './unconditional-subscriptions.ts';

const MAX_BODY = 256 * 1024;

export interface GraphQLOptions {
  schema: GraphQLSchema;
  createContext: CreateContext;
  maskError: MaskError;
  fanout: Fanout;
  audit: Audit;
  /** Undefined: nobody wants to know where time goes. */
  tracer?: OperationTracer | undefined;
  log: Log;
  /** Those that may be asked; null: any. */
  persistedDocuments: PersistedDocuments | null;
  /** Calls `end` when a requester may not go on. @returns what stops that */
  hold: Hold;
  onSseOpen?: () => void;
  onSseClose?: () => void;
}

interface ServerContext {
  req: IncomingMessage;
  res: ServerResponse;
  /** Who asks. */
  requester: Requester;
}

export interface GraphQLServer {
  handle: YogaServerInstance<ServerContext, Context>;
  /** For WebSockets: parses and validates under the same limits; gives the mistakes, if any. @throws GraphQLError */
  prepare: Prepare;
  execute(args: ExecutionArgs): unknown;
}

/** @param isWanted whether somebody waits for the answer */
type Prepare = (
  payload: SubscribePayload,
  requester: Requester,
  isWanted: () => boolean,
) => Promise<ExecutionArgs | readonly GraphQLError[]>;

type Enveloped = ReturnType<YogaServerInstance<ServerContext, Context>['getEnveloped']>;

export function createGraphQL(options: GraphQLOptions): GraphQLServer {
  const { createContext, persistedDocuments } = options;
  const itemLimit = createItemLimit();
  const handle = createYogaHandler(options, itemLimit);
  const pipelines = new WeakMap<ExecutionArgs, Enveloped>();

  return {
    handle,
    async prepare(payload, requester, isWanted) {
      const query = queryOf(payload, requester, persistedDocuments);
      const enveloped = handle.getEnveloped({ params: { ...payload, query } } as never);
      const document = enveloped.parse(query);
      const mistakes = enveloped.validate(enveloped.schema, document) as readonly GraphQLError[];
      if (mistakes.length > 0) return mistakes;
      const args: ExecutionArgs = {
        schema: enveloped.schema,
        document,
        operationName: payload.operationName,
        variableValues: payload.variables,
        contextValue: { ...createContext(requester, isWanted), params: payload },
      };
      itemLimit.assert(args);
      pipelines.set(args, enveloped);
      return args;
    },
    execute: (args) => pipelines.get(args)?.execute(args),
  };
}

function createYogaHandler(
  { schema, createContext, maskError, fanout, audit, tracer, log, hold, ...options }: GraphQLOptions,
  itemLimit: ItemLimit,
) {
  const { persistedDocuments, onSseOpen, onSseClose } = options;
  return createYoga<ServerContext, Context>({
    schema,
    context: ({ requester, res }) => createContext(requester, () => !res.destroyed),
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
    graphiql: false, // a page of ours
    plugins: [
      ...documentLimits(),
      auditRefusals(audit),
      itemLimit.plugin,
      ...(tracer ? [traceOperations(tracer)] : []),
      unconditionalSubscriptions(),
      useRequestParameters(persistedDocuments),
      useHttpStatuses(),
      useErrorBodies(),
      useLastEventIdReset(),
      useSse({
        ...{ fanout, hold, maskError },
        ...(onSseOpen && { onOpen: onSseOpen }),
        ...(onSseClose && { onClose: onSseClose }),
      }),
    ],
  });
}
