/** One running stream's part of the load: its frames as they are counted, and the rate that it follows. */
import type { DropMeasure } from '../../domain/frame.ts';
import { type Priority, runsInRealTime, type StreamRecord } from '../../domain/stream.ts';
import { sleep } from '../../threads/sleep.ts';
import { ArrivalRate } from './arrival-rate.ts';
import type { FrameRateControl } from './frame-rate-control.ts';
import type { ControlledStream } from './stream-rate.ts';

/** The source that is open now. */
export interface RatedSource {
  realtime: boolean;
  setFrameRate(framesPerSecond: number): void;
}

/** Below this part of what it asks for a stream is overloaded, until it has had the whole for so many seconds. */
const OVERLOADED_BELOW = 0.9;
const RECOVERED_SECONDS = 3;
/** A change by this part is told, so many seconds after the one before at the earliest. */
const TOLD_CHANGE = 0.25;
const TOLD_EVERY = 5;
/** Seconds over which it is averaged what a source gives, and after which that is believed. */
const GIVEN_SECONDS = 5;
/** What is scored is averaged over so many seconds, exponentially. */
const USED_SECONDS = 3;
/** Frames come unevenly: with this part of what is asked for, a source gives all of it. */
const GIVES_ALL = 0.9;
/** Less than this part of what is asked for comes late at times, when a source stood still for a moment. */
const NOT_LATE = 0.1;

export class StreamLoad {
  readonly streamId: string;
  readonly close: () => void;
  #stream: StreamRecord;
  readonly #rates: FrameRateControl;
  readonly #onChange: () => void;
  #source: RatedSource | null = null;
  #rate: ControlledStream | null = null;
  #now = { scored: 0, lost: 0, leftOut: 0, late: 0 };
  /** Frames a second that come late, averaged over seconds. */
  #late = 0;
  readonly #coming = new ArrivalRate();
  /** Frames a second that the source gives, and for how many seconds it has given any. */
  #given = 0;
  #givenFor = 0;
  #used = 0;
  #overloaded = false;
  #wholeFor = 0;
  #told: { rate: number; overloaded: boolean; ago: number };
  #turnAt = 0;

  constructor(stream: StreamRecord, rates: FrameRateControl, onChange: () => void, onClose: () => void) {
    this.streamId = stream.id;
    this.#stream = stream;
    this.#rates = rates;
    this.#onChange = onChange;
    this.#told = { rate: stream.frameRate, overloaded: false, ago: TOLD_EVERY };
    this.close = () => {
      this.#rate?.close();
      this.#rate = null;
      onClose();
    };
  }

  /** The source was opened, or opened anew. */
  opened(source: RatedSource): void {
    const { frameRate, priority } = this.#stream;
    this.#source = source;
    this.#coming.reset();
    this.#rate ??= source.realtime
      ? this.#rates.open(frameRate, priority)
      : this.#rates.open(Number.POSITIVE_INFINITY, 'RECORDING');
    this.#setRate();
  }

  setPriority(priority: Priority): void {
    this.#stream = { ...this.#stream, priority };
    this.#rate?.setPriority(priority);
  }

  scored(frames: number): void {
    this.#now.scored += frames;
    this.#rate?.scored(frames);
  }

  /** Frames that were not scored. That they come late is not for want of time to score them: a lower rate would change nothing. */
  dropped({ busy = 0, worker = 0, shed = 0, late = 0 }: DropMeasure): void {
    this.#now.lost += busy + worker;
    this.#now.leftOut += shed;
    this.#now.late += late;
    this.#rate?.lost(busy + worker);
    this.#rate?.leftOut(shed);
  }

  /** Resolves when the next frame of a recording may be taken; null: at once. */
  turn(signal: AbortSignal): Promise<void> | null {
    const rate = this.#rate?.rate ?? Number.POSITIVE_INFINITY;
    const now = performance.now();
    this.#turnAt = Math.max(this.#turnAt + 1000 / rate, now);
    return this.#turnAt > now ? sleep(this.#turnAt - now, signal) : null;
  }

  /** What is scored, at most: no more than comes in time. Null while its source was never open, and of a recording that waits for its turn. */
  get effectiveFrameRate(): number | null {
    if (!this.#source?.realtime || this.#rate === null) return null;
    const { rate } = this.#rate;
    return Math.min(rate, this.#coming.perSecond(this.#stream.frameRate, rate));
  }

  /** Frames a second for which there is the time, if the source has them: it is not overloaded where it gives less by itself. */
  get #affordable(): number {
    const { frameRate } = this.#stream;
    const inTime = this.#late < NOT_LATE * frameRate ? frameRate : frameRate - this.#late;
    return Math.min(this.#rate?.rate ?? frameRate, inTime);
  }

  /** Frames a second that are scored now, averaged over some seconds. */
  get used(): number {
    return this.#used;
  }

  get isOverloaded(): boolean {
    return this.#overloaded;
  }

  /** Frames a second that it asks for in real time; less, where its source gives less. */
  get demand(): number {
    const { frameRate } = this.#stream;
    if (!(this.#source?.realtime ?? runsInRealTime(this.#stream, null))) return 0;
    const givesAll = this.#givenFor < GIVEN_SECONDS || this.#given > GIVES_ALL * frameRate;
    return givesAll ? frameRate : this.#given;
  }

  /** @returns frames since the last call @param seconds since then */
  endSecond(seconds: number): { scored: number; lost: number } {
    const { scored, lost, leftOut, late } = this.#now;
    this.#now = { scored: 0, lost: 0, leftOut: 0, late: 0 };
    this.#used = averageUsed(this.#used, scored / seconds, seconds);
    this.#coming.note(scored + lost + leftOut, seconds, this.#rate?.rate ?? this.#stream.frameRate);
    const given = (scored + lost + leftOut + late) / seconds;
    this.#late += (late / seconds - this.#late) / GIVEN_SECONDS;
    // A source that is silent for a while will ask for its frames again.
    if (given > 0) {
      this.#givenFor += 1;
      this.#given += (given - this.#given) / Math.min(this.#givenFor, GIVEN_SECONDS);
    }
    return { scored, lost: lost + late };
  }

  /** Sets the source to the rate of now. Whether a change was told. @param mayTell whether it may be */
  follow(mayTell: boolean): boolean {
    this.#setRate();
    const rate = this.effectiveFrameRate;
    if (rate === null) return false;
    const affordable = this.#affordable;
    const asked = this.#stream.frameRate;
    this.#wholeFor = affordable < asked ? 0 : this.#wholeFor + 1;
    if (affordable < OVERLOADED_BELOW * asked) this.#overloaded = true;
    else if (this.#wholeFor >= RECOVERED_SECONDS) this.#overloaded = false;
    return mayTell && this.#tell(rate);
  }

  #tell(rate: number): boolean {
    const { rate: before, overloaded, ago } = this.#told;
    this.#told.ago += 1;
    const hasMoved = Math.abs(rate - before) > TOLD_CHANGE * before;
    if (overloaded === this.#overloaded && !(hasMoved && ago >= TOLD_EVERY)) return false;
    this.#told = { rate, overloaded: this.#overloaded, ago: 0 };
    this.#onChange();
    return true;
  }

  #setRate(): void {
    if (this.#source?.realtime && this.#rate) this.#source.setFrameRate(this.#rate.rate);
  }
}

/** @param scored frames a second in the last `seconds` */
export function averageUsed(before: number, scored: number, seconds: number): number {
  return before + (scored - before) * (1 - Math.exp(-seconds / USED_SECONDS));
}
