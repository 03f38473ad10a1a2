/**
 * Decides whether ffmpeg decodes only frames that others refer to (`-skip_frame noref`), which leaves the pictures that it
 * decodes as they are. What remains of a source depends on how it was encoded, and shows only when it is tried: half of the frames
 * of H.264 with B-frames, all of them without. Where too few remain for the rate that is asked for, all are decoded.
 */

export interface SkipUnreferencedSettings {
  /** Frames a second that the source was opened for. */
  frameRate: number;
  /** Whether frames may be left out at that rate too; otherwise only while fewer are asked for, or the decoder is behind. */
  always: boolean;
  /** How long fewer have to be asked for, in milliseconds, before that is worth another run. */
  patience: number;
  /** Frames a second that remained when it was tried before; undefined: it was not. */
  remained: number | undefined;
  /** Milliseconds of a clock that is never set. */
  now(): number;
}

/** Seconds of media in which is measured what remains. */
const MEASURED_SECONDS = 2;
/** Of the rate that is asked for. */
const ENOUGH = 0.95;
const MAX_PATIENCE_MS = 600_000;
/** How long fewer frames are decoded after the decoder was behind: what made it so lasts, and another run is not free. */
const RELIEF_MS = 600_000;

export class SkipUnreferenced {
  /** Whether the current run leaves out frames. */
  active: boolean;
  readonly #settings: SkipUnreferencedSettings;
  #rate: number;
  /** Frames a second that the source says it has. */
  #sourceRate = Number.POSITIVE_INFINITY;
  #isWorthwhile = true;
  #remaining: number;
  #patience: number;
  #wantedSince: number | null = null;
  #reliefUntil = Number.NEGATIVE_INFINITY;
  #measured: { first: number; last: number; steps: number } | null = null;

  constructor(settings: SkipUnreferencedSettings) {
    this.#settings = settings;
    this.#rate = settings.frameRate;
    this.#remaining = settings.remained ?? Number.POSITIVE_INFINITY;
    this.#patience = settings.patience;
    this.active = this.#isWanted();
  }

  /** Frames a second that remained, where they were too few; undefined: there were enough so far. */
  get remained(): number | undefined {
    return Number.isFinite(this.#remaining) ? this.#remaining : undefined;
  }

  setFrameRate(framesPerSecond: number): void {
    this.#rate = Math.min(framesPerSecond, this.#settings.frameRate);
  }

  /**
   * @param sourceRate frames a second that the source says it has; null: it does not say
   * @param isWorthwhile false: each run is so short that its start costs more than is saved
   */
  found(sourceRate: number | null, isWorthwhile = true): void {
    this.#sourceRate = sourceRate ?? Number.POSITIVE_INFINITY;
    this.#isWorthwhile = isWorthwhile;
  }

  /** The decoder is behind: for a while it has less to do, if that helps. */
  relieve(): void {
    this.#reliefUntil = this.#settings.now() + RELIEF_MS;
    this.#set(this.#isWanted());
  }

  /** A frame came out of the decoder. @returns whether another run has to begin, because `active` has changed */
  cameAt(mediaTime: number): boolean {
    if (this.active) this.#measure(mediaTime);
    const isWanted = this.#isWanted();
    if (isWanted === this.active) {
      this.#wantedSince = null;
      return false;
    }
    const now = this.#settings.now();
    this.#wantedSince ??= now;
    if (isWanted && now - this.#wantedSince < this.#patience) return false;
    if (isWanted) this.#patience = Math.min(2 * this.#patience, MAX_PATIENCE_MS);
    this.#set(isWanted);
    return true;
  }

  #set(active: boolean): void {
    this.active = active;
    this.#wantedSince = null;
    this.#measured = null;
  }

  #isWanted(): boolean {
    const { always, frameRate, now } = this.#settings;
    const isAllowed = always || this.#rate < frameRate || now() < this.#reliefUntil;
    return isAllowed && this.#isWorthwhile && this.#remaining >= this.#needed();
  }

  #needed(): number {
    return ENOUGH * Math.min(this.#rate, this.#sourceRate);
  }

  #measure(mediaTime: number): void {
    const measured = this.#measured;
    const step = measured ? mediaTime - measured.last : 0;
    // After a pause of the source, or a step back of its clock, it begins anew.
    if (measured === null || step <= 0 || step > 1 + 2 / this.#rate) {
      this.#measured = { first: mediaTime, last: mediaTime, steps: 0 };
      return;
    }
    measured.last = mediaTime;
    measured.steps += 1;
    const seconds = mediaTime - measured.first;
    if (seconds < MEASURED_SECONDS || measured.steps < 3) return;
    if (measured.steps / seconds < this.#needed()) this.#remaining = measured.steps / seconds;
    this.#measured = null;
  }
}
