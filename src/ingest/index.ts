import { hostname } from 'node:os';
import type { DecodeOptions } from '../domain/decode-options.ts';
import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { OWN_CLOCK } from '../domain/record-clock.ts';
import { MienError } from '../errors.ts';
import { type IngestConfig, type Limits, limitsOf } from './config.ts';
import { DecodingTurns } from './decoding-turns.ts';
import { type Drawing, openDrawing } from './draw-video.ts';
import { type ConfinementLevel, findConfinement } from './ffmpeg/confinement.ts';
import { createFfmpegLauncher } from './ffmpeg/ffmpeg-launcher.ts';
import { cautionOf, type FfmpegProgram, findFfmpeg } from './ffmpeg/ffmpeg-path.ts';
import type { Decoding } from './ffmpeg/hardware.ts';
import { HardwareDecoding } from './hardware-decoding.ts';
import type { IngestDeps } from './ingest-deps.ts';
import { type HttpValidators, httpValidatorsOf } from './network/http/http-validators.ts';
import { createSafeConnector } from './network/safe-connect.ts';
import { openSource } from './open-source.ts';
import type { OpenedSource } from './opened-source.ts';
import { PictureDecoder } from './pictures/picture-decoder.ts';
import { PictureEncoder } from './pictures/picture-encoder.ts';
import { probeSource } from './probe-source.ts';
import { Inlets } from './push/inlets.ts';
import { createRecordedFiles, type RecordedFiles } from './recorded-files.ts';
import { HeicDecoder } from './source/heic-decoder.ts';
import type { SourceAccess } from './source/resolve-source.ts';

export type { IngestConfig } from './config.ts';
export { containerOf, type Drawing } from './draw-video.ts';
export type { ConfinementLevel } from './ffmpeg/confinement.ts';

export interface Ingest extends RecordedFiles {
  /**
   * Opens a source and decodes one frame. Throws BAD_INPUT (no source), SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO,
   * SOURCE_REFUSED, FFMPEG_MISSING; the signal's reason when it aborts.
   */
  probe(source: SourceInput, signal: AbortSignal): Promise<SourceInfo>;
  /**
   * Looks and decodes; in one run of ffmpeg, but for what comes by HTTP. Throws as `probe` does. The frames come until the
   * source ends or the signal aborts (they finish), or until it fails (they throw MienError); decoding goes on until they
   * are returned.
   */
  open(source: SourceInput, options: DecodeOptions): Promise<OpenedSource>;
  /** Looks at a recording that is to be drawn upon. Throws as `probe` does, BAD_INPUT where it is live, FFMPEG_MISSING where this one cannot draw. */
  openDrawing(source: SourceInput, signal: AbortSignal): Promise<Drawing>;
  /** What tells whether an address of HTTP has what it had; null: nothing does, or the signal aborted. */
  httpState(url: URL, signal: AbortSignal): Promise<HttpValidators | null>;
  /** Where video that is sent to mien comes in. */
  inlets: Pick<Inlets, 'send' | 'drop'>;
  /** The ffmpeg that is used. `caution`: what it is not fit for, in sentences, null of a current one. Throws FFMPEG_MISSING. */
  ffmpeg(): Promise<{ path: string; version: string; caution: string | null }>;
  /** What keeps ffmpeg from the network, beside our proxy. It is tried once, and stays so. */
  confinement(): Promise<ConfinementLevel>;
  /** What decodes video now; software until ffmpeg was found. */
  decoding(): Decoding;
  /** What decodes pictures of the usual kinds; null: ffmpeg does. */
  pictures(): Promise<string | null>;
  /** Encodes frames that are looked at, in a process that lasts while they are. */
  encoder: Pick<PictureEncoder, 'ability' | 'encode'>;
  /** Ends every run, and resolves when no ffmpeg is left. */
  close(): Promise<void>;
}

export function createIngest(config: IngestConfig): Ingest {
  const limits = limitsOf(config);
  const confinement = once(() => findConfinement(config.confine ?? true));
  const runs = { launcher: createFfmpegLauncher(config.niceness), activeRuns: new Set<Promise<unknown>>() };
  const hardware = new HardwareDecoding(config.hardware ?? 'none', runs, config.onCaution);
  const ffmpeg = findOnce(async () =>
    hardware.find({ ...(await findFfmpeg(config.ffmpegPath)), confinement: await confinement() }),
  );
  const withoutNetwork = async () => (await confinement()).prefix(undefined);
  const pictures = config.decodePictures ? new PictureDecoder(withoutNetwork) : null;
  const encoder = new PictureEncoder(withoutNetwork);
  const deps: IngestDeps = {
    ...{ ...runs, inlets: new Inlets(), limits, hardware, onLog: config.onLog, pictures },
    ...{ clock: config.clock ?? OWN_CLOCK, access: accessOf(config, limits) },
    ffmpeg: async () => ({ ...(await ffmpeg()), hardware: hardware.inUse }),
    ...{ remaining: new Map(), turns: new DecodingTurns() },
  };
  const closing = new AbortController();
  const untilClosed = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);

  return {
    probe: async (source, signal) => (await probeSource(source, untilClosed(signal), deps)).info,
    open: (source, options) => openSource(source, { ...options, signal: untilClosed(options.signal) }, deps),
    openDrawing: (source, signal) => openDrawing(source, untilClosed(signal), deps),
    httpState: (url, signal) => httpValidatorsOf(url, deps.access.connector, untilClosed(signal)),
    inlets: deps.inlets,
    ...createRecordedFiles(config),
    ffmpeg: async () => toldOf(await ffmpeg()),
    confinement: async () => (await confinement()).level,
    ...{ encoder, decoding: () => hardware.decoding },
    pictures: async () => (await pictures?.version()) ?? null,
    async close() {
      closing.abort(new MienError('SHUTTING_DOWN', 'mien is shutting down.'));
      await Promise.all(deps.activeRuns);
      await Promise.all([deps.launcher.close(), pictures?.close(), encoder.close()]);
    },
  };
}

function toldOf(program: FfmpegProgram) {
  return { path: program.path, version: program.version, caution: cautionOf(program) };
}

function accessOf(config: IngestConfig, { connectSeconds, maxPixels }: Limits): SourceAccess {
  const { mediaDir, uploadsDir, bucket = null, deviceHost = hostname(), lookup } = config;
  const connector = createSafeConnector({ allowPrivate: config.allowPrivateSources, connectSeconds, lookup });
  return { mediaDir, uploadsDir, bucket, deviceHost, connector, heic: new HeicDecoder(), maxPixels };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => (result ??= work());
}

/** Remembers what was found, and looks again after a failure: ffmpeg may be installed while we run. */
function findOnce<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | null = null;
  return () => {
    found ??= find();
    found.catch(() => {
      found = null;
    });
    return found;
  };
}
