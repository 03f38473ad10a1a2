/** mien, as a program or a page speaks to it. */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { eventStream } from './event-stream.ts';
import { type FollowOptions, follow, type Resumable } from './follow.ts';
import {
  FrameEmotionsDocument,
  type FrameEmotionsSubscription,
  type FrameEmotionsSubscriptionVariables,
} from './generated/documents.ts';
import { type GraphQLRequest, request } from './http.ts';
import { type Answer, createServer, type Server, type ServerOptions } from './server.ts';
import type { SubscribeOptions, Transport } from './transport.ts';
import { discardUpload, type UploadOptions, type UploadSource, upload } from './upload.ts';

export interface MienOptions extends ServerOptions {
  /** How subscriptions come; left out: as server-sent events. For one WebSocket see `@mien/client/ws`. */
  transport?: Transport;
}

/** A document as text; one that codegen typed (`documentMode: 'string'`) says what is given and what is answered. */
export type Document<Data, Variables> =
  | string
  | (DocumentTypeDecoration<Data, Variables> & { toString(): string });

/** All faces of one frame. */
export type Moment = FrameEmotionsSubscription['frameEmotions'];

export interface Mien {
  /** One query or mutation. @throws MienError, ConnectionLost, and what `signal` was aborted with */
  request<Data, Variables extends object = Record<string, unknown>>(
    document: Document<Data, Variables>,
    variables?: Variables,
    options?: { signal?: AbortSignal },
  ): Promise<Data>;
  /**
   * One subscription over one connection: what comes until it is complete. It ends when the loop over it is left.
   *
   * @throws MienError, ConnectionLost, and what `signal` was aborted with
   */
  subscribe<Data, Variables extends object = Record<string, unknown>>(
    document: Document<Data, Variables>,
    variables?: Variables,
    options?: Partial<SubscribeOptions>,
  ): AsyncGenerator<Data, void>;
  /**
   * A subscription through broken connections, resumed where it was. Its document takes `$after: String` and selects one
   * field, of that `cursor`, and `sessionId` (or `session { id }`) and `seq` where it has them. Gives what that field holds, until the subscription
   * is complete or `signal` is aborted.
   *
   * @throws MienError where trying again would not help; TypeError where `cursor` is not selected
   */
  follow<Data, Variables extends object = Record<string, unknown>>(
    document: Document<Data, Variables>,
    variables?: Omit<Variables, 'after'>,
    options?: FollowOptions,
  ): AsyncGenerator<Data[keyof Data] & Resumable, void>;
  /** Every moment of a stream, of a session or of all streams, without loss or repeat. @throws MienError as `follow` does */
  frameEmotions(
    variables?: Omit<FrameEmotionsSubscriptionVariables, 'after'>,
    options?: FollowOptions,
  ): AsyncGenerator<Moment, void>;
  /**
   * Sends a video.
   *
   * @returns the token with which it is registered: `source: { upload: token }`
   * @throws MienError, ConnectionLost, and what `signal` was aborted with
   */
  upload(file: UploadSource, options?: UploadOptions): Promise<string>;
  /** Removes a video that was sent and that no stream has taken. @throws MienError, ConnectionLost */
  discardUpload(token: string): Promise<void>;
}

/** @example for await (const { faces } of createMien({ url }).frameEmotions({ streamId })) console.log(faces); */
export function createMien({ transport = eventStream(), ...options }: MienOptions = {}): Mien {
  const server = createServer(options);
  const mien: Mien = {
    request: (document, variables = {} as never, { signal } = {}) =>
      request(server, { query: String(document), variables }, signal),
    subscribe: (document, variables = {} as never, given = {}) =>
      subscribe(server, transport, { query: String(document), variables }, given),
    follow: (document, variables, given) =>
      follow((after, signal, onBegin) => {
        // Without `after` at all, everybody's variables are the same, and one subscription of the server serves them.
        const asked = { ...variables, ...(after !== null && { after }) };
        const extensions = { cursor: true };
        const answers = transport.subscribe(
          server,
          { query: String(document), variables: asked, extensions },
          { signal },
        );
        return fieldOf(server, answers, onBegin);
      }, given),
    frameEmotions: (variables, given) => mien.follow(FrameEmotionsDocument, variables, given),
    upload: (file, given) => upload(server, file, given),
    discardUpload: (token) => discardUpload(server, token),
  };
  return mien;
}

async function* subscribe<Data>(
  server: Server,
  transport: Transport,
  asked: GraphQLRequest,
  { signal = new AbortController().signal, onOpen }: Partial<SubscribeOptions>,
): AsyncGenerator<Data, void> {
  const answers = transport.subscribe(server, asked, { signal, ...(onOpen && { onOpen }) });
  for await (const answer of answers) yield server.dataOf<Data>(answer);
}

/** What the one field of each result holds; before them comes the cursor that was asked for. */
async function* fieldOf<Data>(
  server: Server,
  answers: AsyncIterable<Answer>,
  onBegin: (cursor: string) => void,
): AsyncGenerator<Data[keyof Data] & Resumable> {
  for await (const answer of answers) {
    const begin = answer.extensions?.cursor;
    if (begin !== undefined) {
      onBegin(begin);
      continue;
    }
    const [item] = Object.values(server.dataOf<object>(answer));
    yield item;
  }
}
