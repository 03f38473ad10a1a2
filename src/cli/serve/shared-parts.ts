/** What every server stands upon, whichever its role: the database, who is let in, and what tells others. */
import type { Access } from '../../access/access.ts';
import type { AuditTrail } from '../../access/audit-trail.ts';
import type { SignInOptions } from '../../api/index.ts';
import { OrderedPublisher, openRequests, type Requests } from '../../bus/index.ts';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import { createMetrics, type Metrics } from '../../metrics.ts';
import type { Store } from '../../store/index.ts';
import type { Tracing } from '../../tracing/index.ts';
import type { OpenParts } from '../open-parts.ts';
import { openBus, type ServerBus } from './bus-parts.ts';
import { clockMetric } from './clock-metric.ts';
import type { Role } from './roles.ts';
import { createAuditTrail, makeDirectories, openAccess, openServerStore } from './server-parts.ts';
import { openUploads, tellBucket, type Uploads } from './upload-places.ts';

export interface Base {
  role: Role;
  config: Config;
  log: Log;
  /** Null: nobody asks for traces. */
  tracing: Tracing | null;
  metrics: Metrics;
  store: Store;
  audit: AuditTrail;
  access: Access & { signIn: SignInOptions };
  bus: ServerBus;
  /** Null: there are no others to be asked. */
  requests: Requests | null;
  uploads: Uploads;
  publisher: OrderedPublisher;
}

export async function openBase(
  role: Role,
  config: Config,
  log: Log,
  tracing: Tracing | null,
  parts: OpenParts,
): Promise<Base> {
  const metrics = parts.add(createMetrics());
  const store = parts.add(await openServerStore(config, metrics, log, tracing));
  clockMetric(metrics, store);
  const audit = parts.add(createAuditTrail(store, metrics, log));
  const access = await openAccess(config, store, audit, log);
  const bus = parts.add(await openBus(config, store, metrics, log, tracing));
  const requests = await openAsking(config, store, parts, log, tracing);
  await makeDirectories(config);
  const uploads = parts.add(await openUploads(config, store, log));
  void tellBucket(uploads, log);
  const publisher = new OrderedPublisher(bus.all);
  return { role, config, log, tracing, metrics, store, audit, access, bus, requests, uploads, publisher };
}

async function openAsking(
  { natsUrls: servers }: Config,
  { newest }: Store,
  parts: OpenParts,
  log: Log,
  tracing: Tracing | null,
) {
  if (servers.length === 0) return null;
  // Beside what the bus hears.
  const subject = `mien-asks.${await newest.databaseId()}`;
  const expected = newest.otherWorkers;
  const tracer = tracing?.operations;
  return parts.add(openRequests({ servers, subject, id: newest.worker, expected, log, tracer }));
}
