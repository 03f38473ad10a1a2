/** What runs sessions, as the settings ask for it. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Config } from '../../config.ts';
import { deviceAt, deviceOf } from '../../domain/camera-device.ts';
import type { SourceInput } from '../../domain/frame.ts';
import type { Log } from '../../domain/log.ts';
import type { Ingest } from '../../ingest/index.ts';
import type { Metrics } from '../../metrics.ts';
import { LoadControl, StreamManager } from '../../sessions/index.ts';
import type { Vision } from '../../vision/index.ts';
import { announceTagChanges } from './announce-tag-changes.ts';
import { tellingRemoved } from './output-parts.ts';
import type { Previews } from './preview-parts.ts';
import { createMeter, createTimelines, ensembleOf, loadMetrics } from './services.ts';
import type { Base } from './shared-parts.ts';

/** What it stands upon. */
export interface ManagerParts extends Base {
  vision: Vision;
  ingest: Ingest;
  load: LoadControl;
  previews: Previews;
  /** A stream was removed here. */
  onRemoved(): void;
}

export function createStreamManager(parts: ManagerParts): StreamManager {
  const { role, config, metrics, store, vision, ingest, bus, publisher, uploads, load, previews, log } =
    parts;
  return new StreamManager({
    streams: tellingRemoved(announceTagChanges(store.streams, bus), parts.onRemoved),
    uploads,
    sessions: store.sessions,
    sink: store.moments,
    clock: store.clock,
    probe: ingest.probe,
    openSource: ingest.open,
    isHere: isHereIn(ingest, placeOf(parts)),
    known: knownAs(config),
    // Whoever sends finds no worker: it has no port for that.
    leaves: ({ type }) => role === 'WORKER' && type === 'push',
    openAnalyser: vision.open,
    openTimeline: createTimelines(vision),
    openPictures: previews.open,
    publisher,
    modelId: ensembleOf(vision).id,
    allowPurposes: config.allowPurposes,
    meter: createMeter(metrics),
    follow: parts.tracing?.follow,
    load,
    log,
  });
}

/** A device of this machine, as other servers are to know it: by what this one is called, where that was said. */
function knownAs({ deviceHost: host }: Config): (source: SourceInput) => SourceInput {
  return (source) => {
    if (host === null || source.type !== 'device') return source;
    return { ...source, device: deviceAt(host, source.device) };
  };
}

/** What this machine is called in the names of devices. */
export const deviceHostOf = ({ deviceHost }: Pick<Config, 'deviceHost'>) => deviceHost ?? hostname();

/** What of this machine is its own. */
export interface Place {
  /** What it is called in the names of devices. */
  deviceHost: string;
  /** Whether uploads lie where all servers reach them. */
  sharesUploads: boolean;
}

export function placeOf({ config, uploads }: Pick<Base, 'config' | 'uploads'>): Place {
  return { deviceHost: deviceHostOf(config), sharesUploads: uploads.bucket !== null };
}

/** Whether what is read of this machine is here. */
export function isHereIn(
  ingest: Pick<Ingest, 'recordedFile'>,
  { deviceHost, sharesUploads }: Place,
): (source: SourceInput) => Promise<boolean> {
  return async (source) => {
    if (source.type === 'device') {
      const { host, path } = deviceOf(source.device) ?? { host: null, path: source.device };
      return (host === null || host === deviceHost) && existsSync(path);
    }
    const isFile = source.type === 'file' || (source.type === 'upload' && !sharesUploads);
    return !isFile || (await ingest.recordedFile(source)) !== null;
  };
}

export function createLoadControl(
  { overcommit }: Config,
  metrics: Metrics,
  vision: Vision,
  log: Log,
): LoadControl {
  return new LoadControl({
    modelRate: vision.modelRate,
    work() {
      const { detectionSeconds, ensembleSeconds, modelThreads } = vision.stats();
      return { seconds: detectionSeconds + ensembleSeconds, threads: modelThreads };
    },
    overcommit,
    metrics: loadMetrics(metrics),
    log,
  });
}
