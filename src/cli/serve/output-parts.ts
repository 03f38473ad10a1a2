/** The outputs as the server runs them: what they need of the store, the bus, the metrics and the audit. */
import { randomUUID } from 'node:crypto';
import { Counter, Gauge } from 'prom-client';
import type { Bus } from '../../bus/index.ts';
import type { Config } from '../../config.ts';
import { SYSTEM_PRINCIPAL } from '../../domain/access.ts';
import type { Audit } from '../../domain/audit.ts';
import type { Log } from '../../domain/log.ts';
import type { OutputRecord } from '../../domain/output.ts';
import type { Metrics } from '../../metrics.ts';
import { type OutputDeps, type OutputMetrics, Outputs } from '../../outputs/index.ts';
import type { Store } from '../../store/index.ts';
import { repeat } from '../../threads/repeat.ts';

export interface OutputParts {
  store: Pick<Store, 'outputs' | 'streams' | 'clock'>;
  /** What happens on this server: what happens on others, these tell. */
  bus: Pick<Bus, 'subscribe'>;
  metrics: Metrics;
  audit: Audit;
  log: Log;
  onChanged?: () => void;
  isElsewhere?: boolean;
}

/** Runs those that are turned on. */
export async function openOutputs({
  store,
  bus,
  metrics,
  audit,
  log,
  ...more
}: OutputParts): Promise<Outputs> {
  const deps: OutputDeps = {
    outputs: store.outputs,
    streamName: async (id) => (await store.streams.get(id))?.name ?? null,
    feed: bus,
    metrics: outputMetrics(metrics),
    onStopped: (output) => recordStopped(output, audit),
    ...{ log, server: randomUUID(), now: store.clock.now, ...more },
  };
  const outputs = new Outputs(deps);
  await outputs.start();
  return outputs;
}

/** @param onRemoved a stream was removed here, which the outputs of all servers are to be told */
export function tellingRemoved(streams: Store['streams'], onRemoved: () => void): Store['streams'] {
  return {
    ...streams,
    async remove(id) {
      await streams.remove(id);
      onRemoved();
    },
  };
}

export interface RefreshedOutputs {
  /** Never rejects. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** What happens at other servers is so here as well: when they say so, and where they cannot, soon. */
export function keepRefreshed(
  outputs: Outputs,
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
  log: Log,
): RefreshedOutputs {
  const refresh = () =>
    outputs.refresh().catch((error: unknown) => log.warn({ err: error }, 'outputs could not be read again'));
  // The embedded database is held by this server alone.
  const stop =
    databaseUrl === null
      ? async () => {}
      : repeat(REFRESH_MS, (isFirst) => (isFirst ? Promise.resolve() : refresh()));
  return { refresh, close: () => stop() };
}

/** So often outputs are read again, also when nobody says that they were changed. */
const REFRESH_MS = 10_000;

function outputMetrics({ registry }: Metrics): OutputMetrics {
  const registers = [registry];
  const labelNames = ['output', 'kind'] as const;
  const counter = (name: string, help: string) =>
    new Counter({ name: `mien_output_${name}_total`, help, labelNames, registers });
  const sent = counter('sent', 'Messages that the receiver of an output took');
  const failed = counter('failed', 'Messages that were given up, because the receiver did not take them');
  const dropped = counter('dropped', 'Messages to an output that were let go of, because too many waited');
  const help = 'Messages that wait for the receiver of an output';
  const waiting = new Gauge({ name: 'mien_output_waiting', help, labelNames, registers });
  return {
    sent: (labels) => sent.inc({ ...labels }),
    failed: (labels) => failed.inc({ ...labels }),
    dropped: (labels, messages) => dropped.inc({ ...labels }, messages),
    waiting: (labels, messages) => waiting.set({ ...labels }, messages),
    forget(labels) {
      for (const metric of [sent, failed, dropped, waiting]) metric.remove({ ...labels });
    },
  };
}

/** Nobody asked for it: mien turned it off by itself. */
function recordStopped({ id, name, stopped }: OutputRecord, audit: Audit): void {
  void audit.record({
    requester: { principal: SYSTEM_PRINCIPAL, address: null },
    action: 'CHANGE_OUTPUT',
    target: { type: 'OUTPUT', id, name },
    outcome: 'OK',
    detail: { changes: 'enabled', why: stopped },
  });
}
