/** Traces for those who ask for them: moments from their frames to the sockets, and what is asked of servers. Loaded only then. */
import type { Log } from '../domain/log.ts';
import type { FollowCommit, FollowMoment, FollowReceived, OperationTracer } from '../domain/trace.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { Deliveries } from './deliveries.ts';
import { openProvider, type TracingSettings } from './export.ts';
import { FollowedMoment } from './followed-moment.ts';
import { createOperationTracer } from './operation-tracer.ts';
import { FollowedSpan } from './spans.ts';

export type { TracingSettings } from './export.ts';

export interface Tracing {
  follow: FollowMoment;
  received: FollowReceived;
  commit: FollowCommit;
  operations: OperationTracer;
  /** Sends what waits, for at most two seconds. */
  close(): Promise<void>;
}

/** Longest wait for the collector at the end. */
const CLOSE_MS = 2_000;

export function openTracing(settings: TracingSettings, log: Pick<Log, 'info' | 'warn'>): Tracing {
  const provider = openProvider(settings, log);
  const tracer = provider.getTracer('mien');
  const deliveries = new Deliveries();
  const openDeliveries = (parent: FollowedSpan) => deliveries.open(parent);
  const operations = createOperationTracer((...asked) => FollowedSpan.begin(tracer, ...asked));
  return {
    operations,
    follow({ streamId, id }, since) {
      const ids = { ...(streamId && { 'mien.stream.id': streamId }), ...(id && { 'mien.session.id': id }) };
      const whole = FollowedSpan.begin(tracer, 'moment', null, { at: since, details: ids });
      if (whole === null) return null;
      const moment = new FollowedMoment(whole, openDeliveries);
      moment.step('frame buffer');
      return moment;
    },
    received(traceparent, since) {
      const options = { at: since, kind: 'consumer', details: { 'messaging.system': 'nats' } } as const;
      const whole = FollowedSpan.begin(tracer, 'receive', traceparent, options);
      return whole && new FollowedMoment(whole, openDeliveries);
    },
    commit([first, ...others], items) {
      if (first === undefined) return null;
      const details = { 'db.system.name': 'postgresql', 'mien.commit.items': items };
      const span = first.begin('store commit', { kind: 'client', details });
      for (const other of others) {
        span.link(other);
        other.link(span);
      }
      return span;
    },
    async close() {
      deliveries.close();
      await settledWithin(provider.shutdown(), CLOSE_MS);
    },
  };
}
