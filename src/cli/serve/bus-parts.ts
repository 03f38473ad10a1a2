/** The bus as the server has it: its own alone, or with NATS_URL the one of all servers on its database. */
import { Counter, Gauge } from 'prom-client';
import {
  type Bus,
  createNats,
  MemoryBus,
  SharedBus,
  type SharedBusMetrics,
  type Stored,
} from '../../bus/index.ts';
import type { Config } from '../../config.ts';
import type { ErasureStep } from '../../domain/erasure.ts';
import type { Log } from '../../domain/log.ts';
import type { Metrics } from '../../metrics.ts';
import type { Store } from '../../store/index.ts';
import type { Tracing } from '../../tracing/index.ts';

export interface ServerBus {
  /** What happens on all servers. */
  all: Bus;
  /** What happens on this server: each server's outputs tell of its own. */
  own: Pick<Bus, 'subscribe'>;
  /** To the other servers: the tags of a stream were changed here, or it is new. */
  tellTagged(streamId: string): void;
  /** To the other servers: this was erased here. */
  tellErased(steps: readonly ErasureStep[]): void;
  /** What is to be done with what another server erased. */
  whenErased(letGo: (steps: readonly ErasureStep[]) => void): void;
  /** What `/ready` tells of it: the server is ready without it, too. */
  standing(): Readonly<Record<string, string>>;
  close(): void | Promise<void>;
}

export async function openBus(
  config: Config,
  store: Store,
  metrics: Metrics,
  log: Log,
  tracing: Pick<Tracing, 'received'> | null = null,
): Promise<ServerBus> {
  const told = {
    onOverflow: () => metrics.queueOverflow.inc(),
    onError: (error: unknown) => log.error({ err: error }, 'a subscriber failed'),
  };
  if (config.natsUrls.length === 0) return alone(new MemoryBus(told));
  const subject = `mien.${await store.newest.databaseId()}`;
  let letGo: (steps: readonly ErasureStep[]) => void = () => {};
  const bus = new SharedBus({
    ...told,
    open: createNats({ servers: config.natsUrls, subject, log }),
    stored: storedIn(store),
    onErased: (steps) => letGo(steps),
    onTagged: (streamId) => store.streams.readTags(streamId),
    metrics: sharedBusMetrics(metrics),
    follow: tracing?.received,
    log,
  });
  return {
    all: bus,
    own: bus.own,
    tellTagged: (streamId) => bus.tellTagged(streamId),
    tellErased: (steps) => bus.tellErased(steps),
    whenErased(listener) {
      letGo = listener;
    },
    standing: () => ({ bus: bus.isUp ? 'up' : 'down' }),
    close: () => bus.close(),
  };
}

/** Nobody else is to be told. */
function alone(bus: MemoryBus): ServerBus {
  const tellNobody = () => {};
  const tells = { tellTagged: tellNobody, tellErased: tellNobody, whenErased: tellNobody };
  return { all: bus, own: bus, ...tells, standing: () => ({}), close: () => bus.close() };
}

function storedIn({ newest, moments, clock }: Pick<Store, 'newest' | 'moments' | 'clock'>): Stored {
  return {
    ...{ ...newest, now: clock.now },
    momentFrom: async (sessionId, seq) => (await moments.page(sessionId, seq - 1, 1))[0] ?? null,
  };
}

function sharedBusMetrics({ registry }: Metrics): SharedBusMetrics {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `mien_bus_${name}_total`, help, registers });
  const help = 'Whether NATS carries what is live (1) or it is read from the database each second (0)';
  const up = new Gauge({ name: 'mien_bus_up', help, registers });
  const sent = counter('sent_messages', 'Messages to other servers');
  const sentBytes = counter('sent_bytes', 'Bytes of messages to other servers');
  const received = counter('received_messages', 'Messages of other servers');
  const receivedBytes = counter('received_bytes', 'Bytes of messages of other servers');
  const withheld = counter('withheld', 'Messages to other servers that were not sent, because NATS was away');
  const unreadable = counter(
    'unreadable',
    'Messages of other servers that were damaged, or of another version',
  );
  const caughtUp = counter(
    'catch_ups',
    'Times that the newest state of what is followed was read from the database',
  );
  return {
    up: (isUp) => up.set(isUp ? 1 : 0),
    sent(bytes) {
      sent.inc();
      sentBytes.inc(bytes);
    },
    received(bytes) {
      received.inc();
      receivedBytes.inc(bytes);
    },
    withheld: () => withheld.inc(),
    unreadable: () => unreadable.inc(),
    caughtUp: () => caughtUp.inc(),
  };
}
