/** Where borders by the wall clock lie in the media time of sessions. */
import type { RequestBudget } from '../../../domain/request-budget.ts';
import type { PrismaClient } from '../../generated/client.ts';
import { CUTS } from './session-sums-sql.ts';

/** A border in a session. */
interface Border {
  session: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Borders that one statement looks for. */
const BORDERS_PER_STATEMENT = 2_000;

/** The first second of media time that begins behind a border, in milliseconds since the epoch; infinite behind the last moment. */
export type CutAt = (border: number) => number;

/** @returns by session */
export async function readCuts(
  prisma: PrismaClient,
  borders: readonly Border[],
  work?: RequestBudget,
): Promise<(session: string) => CutAt> {
  const cuts = new Map<string, number>();
  for (let from = 0; from < borders.length; from += BORDERS_PER_STATEMENT) {
    work?.assertWanted();
    const some = borders.slice(from, from + BORDERS_PER_STATEMENT);
    const rows = await prisma.$queryRawUnsafe<{ number: number; second: number }[]>(
      CUTS,
      `{${some.map(({ session }) => session).join()}}`,
      `{${some.map(({ at }) => at / 1000).join()}}`,
    );
    for (const { number, second } of rows) cuts.set(keyOf(some[number - 1]!), second);
  }
  return (session) => (at) => cuts.get(keyOf({ session, at })) ?? Number.POSITIVE_INFINITY;
}

function keyOf({ session, at }: Border): string {
  return `${session} ${at}`;
}
