/** Seals again what is stored: at every start what an earlier mien stored in clear, and all of it when keys change. */

import type { SourceInput } from '../../domain/frame.ts';
import type { Log } from '../../domain/log.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { openSource, type StoredSource, sealSource } from './sealed-source.ts';
import { openTarget, sealTarget } from './sealed-target.ts';
import type { SecretKeys } from './secret-keys.ts';

export interface Sealed {
  /** How many sources and outputs were sealed now. */
  sealed: number;
  /** How many cannot be opened, because their key is lost. */
  locked: number;
}

/** Sources as servers of one key tell them each other. */
export interface SourceSealing {
  sealSource(source: SourceInput): Promise<StoredSource>;
  /** Where the key is lost, it is `locked`. */
  unsealSource(stored: StoredSource): Promise<SourceInput>;
}

export function createSourceSealing(keys: SecretKeys): SourceSealing {
  return {
    sealSource: (source) => sealSource(source, keys),
    unsealSource: (stored) => openSource(stored, keys),
  };
}

/** Seals with a new key, then forgets the old ones; cut short, it leaves both, and may be repeated. */
export async function rotateKeys(prisma: PrismaClient, keys: SecretKeys): Promise<Sealed> {
  await keys.addNew();
  const sources = await sealStored(prisma, keys, 'all');
  const outputs = await sealOutputs(prisma, keys);
  await keys.dropOld();
  return { sealed: sources.sealed + outputs.sealed, locked: sources.locked + outputs.locked };
}

/** Of the sources. @param which `clear`: only what is not sealed yet */
export async function sealStored(
  prisma: PrismaClient,
  keys: SecretKeys,
  which: 'clear' | 'all',
): Promise<Sealed> {
  const result: Sealed = { sealed: 0, locked: 0 };
  for (const { id, source } of await prisma.stream.findMany({ select: { id: true, source: true } })) {
    const stored = source as StoredSource;
    const opened = await openSource(stored, keys);
    if (opened.type !== 'url') continue;
    if (opened.locked) {
      result.locked++;
      continue;
    }
    if (which === 'clear' && stored.sealed !== undefined) continue;
    const now = await sealSource(opened, keys);
    if (now.sealed === undefined) continue;
    // Unless it was sealed or removed by another process meanwhile.
    const where = { id, source: { equals: source as Prisma.InputJsonValue } };
    result.sealed += (await prisma.stream.updateMany({ where, data: { source: now } })).count;
  }
  return result;
}

async function sealOutputs(prisma: PrismaClient, keys: SecretKeys): Promise<Sealed> {
  const result: Sealed = { sealed: 0, locked: 0 };
  for (const { id, sealed } of await prisma.output.findMany({ select: { id: true, sealed: true } })) {
    const target = await openTarget(sealed, keys);
    if (target === null) {
      result.locked++;
      continue;
    }
    const now = await sealTarget(target, keys);
    // Unless it was changed or removed by another process meanwhile.
    result.sealed += (await prisma.output.updateMany({ where: { id, sealed }, data: now })).count;
  }
  return result;
}

export function tellSealed({ sealed, locked }: Sealed, log: Pick<Log, 'info' | 'warn'> | undefined): void {
  if (sealed > 0)
    log?.info(
      { sources: sealed },
      'passwords of sources, stored in clear by an earlier version, are sealed now',
    );
  if (locked > 0) {
    log?.warn(
      { sources: locked },
      'passwords of sources cannot be read, because they were sealed with another key; give that one by MIEN_SECRET_KEY or secret.key, or register these streams anew',
    );
  }
}
