/**
 * How many frames a second each running stream may take: fewer where frames are lost for want of time, more again where
 * none are. Additive increase, multiplicative decrease (Chiu and Jain, 1989); once a second, for all streams together:
 *
 * 1. A stream that lost frames falls to what was scored of it, and a little below.
 * 2. Where streams of a lower priority, or recordings, have what it lost, they fall instead.
 * 3. A stream that lost none rises by a step, and by a larger one each time, up to what it asks for.
 */
import {
  type ControlledStream,
  type Counts,
  hasLost,
  type RateClass,
  StreamRate,
  sumOf,
} from './stream-rate.ts';

/** So many times in a row others fall for a stream that goes on losing frames; then it is to blame itself. */
const MOST_SPARED = 2;
/** Of what streams of a class have above their least, so much is taken at least: what they freed by little is soon taken by others. */
const LEAST_CUT = 0.3;
/** Share of the frames allowed that are scored where there is time for all. */
const KEPT_UP = 0.9;
/** A stream with less than this part of the mean rate of its class is behind the others. */
const BEHIND = 0.8;
const CLASSES: readonly RateClass[] = ['RECORDING', 'LOW', 'NORMAL', 'HIGH'];

export class FrameRateControl {
  readonly #streams = new Set<StreamRate>();

  /** @param asked frames a second, at most; of a recording that waits for its turn, Infinity */
  open(asked: number, rateClass: RateClass): ControlledStream {
    const stream = new StreamRate(asked, rateClass, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** To be called once a second while there are streams. */
  tick(): void {
    const ticks = [...this.#streams].map((stream) => ({
      rate: stream.rate,
      asked: stream.asked,
      ...stream.endTick(),
    }));
    const all = sumOf(ticks);
    const mayRise = !hasLost(all) && keepUp(ticks);
    for (const rateClass of CLASSES.toReversed()) this.#relieve(rateClass, all);
    let isShort = false;
    for (const rateClass of CLASSES.toReversed()) {
      const streams = this.#of(rateClass);
      // Who has less than its share may rise at the cost of those who have more.
      const share =
        (BEHIND * streams.reduce((sum, { rate, asked }) => sum + Math.min(rate, asked), 0)) / streams.length;
      for (const stream of streams) if (mayRise || stream.rate < share) stream.rise(isShort);
      isShort ||= streams.some(({ isWhole }) => !isWhole);
    }
  }

  /** Those of this class that lost frames get their time from lower ones, or have to do with less. */
  #relieve(rateClass: RateClass, all: Counts): void {
    const losers = this.#of(rateClass).filter((stream) => stream.hasLost(hasLost(all)));
    const sparing = losers.filter(({ sparedInARow }) => sparedInARow < MOST_SPARED);
    const missing = sparing.reduce((sum, { lostPerSecond }) => sum + lostPerSecond, 0);
    const isFreed = this.#free(missing, rateClass);
    for (const stream of losers) {
      if (isFreed && sparing.includes(stream)) stream.spared();
      else stream.fall(all);
    }
  }

  /** Lets classes below this one fall, the lowest first. Whether they had so many frames a second to give. */
  #free(framesPerSecond: number, rateClass: RateClass): boolean {
    let missing = framesPerSecond;
    for (const lower of CLASSES.slice(0, CLASSES.indexOf(rateClass))) {
      const streams = this.#of(lower);
      const available = streams.reduce((sum, { spare }) => sum + spare, 0);
      if (available <= 0 || missing <= 0) continue;
      const cut = Math.min(available, Math.max(missing, LEAST_CUT * available));
      for (const stream of streams) stream.give((stream.spare * cut) / available);
      missing -= cut;
    }
    return missing <= 0;
  }

  #of(rateClass: RateClass): StreamRate[] {
    return [...this.#streams].filter((stream) => stream.rateClass === rateClass);
  }
}

/**
 * Whether those that leave out frames are scored at the rates that they have. What they lose is told with the next frame
 * that is scored, so that it shows here first.
 */
function keepUp(ticks: readonly (Counts & { rate: number; asked: number })[]): boolean {
  const limited = ticks.filter(({ leftOut }) => leftOut > 0);
  // Of a source whose frames come late, or not at all, only a part can be scored.
  const allowed = limited.reduce((sum, { rate, asked, ...counts }) => {
    const came = counts.scored + counts.lost + counts.leftOut;
    return sum + rate * Math.min(1, came / asked);
  }, 0);
  return sumOf(limited).scored >= KEPT_UP * allowed - 1;
}
