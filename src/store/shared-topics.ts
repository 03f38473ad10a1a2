/** Outputs that would tell on the same topics of a broker: each would take back what the other keeps up to date there. */
import { type OutputRule, topicRootOf } from '../domain/output.ts';
import { MienError } from '../errors.ts';
import type { Output, Prisma, PrismaClient } from './generated/client.ts';

type Transaction = Prisma.TransactionClient;

/** Any number that no other program is likely to lock in the same database. */
const ADVISORY_LOCK = 6_243_613_007;

/**
 * Writes an output while nobody else does: of two that do not go together one sees the other.
 * @param isBound whether it must have its topics for itself
 * @throws MienError CONFLICT; and what `write` throws
 */
export function writeAlone(
  prisma: PrismaClient,
  write: (tx: Transaction) => Promise<Output>,
  isBound: (output: Output) => boolean,
): Promise<Output> {
  return prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    const output = await write(tx);
    if (isBound(output)) await assertOwnTopics(tx, output);
    return output;
  });
}

async function assertOwnTopics(tx: Transaction, output: Output): Promise<void> {
  if (output.kind !== 'MQTT') return;
  const root = rootOf(output);
  const others = await tx.output.findMany({
    where: { kind: 'MQTT', id: { not: output.id } },
    orderBy: { ordinal: 'asc' },
  });
  for (const other of others) {
    const shared = sharedBy(output, other);
    if (rootOf(other) === root && shared.length > 0) throw sharedTopics(output, other, shared);
  }
}

function rootOf({ target }: Output): string {
  return topicRootOf(target as { address: string; prefix: string });
}

/** What both are told of, in words. */
function sharedBy(one: Output, other: Output): string[] {
  if (one.streamId !== null && other.streamId !== null && one.streamId !== other.streamId) return [];
  const names = new Set(rulesOf(other).map(({ name }) => name));
  const rules = rulesOf(one).filter(({ name }) => names.has(name));
  return [
    ...one.topics.filter((topic) => other.topics.includes(topic)),
    ...rules.map(({ name }) => `the rule “${name}”`),
  ];
}

function rulesOf({ rules }: Output): OutputRule[] {
  return rules as unknown as OutputRule[];
}

function sharedTopics(output: Output, other: Output, shared: readonly string[]): MienError {
  // Whoever names one stream may not be shown the outputs of all.
  const isShown = output.streamId === null || other.streamId !== null;
  const which = isShown ? `the output “${other.name}”` : 'an output of all streams';
  const { prefix } = other.target as { prefix: string };
  return new MienError(
    'CONFLICT',
    `Choose another \`mqtt.prefix\`: under “${prefix}” ${which} tells that broker the same (${shared.join(', ')}), and each of the two would take back what the other keeps up to date there.`,
  );
}
