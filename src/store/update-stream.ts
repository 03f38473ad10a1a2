/** One stream's row is changed, or it is told that there is none. */
import { isId } from '../domain/id-format.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Stream } from './generated/client.ts';

/** @throws MienError NOT_FOUND */
export async function updateStream(
  prisma: PrismaClient,
  id: string,
  data: Prisma.StreamUpdateManyMutationInput,
): Promise<Stream> {
  const [row] = isId(id) ? await prisma.stream.updateManyAndReturn({ where: { id }, data }) : [];
  if (row === undefined) throw noSuchStream(id);
  return row;
}

export function noSuchStream(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no stream ${id}.`);
}
