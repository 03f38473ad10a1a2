/** The lease by which this server runs sessions: its sessions are told of it, and Prometheus reads it. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { StreamManager } from '../../sessions/index.ts';
import type { Store } from '../../store/index.ts';

/** Before anyone may start a stream: notes what a crash left, too. */
export async function takeLease(
  { registry }: { registry: Registry },
  { lease }: Pick<Store, 'lease'>,
  streamManager: StreamManager,
): Promise<void> {
  lease.watch(streamManager.leaseWatcher);
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers, collect: collect(read) });
  gauge('mien_sessions_owned', 'Sessions that this server runs', () => streamManager.running().length);
  gauge('mien_lease_age_seconds', 'Time since the lease by which it runs them was renewed', () => lease.age);
  gauge('mien_other_servers', 'Other servers that hold a lease on this database', () => lease.others);
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({ name, help, registers, collect: count(read) });
  counter(
    'mien_takeovers_total',
    'Sessions that were taken over from a server that was gone',
    () => lease.takenOver,
  );
  counter('mien_claims_total', 'Sessions that this server began', () => streamManager.begun);
  await streamManager.desired.note();
}

function collect(read: () => number) {
  return function (this: Gauge) {
    this.set(read());
  };
}

/** Of a number that only grows. */
function count(read: () => number) {
  let counted = 0;
  return function (this: Counter) {
    const now = read();
    this.inc(now - counted);
    counted = now;
  };
}
