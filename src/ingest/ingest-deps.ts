import type { RecordClock } from '../domain/record-clock.ts';
import type { Limits } from './config.ts';
import type { DecodingTurns } from './decoding-turns.ts';
import type { Confinement } from './ffmpeg/confinement.ts';
import type { FfmpegLauncher } from './ffmpeg/ffmpeg-launcher.ts';
import type { FfmpegProgram } from './ffmpeg/ffmpeg-path.ts';
import type { Hardware } from './ffmpeg/hardware.ts';
import type { PictureDecoder } from './pictures/picture-decoder.ts';
import type { Inlets } from './push/inlets.ts';
import type { SourceAccess } from './source/resolve-source.ts';

/** The ffmpeg that runs, and what keeps it from the network. */
export interface ConfinedFfmpeg extends FfmpegProgram {
  confinement: Confinement;
}

/** Ready to decode. */
export interface ReadyFfmpeg extends ConfinedFfmpeg {
  /** What it decodes by; null: software. */
  hardware: Hardware | null;
}

/** What probing and decoding share. */
export interface IngestDeps {
  access: SourceAccess;
  limits: Limits;
  /** By which frames have their wall time. */
  clock: Pick<RecordClock, 'now'>;
  ffmpeg(): Promise<ReadyFfmpeg>;
  hardware: {
    /** To be called when a run failed because of it. Never rejects. */
    recheck(ffmpeg: ReadyFfmpeg): Promise<void>;
  };
  /** Decodes pictures of the usual kinds; null: ffmpeg does. */
  pictures: PictureDecoder | null;
  launcher: FfmpegLauncher;
  /** Where those who send video find its sessions. */
  inlets: Inlets;
  /** Takes ffmpeg's lines, without credentials; undefined when nobody reads them. */
  onLog: ((line: string) => void) | undefined;
  /** Frames a second that remain of sources, by their name, of which too few remain when those are left out that no other refers to. */
  remaining: Map<string, number>;
  /** Which recordings in real time are decoded, where there is not the time for all. */
  turns: DecodingTurns;
  /** Every run of ffmpeg, so that closing can wait for its end. */
  activeRuns: Set<Promise<unknown>>;
}
