import type { RecordClock } from '../domain/record-clock.ts';
import type { HardwareSetting } from './ffmpeg/hardware.ts';
import type { LookupAll } from './network/safe-connect.ts';
import type { UploadBucket } from './source/stored-upload.ts';

/** The settings of ingest; every field but the first three has a default. */
export interface IngestConfig {
  /** The only directory that `file` sources are read from. */
  mediaDir: string;
  /** Where uploads lie, each under its token. */
  uploadsDir: string;
  /** Where they lie instead; null, the default: in that directory. */
  bucket?: UploadBucket | null;
  /** True: private, loopback and link-local addresses may be reached; a list of CIDR ranges: only those of them. */
  allowPrivateSources: boolean | readonly string[];
  /** What this machine is called in the names of devices (`lab-1:/dev/video0`); default: its host name. */
  deviceHost?: string | undefined;
  /** The ffmpeg to run; otherwise the one on the PATH, otherwise the npm package's. */
  ffmpegPath?: string | undefined;
  /** False: ffmpeg is kept from the network by our proxy alone, though the kernel could do it. Default true. */
  confine?: boolean | undefined;
  /** By how much ffmpeg's priority is lower than that of models and server, 0 to 19. Default 10; 0 suits what nobody waits for live. */
  niceness?: number | undefined;
  /** What video is decoded by, where it works; `auto`: what this platform may have. Default `none`: software. */
  hardware?: HardwareSetting | undefined;
  /** Takes a sentence where that does not work. */
  onCaution?: ((sentence: string) => void) | undefined;
  /** Whether pictures of the usual kinds are decoded without ffmpeg, where that works: in a process that lasts. Default false. */
  decodePictures?: boolean | undefined;
  /** A live source that gives no frame for this many seconds has failed. Default 20. */
  stallSeconds?: number | undefined;
  /** How long a server may take to answer, in seconds. Default 10. */
  connectSeconds?: number | undefined;
  /** Pictures with more pixels are refused. Default 67,108,864 (8192 × 8192; 8K video has 33 million). */
  maxPixels?: number | undefined;
  /** Resolves host names; default: the system's resolver. */
  lookup?: LookupAll | undefined;
  /** By which frames have their wall time; default: this machine's clock. */
  clock?: Pick<RecordClock, 'now'> | undefined;
  /** Takes the lines of ffmpeg's log, without credentials. */
  onLog?: ((line: string) => void) | undefined;
}

export interface Limits {
  stallSeconds: number;
  connectSeconds: number;
  maxPixels: number;
}

export function limitsOf(config: IngestConfig): Limits {
  return {
    stallSeconds: config.stallSeconds ?? 20,
    connectSeconds: config.connectSeconds ?? 10,
    maxPixels: config.maxPixels ?? 8192 * 8192,
  };
}
