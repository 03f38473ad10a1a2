/** What servers ask each other; those that run streams answer (`answer-bus-requests.ts`), an API asks (`ask-workers.ts`). */
import type { Tags } from '../../domain/access.ts';
import type { Capacity } from '../../domain/capacity.ts';
import type { SourceInput } from '../../domain/frame.ts';
import type { OutputStatus } from '../../domain/output.ts';
import type { SessionWords } from '../../domain/stream.ts';
import type { RegisterInput } from '../../sessions/index.ts';

/** Of all: who can take this stream? The secrets of its source are sealed. */
export interface OffersAsked {
  source: SourceInput;
  frameRate: number;
  realtime: boolean | null;
}
export interface Offer {
  /** By which it alone is asked. */
  worker: string;
  /** Whether the source, if it is a file or a device, is there. */
  isHere: boolean;
  /** What its machine is called in the names of devices; an earlier version does not say. */
  deviceHost?: string;
  /** Whether it has not the time for it. */
  isFull: boolean;
  /** How many streams it runs. */
  running: number;
}

/** Of one. */
export interface RegisterAsked {
  /** With its source sealed. */
  input: RegisterInput;
  shown: Tags | null;
}
export interface RegisterAnswer {
  id: string;
  alreadyRegistered: boolean;
}
export interface StartAsked {
  id: string;
  words: Partial<SessionWords>;
}
export interface StartAnswer {
  sessionId: string;
}

/** Of all: what each stream that runs there gets. */
export type LoadAnswer = readonly {
  id: string;
  effectiveFrameRate: number | null;
  isOverloaded: boolean;
  warnings: { withTotals: string[]; withoutTotals: string[] };
}[];

/** Of all: what can be scored there; for `of` (streams) only, or null. */
export interface CapacityAsked {
  of: readonly string[] | null;
}
export type CapacityAnswer = Capacity;

/** Of all: how its run of an output is doing. */
export interface OutputAsked {
  id: string;
}
export type OutputAnswer = OutputStatus | null;

/** The models that are loaded, by their ids. */
export type ModelsAnswer = readonly string[];

export const registerAt = (worker: string) => `at.${worker}.register`;
export const startAt = (worker: string) => `at.${worker}.start`;
