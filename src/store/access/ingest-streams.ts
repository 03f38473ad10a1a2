/** Streams by the address that video is sent to, of which a hash is kept. */
import type { IngestStream, IngestStreamStore } from '../../access/ports.ts';
import type { SourceInput } from '../../domain/frame.ts';
import { isId } from '../../domain/id-format.ts';
import { MienError } from '../../errors.ts';
import type { PrismaClient, Stream } from '../generated/client.ts';

export function createIngestStreamStore(prisma: PrismaClient): IngestStreamStore {
  return {
    async setAddress(streamId, { hash, expiresAt }) {
      if (!isId(streamId)) return null;
      const row = await prisma.stream.findUnique({ where: { id: streamId } });
      if (row === null) return null;
      if (toIngestStream(row) === null) throw notPushed(row.name);
      const data = { ingestHash: hash, ingestExpiresAt: expiresAt };
      const [changed] = await prisma.stream.updateManyAndReturn({ where: { id: streamId }, data });
      return changed ? toIngestStream(changed) : null;
    },
    async byAddress(hash) {
      const row = await prisma.stream.findUnique({ where: { ingestHash: hash } });
      return row && toIngestStream(row);
    },
  };
}

function toIngestStream({ id, name, source, ingestExpiresAt }: Stream): IngestStream | null {
  const named = source as SourceInput;
  return named.type === 'push' ? { id, name, inlet: named.inlet, expiresAt: ingestExpiresAt } : null;
}

function notPushed(name: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `Nobody sends to the stream ${name}, whose video mien fetches itself: register one with the source \`{ push: {} }\`.`,
  );
}
