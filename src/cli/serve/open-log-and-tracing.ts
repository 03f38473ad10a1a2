/** What a server tells those who run it: lines of its log and, where they ask for them, traces. */
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import { createLog } from '../../log.ts';
import type { Tracing } from '../../tracing/index.ts';
import type { Role } from './roles.ts';

/** @param server names this one among all of its database */
export async function openLogAndTracing(
  config: Config,
  role: Role,
  server: string,
): Promise<{ log: Log; tracing: Tracing | null }> {
  const isAlone = role === 'ALL' && config.databaseUrl === null;
  const base = isAlone ? null : { role, server };
  if (config.tracing === null) return { log: createLog(config, base), tracing: null };
  let tracing: Tracing | null = null;
  const log = createLog(config, base, () => {
    const span = tracing?.operations.current();
    return span ? { trace_id: span.traceId } : {};
  });
  // Large, and for nobody else.
  const { openTracing } = await import('../../tracing/index.ts');
  tracing = openTracing(settingsOf(config.tracing, role, server), log);
  const { endpoint, sampler, ratio } = config.tracing;
  log.info({ collector: new URL(endpoint).host, sampler, ratio }, 'traces are sent');
  return { log, tracing };
}

const NAMES: Record<Role, string> = { ALL: 'mien', API: 'mien-api', WORKER: 'mien-worker' };

function settingsOf(
  { serviceName, resource, ...settings }: NonNullable<Config['tracing']>,
  role: Role,
  server: string,
) {
  const ofServer = {
    'service.name': NAMES[role],
    'service.instance.id': server,
    ...resource,
    ...(serviceName !== null && { 'service.name': serviceName }),
  };
  return { ...settings, resource: ofServer };
}
