/** Addresses that video is sent to. */
import type { Context } from '../context/context.ts';
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { assertId, stillThere } from './ids.ts';
import { StreamType } from './stream.ts';

/** With its secret, for the one time that it is shown. */
export interface ShownAddress {
  url: string;
  expiresAt: Date | null;
}

export const IngestAddressType = builder.objectRef<ShownAddress>('IngestAddress').implement({
  extensions: AS_PARENT,
  description:
    'Where video is sent to a stream. Whoever knows it may send, and nothing else: it holds a secret, which is kept nowhere.',
  fields: (t) => ({
    url: t.exposeString('url', {
      description:
        'For PUT or POST of a container as an endless body, such as MPEG-TS: `ffmpeg -re -i clip.mp4 -f mpegts -method PUT URL`, `curl -T - URL`.',
    }),
    webSocketUrl: t.string({
      description:
        'For a WebSocket whose binary messages are what a browser’s MediaRecorder makes: WebM or fragmented MP4.',
      resolve: ({ url }) => url.replace(/^http/, 'ws'),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null: it does not.',
    }),
  }),
});

/** @throws MienError NOT_FOUND, BAD_INPUT */
export async function newAddress(
  streamId: string,
  expiresAt: Date | null,
  { ingestAddresses, requester: { origin = '' } }: Context,
): Promise<ShownAddress> {
  const { secret } = await ingestAddresses.renew(streamId, expiresAt);
  return { url: `${origin}/ingest/${secret}`, expiresAt };
}

const RenewIngestAddressInput = builder.inputType('RenewIngestAddressInput', {
  description: 'Which stream is to have a new address.',
  fields: (t) => ({
    streamId: t.id({ required: true, description: 'Id of the stream, whose source is `push`.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the new address ends by itself; left out: it does not.',
    }),
  }),
});

const RenewIngestAddressPayload = builder
  .objectRef<{ id: string; ingest: ShownAddress }>('RenewIngestAddressPayload')
  .implement({
    extensions: AS_PARENT,
    description: 'A stream with a new address.',
    fields: (t) => ({
      stream: t.prismaField({
        type: StreamType,
        description: 'The stream.',
        resolve: (query, { id }, _args, { prisma }) =>
          stillThere('stream', id, prisma.stream.findUnique({ ...query, where: { id } })),
      }),
      ingest: t.expose('ingest', {
        type: IngestAddressType,
        description: 'Where its video is sent from now on. It is shown this once.',
      }),
    }),
  });

builder.mutationField('renewIngestAddress', (t) =>
  t.field({
    authScopes: { role: 'OPERATOR' },
    type: RenewIngestAddressPayload,
    description:
      'Makes a new address for a stream that video is sent to. The old one ends at once, and who sends to it is cut off; the session goes on with the next sender. BAD_INPUT for other streams.',
    extensions: audited<{ input: typeof RenewIngestAddressInput.$inferInput }>({
      action: 'CHANGE_STREAM',
      target: 'STREAM',
      detail: () => ({ changes: 'ingest' }),
    }),
    args: { input: t.arg({ type: RenewIngestAddressInput, required: true, description: 'The stream.' }) },
    async resolve(_root, { input }, context) {
      const id = assertId('stream', input.streamId);
      return { id, ingest: await newAddress(id, input.expiresAt ?? null, context) };
    },
  }),
);
