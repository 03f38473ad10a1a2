/** An API over the real store and streams; only decoding and the models are small stand-ins. */
import { createAccess } from '../../src/access/access.ts';
import { AuditTrail } from '../../src/access/audit-trail.ts';
import { createIngestAddresses } from '../../src/access/ingest-secrets.ts';
import type { Services } from '../../src/api/index.ts';
import { MemoryBus, OrderedPublisher } from '../../src/bus/index.ts';
import { openOutputs, tellingRemoved } from '../../src/cli/serve/output-parts.ts';
import { bucketsOf, createRecordingQueries } from '../../src/cli/serve/recording-queries.ts';
import type { Role, Tags } from '../../src/domain/access.ts';
import type { Frame, SourceInfo } from '../../src/domain/frame.ts';
import { MienError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { Eraser, LoadControl, StreamManager, type StreamManagerDeps } from '../../src/sessions/index.ts';
import type { MomentSink } from '../../src/sessions/ports.ts';
import type { Store } from '../../src/store/index.ts';
import { createSubscriptions } from '../../src/subscriptions/index.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { createStore } from '../helpers/database.ts';
import { face, openTestApi, type TestApi } from './harness.ts';

export interface World extends TestApi {
  store: Store;
  services: Services;
  /** A new token, as a header. */
  token(role: Role, streams?: Tags | null): Promise<{ authorization: string }>;
  /** Statements sent to the database while `work` runs. */
  countQueries(work: () => Promise<unknown>): Promise<string[]>;
}

const INFO: SourceInfo = {
  kind: 'file',
  live: false,
  width: 12,
  height: 8,
  duration: 2,
  codec: 'h264',
  rotation: 0,
};
export const UNITS = ['AU1', 'AU12'];

interface WorldChanges
  extends Partial<
    Pick<StreamManagerDeps, 'probe' | 'openSource' | 'openAnalyser' | 'openPictures' | 'limits'>
  > {
  /** Whether who asks must show a token. */
  auth?: boolean;
  /** Whether the dashboard can be opened in a browser, which asks whether people have to sign in. */
  dashboard?: boolean;
  /** What stands before the store when moments are written. */
  sinkOf?(sink: MomentSink): MomentSink;
  /** What stands in for some of the services. */
  servicesOf?(services: Services): Services;
  api?: Parameters<typeof openTestApi>[1];
}

/**
 * Sources named `missing…` cannot be found, `broken…` are bugs; `endless…` run in real time, `silent…` show nothing,
 * others run for two seconds.
 */
export async function openWorld({
  sinkOf,
  auth = false,
  dashboard = false,
  servicesOf = (services) => services,
  api,
  ...changes
}: WorldChanges = {}): Promise<World> {
  const { store, dispose } = await createStore();
  const bus = new MemoryBus();
  const publisher = new OrderedPublisher(bus);
  await store.models.upsert({
    ...{
      id: 'test@1',
      name: 'test',
      version: '1',
      sha256: '0',
      kind: 'ensemble',
      license: 'MIT',
      device: 'cpu',
      precision: 'int8',
    },
    ...{ labels: [], actionUnits: UNITS, metrics: { rafdb: { accuracy: 0.5 } } },
  });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  // Of a machine that scores 42.5 frames a second if its models are all that runs, three fifths are counted on.
  const work = () => ({ seconds: 0, threads: 1 });
  const load = new LoadControl({ modelRate: 42.5, work, overcommit: true, log });
  const streams = new StreamManager({
    streams: tellingRemoved(store.streams, () => void outputs.refresh()),
    sessions: store.sessions,
    sink: sinkOf?.(store.moments) ?? store.moments,
    probe: async (source) => {
      const path = source.type === 'file' ? source.path : '';
      if (path.startsWith('missing'))
        throw new MienError('SOURCE_UNREACHABLE', `There is no file "${path}"; check the name.`);
      if (path.startsWith('broken')) throw new Error('secret detail');
      return INFO;
    },
    openSource: async (source, { signal }) => {
      const path = source.type === 'file' ? source.path : '';
      const shown = path.startsWith('silent') ? silence(signal) : frames(path.startsWith('endless'), signal);
      return { info: INFO, frames: shown, setFrameRate() {} };
    },
    openAnalyser: () => ({
      analyse: async () => ({
        faces: [face(1), face(2)].map(
          ({ expression: _, confidence: __, rawProbabilities: ___, ...raw }) => raw,
        ),
        cut: false,
      }),
      smallestFace: () => 1.25,
      close: async () => {},
    }),
    openTimeline: createTimeline({ thresholds: { confidence: 0.3, quality: 0.2 } }),
    publisher,
    modelId: 'test@1',
    load,
    log,
    ...changes,
  });
  const audit = createTrail(store);
  const live = createSubscriptions({
    streams: store.streams,
    sessions: store.sessions,
    history: store.moments,
    log: store.log,
    buckets: bucketsOf(store),
    feed: bus,
    now: Date.now,
  });
  const { tokens, authenticator, signIns } = createAccess({
    ...{ mode: 'required', loopback: true, tokens: store.tokens, signIns: store.signIns },
  });
  const metrics = createMetrics();
  const outputs = await openOutputs({
    ...{ store, bus, metrics, audit, log: createLog({ logLevel: 'silent', logFormat: 'json' }), port: 0 },
  });
  const eraser = new Eraser({
    ...{ erasures: store.erasures, streams, uploads: { release: async () => {} }, log },
    forget: (isGone) => publisher.forget(isGone),
  });
  const services = servicesOf({
    prisma: store.prisma,
    recordings: createRecordingQueries(store),
    subscriptions: live,
    streamManager: streams,
    sessions: store.sessions,
    mediaFiles: async () => [],
    recordedFile: async () => null,
    bringDemoClip: async () => 'd'.repeat(32),
    previews: {
      assertAble: async () => {},
      watch() {
        throw new MienError('NOT_FOUND', 'Nothing is shown here.');
      },
    },
    load,
    audit,
    ...{ tokens, outputs },
    ingestAddresses: createIngestAddresses(store.ingestStreams),
    eraser,
    modelIds: () => ['test@1'],
    refusedPurposes: ['EDUCATION'],
  });
  const opened = await openTestApi(services, {
    ...(dashboard && { signIn: { signIns, issuer: null, onEvent() {} } }),
    ...(api ?? (auth ? { authenticator, watchMs: 50 } : {})),
  });
  return {
    ...opened,
    bus,
    store,
    services,
    async token(role, streams = null) {
      const { secret } = await tokens.issue({ name: `a ${role}`, role, streams, expiresAt: null }, 'a test');
      return { authorization: `Bearer ${secret}` };
    },
    async countQueries(work) {
      const statements: string[] = [];
      const stop = store.onQuery((sql) => statements.push(sql));
      // What still follows from an earlier request, the sums of its refusals too, is not to be counted.
      do statements.length = 0;
      while (
        await new Promise((resolve) => setTimeout(() => resolve(statements.length > 0), 12 * AUDIT_SUM_MS))
      );
      await work();
      stop();
      return statements;
    },
    async close() {
      await streams.close();
      await eraser.close();
      await opened.close();
      await outputs.close();
      metrics.close();
      await audit.close();
      await dispose();
    },
  };
}

/** How long the audit sums what was refused. */
const AUDIT_SUM_MS = 50;

function createTrail({ audit }: Store): AuditTrail {
  const log = { info() {}, error() {} };
  return new AuditTrail({
    append: audit.append,
    networkOf: (address) => address,
    onFailure() {},
    log,
    sumMs: AUDIT_SUM_MS,
  });
}

async function* silence(signal: AbortSignal): AsyncGenerator<Frame> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  yield* [];
}

async function* frames(endless: boolean, signal: AbortSignal): AsyncGenerator<Frame> {
  for (let index = 0; (endless || index < 20) && !signal.aborted; index++) {
    if (endless) await new Promise((resolve) => setTimeout(resolve, 20));
    yield {
      pixels: new Uint8Array(24),
      width: 6,
      height: 4,
      mediaTime: index / 10,
      wallTime: 1_760_000_000_000 + index * 100,
      dropped: index === 5 ? { busy: 2 } : {},
    };
  }
}
