/** `mien erase`: erases what was recorded, without a server or beside one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config.ts';
import type { ErasedCounts, ErasureRequest, LiveSession } from '../../domain/erasure.ts';
import { MienError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { createMetrics } from '../../metrics.ts';
import type { Store } from '../../store/index.ts';
import type { Host } from '../process-host.ts';
import { commandRequester } from '../serve/command-requester.ts';
import { openCommandStore } from '../serve/server-parts.ts';
import { openUploads } from '../serve/upload-places.ts';

/** From one look to the next at what another does. */
const AGAIN_MS = 500;

/** @throws MienError NOT_FOUND; CONFLICT while a server has the embedded database open, or runs what is to go as a whole */
export async function erase(
  request: ErasureRequest,
  reason: string,
  config: Config,
  host: Host,
): Promise<number> {
  const metrics = createMetrics();
  const log = createLog(config);
  const store = await openCommandStore(config, metrics, log);
  const uploads = await openUploads(config, store, log);
  try {
    const requester = commandRequester();
    const order = { request, reason, requester: requester.principal };
    const hands = { removeUpload: uploads.release };
    if (config.databaseUrl === null) {
      await interruptLeft(store);
      for (const left of await store.erasures.unfinished()) await store.erasures.run(left.id, hands);
    }
    const { id } = await store.erasures.begin(order, async (live) => assertStopped(live));
    // A server that finds it unfinished may be faster.
    while (!(await store.erasures.run(id, hands))) await sleep(AGAIN_MS);
    const target = { type: 'ERASURE', id, name: null } as const;
    await store.audit.append([{ requester, action: 'ERASE', target, outcome: 'OK', count: 1, since: null }]);
    host.stdout.write(`Erased ${inWords(await countsOf(store, id))}. The record is ${id}.\n`);
    return 0;
  } finally {
    await uploads.close();
    await store.close();
    metrics.close();
  }
}

/** Nobody else has the embedded database open: what seems to run there was left by a crash. */
async function interruptLeft({ sessions }: Store): Promise<void> {
  const left = await sessions.adopt();
  await sessions.interruptLive(
    left.map(({ id }) => id),
    'The server ended without stopping this session.',
  );
}

function assertStopped([first]: readonly LiveSession[]): void {
  if (first === undefined) return;
  throw new MienError(
    'CONFLICT',
    `Session ${first.sessionId} runs. Stop its stream first, or ask its server by the mutation \`erase\`.`,
  );
}

async function countsOf(store: Store, id: string): Promise<ErasedCounts> {
  return store.prisma.erasure.findUniqueOrThrow({
    where: { id },
    select: {
      ...{ streams: true, sessions: true, moments: true, readings: true },
      ...{ rollups: true, episodes: true, tracks: true, markers: true, uploads: true },
    },
  });
}

function inWords({ rollups, ...counts }: ErasedCounts): string {
  const parts = Object.entries({ ...counts, sums: rollups }).filter(([, count]) => count > 0);
  return parts.length === 0
    ? 'nothing: there was nothing'
    : parts.map(([kind, count]) => `${count} ${kind}`).join(', ');
}
