/** The session that a payload is about, read again: as it is after the mutation. */
import type { Context } from '../context/context.ts';
import { stillThere } from './ids.ts';
import { SessionType } from './session.ts';

/** Of a payload that holds the id of its session: `session: t.prismaField(SESSION_NOW)`. */
export const SESSION_NOW = {
  type: SessionType,
  description: 'The session, as it is now.',
  resolve: (query: object, { sessionId }: { sessionId: string }, _args: object, { prisma }: Context) =>
    stillThere('session', sessionId, prisma.session.findUnique({ ...query, where: { id: sessionId } })),
};
