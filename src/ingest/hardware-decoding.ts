/**
 * Decoding on the graphics card: which of ffmpeg's ways to it works here. Each is tried as ffmpeg will run; what does not
 * work is told in a sentence, and video is decoded in software. ffmpeg itself does so only for what a card that is there
 * cannot decode: without the card it ends.
 */
import { platform } from 'node:os';
import type { Decoding, Hardware, HardwareSetting } from './ffmpeg/hardware.ts';
import { createNullOutput } from './frames/ffmpeg-output.ts';
import type { ConfinedFfmpeg, IngestDeps, ReadyFfmpeg } from './ingest-deps.ts';

/** Who is told where hardware does not work: at the first try, or later. */
export type OnCaution = (sentence: string) => void;

type TrialDeps = Pick<IngestDeps, 'launcher' | 'activeRuns'>;

/** What `auto` tries, in this order. */
const OF_PLATFORM: Partial<Record<NodeJS.Platform, readonly Hardware[]>> = {
  linux: ['cuda', 'vaapi'],
  darwin: ['videotoolbox'],
  win32: ['cuda'],
};
/** A driver that hangs does not keep the server from starting. */
const TRIAL_MS = 20_000;
/** With its reasons, and nothing else. */
const QUIETLY = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'verbose'];
/** Of what ffmpeg says, in characters. */
const MAX_REASON = 200;

export class HardwareDecoding {
  #decoding: Decoding = { by: 'software', caution: null };
  #rechecking: Promise<void> | null = null;
  readonly #setting: HardwareSetting;
  readonly #deps: TrialDeps;
  readonly #onCaution: OnCaution | undefined;

  constructor(setting: HardwareSetting, deps: TrialDeps, onCaution: OnCaution | undefined) {
    this.#setting = setting;
    this.#deps = deps;
    this.#onCaution = onCaution;
  }

  /** As far as it was tried. */
  get decoding(): Decoding {
    return this.#decoding;
  }

  /** Null: software. */
  get inUse(): Hardware | null {
    return this.#decoding.by === 'software' ? null : this.#decoding.by;
  }

  /** Tries what was asked for with this ffmpeg, which it returns. */
  async find(ffmpeg: ConfinedFfmpeg): Promise<ConfinedFfmpeg> {
    if (this.#setting !== 'none') await this.#find(ffmpeg);
    return ffmpeg;
  }

  /** Tries again what a run failed by; what does not work any more is not used again. Never rejects. */
  recheck(ffmpeg: ReadyFfmpeg): Promise<void> {
    this.#rechecking ??= this.#tryAgain(ffmpeg).finally(() => {
      this.#rechecking = null;
    });
    return this.#rechecking;
  }

  async #find(ffmpeg: ConfinedFfmpeg): Promise<void> {
    const failed: string[] = [];
    for (const hardware of candidates(this.#setting)) {
      const reason = await tryHardware(hardware, ffmpeg, this.#deps);
      if (reason === null) {
        this.#decoding = { by: hardware, caution: null };
        return;
      }
      failed.push(`${hardware}: ${reason}`);
    }
    const why = failed.length > 0 ? `, because ffmpeg says of ${failed.join('; of ')}` : '';
    this.#fallBack(
      `Video is decoded in software: MIEN_HWACCEL=${this.#setting} does not work here${why}. Install the card's driver, let mien use the card (in a container, too), or unset MIEN_HWACCEL.`,
    );
  }

  async #tryAgain(ffmpeg: ReadyFfmpeg): Promise<void> {
    const { hardware } = ffmpeg;
    if (hardware === null || this.#decoding.caution !== null) return;
    const reason = await tryHardware(hardware, ffmpeg, this.#deps);
    if (reason === null) return;
    this.#fallBack(
      `Video is decoded in software from now on: ${hardware} failed while it was in use, and ffmpeg says of it: ${reason}. Start mien again to use it again.`,
    );
  }

  #fallBack(caution: string): void {
    this.#decoding = { by: 'software', caution };
    this.#onCaution?.(caution);
  }
}

function candidates(setting: HardwareSetting): readonly Hardware[] {
  if (setting === 'none') return [];
  return setting === 'auto' ? (OF_PLATFORM[platform()] ?? []) : [setting];
}

/** Lets ffmpeg open the device, confined as for a file. What it says where that fails; null: it works. */
async function tryHardware(
  hardware: Hardware,
  { path, confinement }: ConfinedFfmpeg,
  { launcher, activeRuns }: TrialDeps,
): Promise<string | null> {
  const lines: string[] = [];
  const run = launcher.start({
    ffmpegPath: path,
    confine: confinement.prefix(undefined),
    url: 'nullsrc',
    activeRuns,
    args: {
      input: [...QUIETLY, '-init_hw_device', hardware, '-f', 'lavfi'],
      output: ['-frames:v', '1', '-f', 'null'],
    },
    sink: createNullOutput(),
    onLine: (line) => void lines.push(line),
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void run.stop();
  }, TRIAL_MS);
  const { code } = await run.done;
  clearTimeout(timer);
  if (isLate) return `it did not answer within ${TRIAL_MS / 1000} s`;
  return code === 0 ? null : reasonIn(lines);
}

/** Its first line tells the most, where it is more than a number. */
function reasonIn(lines: readonly string[]): string {
  const told = lines.map((line) => line.replace(/^\[[^\]]*\] /, '').trim());
  const reason = told.find((line) => line !== '' && !/^Device creation failed/.test(line));
  return (reason ?? 'nothing').slice(0, MAX_REASON).replace(/[.:]$/, '');
}
