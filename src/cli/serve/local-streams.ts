/** What runs streams: models, ffmpeg, sessions, outputs, and the lease by which all of that is this server's. */
import type { Log } from '../../domain/log.ts';
import type { ConfinementLevel, Ingest } from '../../ingest/index.ts';
import type { OpenParts } from '../open-parts.ts';
import { answerAsked } from './answer-bus-requests.ts';
import type { Work } from './api-parts.ts';
import { registerDemo } from './demo-clip.ts';
import { keepRefreshed, openOutputs } from './output-parts.ts';
import { assertShownHere, openPreviews } from './preview-parts.ts';
import { logFfmpeg, logFfmpegLines, openIngest, openVision, storeModels, visionMetrics } from './services.ts';
import type { Base } from './shared-parts.ts';
import { createLoadControl, createStreamManager, deviceHostOf, isHereIn, placeOf } from './stream-parts.ts';
import { takeLease } from './take-lease.ts';
import { uploadPlaceOf } from './upload-places.ts';
import { openSenders } from './video-senders.ts';

export async function openLocalStreams(base: Base, parts: OpenParts): Promise<Work> {
  const { config, log, metrics, store, requests, uploads } = base;
  const vision = parts.add(await openVision(config, { metrics: visionMetrics(metrics), measure: true, log }));
  const ingest = parts.add(openLoggedIngest(base));
  const sourceConfinement = await tellIngest(ingest, log);
  const { outputs, refreshOutputs, onRemoved } = await openRefreshedOutputs(base, parts);
  const load = createLoadControl(config, metrics, vision, log);
  const previews = openPreviews(ingest, metrics, log);
  const streamManager = createStreamManager({ ...base, vision, ingest, load, previews, onRemoved });
  const modelIds = await storeModels(store, vision);
  await takeLease(metrics, store, streamManager);
  return {
    ...{ streamManager, load, outputs, runs: streamManager },
    ...openSenders({ store, ingest }, streamManager),
    modelIds: () => modelIds,
    files: ingest,
    previews: { watch: previews.watch, assertAble: (id) => assertShownHere(id, ingest, store) },
    forget: (isGone) => outputs.forget(isGone),
    health: () => ({ sourceConfinement, ...decodingHealth(ingest) }),
    async begin(first) {
      // Closed in reverse: nothing new is begun, sessions end, and what they leave is others' at once.
      parts.add({ close: () => store.lease.close() });
      parts.add(streamManager);
      await first();
      await streamManager.desired.restore();
      if (config.demo && base.role === 'ALL')
        await registerDemo(store, streamManager, uploadPlaceOf(uploads, config), log);
      if (requests !== null)
        parts.add(
          answerAsked(requests, {
            ...base,
            ...{ streamManager, load, outputs, modelIds, refreshOutputs },
            ...{ isHere: isHereIn(ingest, placeOf(base)), deviceHost: deviceHostOf(config) },
          }),
        );
    },
  };
}

/** Those that hear of what other servers do, and tell these. */
async function openRefreshedOutputs(base: Base, parts: OpenParts) {
  const { bus, requests, config, log } = base;
  const onChanged = () => requests?.tell('outputs');
  const outputs = parts.add(await openOutputs({ ...base, bus: bus.own, onChanged }));
  const { refresh: refreshOutputs } = parts.add(keepRefreshed(outputs, config, log));
  const onRemoved = () => {
    void refreshOutputs();
    onChanged();
  };
  return { outputs, refreshOutputs, onRemoved };
}

function openLoggedIngest({ config, log, store: { clock }, uploads: { bucket } }: Base): Ingest {
  const onCaution = (sentence: string) => log.warn({}, sentence);
  return openIngest(config, { clock, onLog: logFfmpegLines(config, log), onCaution, bucket });
}

/** Which ffmpeg decodes, and what holds it. */
async function tellIngest(ingest: Ingest, log: Log): Promise<ConfinementLevel> {
  await logFfmpeg(ingest, log);
  const sourceConfinement = await ingest.confinement();
  log.info({ sourceConfinement }, CONFINED[sourceConfinement]);
  return sourceConfinement;
}

const CONFINED: Record<ConfinementLevel, string> = {
  landlock: 'the kernel lets ffmpeg reach our proxy alone, and nothing for files',
  seccomp: 'the kernel lets ffmpeg reach nothing for files; for addresses our proxy holds where it gets',
  proxy: 'our proxy alone holds where ffmpeg gets: this system, or a setting, has nothing stronger',
};

/** @returns what decodes video, and, where that is not what was asked for, why */
function decodingHealth(ingest: Pick<Ingest, 'decoding'>): Record<string, string> {
  const { by, caution } = ingest.decoding();
  return { decoding: by, ...(caution !== null && { decodingCaution: caution }) };
}
