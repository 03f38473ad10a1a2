/** For how long recordings are kept. */
import type { PrismaClient } from '../generated/client.ts';

/** What the setting says, or what was decided when the database was made. */
export async function resolveRetentionSetting(
  prisma: PrismaClient,
  setting: number | null | 'DEFAULT' | undefined,
): Promise<number | null> {
  if (setting !== 'DEFAULT') return setting ?? null;
  const installation = await prisma.installation.findUnique({ where: { id: 1 } });
  return installation?.retentionHours ?? null;
}
