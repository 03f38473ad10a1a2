/** What may be registered: checked before anything is opened, and again once the source is known. */
import { isDeepStrictEqual } from 'node:util';
import { seesTags, type Tags } from '../domain/access.ts';
import type { DetectSize } from '../domain/detect-size.ts';
import { FRAME_TIMINGS, type FrameTiming, type SourceInfo, type SourceInput } from '../domain/frame.ts';
import { isOneLine } from '../domain/storable-text.ts';
import {
  DEFAULT_SMOOTHING,
  MAX_RETENTION,
  MAX_SMOOTHING,
  PRIORITIES,
  type Priority,
  PURPOSES,
  type Purpose,
  type StreamRecord,
} from '../domain/stream.ts';
import { faultOfTags, tagEntries } from '../domain/tags.ts';
import { MienError } from '../errors.ts';

/** Refused unless allowed by name: EU AI Act, article 5(1)(f). */
const PROHIBITED_PURPOSES: readonly Purpose[] = ['WORKPLACE', 'EDUCATION'];

export interface RegisterInput {
  name: string;
  source: SourceInput;
  purpose: string;
  /** Frames scored per second of media time, 0.1 to 60. */
  frameRate?: number | undefined;
  /** Which streams give their frames first where there is not the time for all. */
  priority?: Priority | undefined;
  /** Null: NEAREST for what runs in real time, EVEN for recordings that do not. */
  timing?: FrameTiming | null | undefined;
  loop?: boolean | undefined;
  /** Null: true for live sources, false for files. */
  realtime?: boolean | null | undefined;
  /** Milliseconds of media time, 0 (none) to MAX_SMOOTHING. */
  smoothing?: number | undefined;
  detectSize?: DetectSize | undefined;
  tags?: Tags | undefined;
  /** Hours, 1 to MAX_RETENTION; null: as the server says. */
  retention?: number | null | undefined;
  /** Whether its picture may be looked at while it runs. */
  preview?: boolean | undefined;
  autoStart?: boolean | undefined;
}
export type Registration = Required<{ [Key in keyof RegisterInput]: Exclude<RegisterInput[Key], undefined> }>;

export interface RegisterOptions {
  /** The tags of the streams that are shown to whoever registers it: a twin that is not is no conflict; left out: all are. */
  shown?: Tags;
  /** Asked before one that was not registered already is looked at. @throws what refuses it */
  admit?: () => Promise<void>;
}

export interface RegisteredStream extends StreamRecord {
  /** It was there before, the same in everything, and was left as it is. */
  alreadyRegistered: boolean;
}

const MAX_NAME_LENGTH = 200;

/** What is refused to everybody but those who are entitled to it. @param allowed purposes by name */
export function refusedPurposes(allowed: readonly string[]): Purpose[] {
  return PROHIBITED_PURPOSES.filter((purpose) => !allowed.includes(purpose));
}

/** @throws MienError BAD_INPUT, PURPOSE_REFUSED */
export function checkRegistration(input: RegisterInput, allowed: readonly string[]): Registration {
  const registration = withDefaults(input);
  checkSettings(registration);
  checkPurpose(registration.purpose, allowed);
  return registration;
}

function withDefaults({ name, source, purpose, ...given }: RegisterInput): Registration {
  return {
    name: name.trim(),
    source,
    purpose,
    frameRate: given.frameRate ?? 10,
    priority: given.priority ?? 'NORMAL',
    timing: given.timing ?? null,
    loop: given.loop ?? false,
    realtime: given.realtime ?? null,
    smoothing: given.smoothing ?? DEFAULT_SMOOTHING,
    detectSize: given.detectSize ?? 'STANDARD',
    tags: given.tags ?? {},
    retention: given.retention ?? null,
    preview: given.preview ?? false,
    autoStart: given.autoStart ?? true,
  };
}

/** @throws MienError BAD_INPUT */
export function checkSettings(registration: Registration): void {
  const { name, source, frameRate, priority, timing, loop, smoothing, tags, retention } = registration;
  if (name === '' || name.length > MAX_NAME_LENGTH || !isOneLine(name)) {
    throw badInput(`A stream's name has 1 to ${MAX_NAME_LENGTH} characters, without line breaks.`);
  }
  if (!(frameRate >= 0.1 && frameRate <= 60))
    throw badInput('`frameRate` must be from 0.1 to 60 frames per second.');
  if (loop && source.type !== 'file' && source.type !== 'upload') {
    throw badInput('`loop` is for files and uploads only; leave it out for other sources.');
  }
  if (!(Number.isInteger(smoothing) && smoothing >= 0 && smoothing <= MAX_SMOOTHING)) {
    throw badInput(`\`smoothing\` must be a whole number of milliseconds from 0 (none) to ${MAX_SMOOTHING}.`);
  }
  if (!PRIORITIES.includes(priority))
    throw badInput(`There is no priority ${priority}; take LOW, NORMAL or HIGH.`);
  if (timing !== null && !FRAME_TIMINGS.includes(timing))
    throw badInput(`There is no timing ${timing}; take EVEN or NEAREST.`);
  const fault = faultOfTags(Object.entries(tags));
  if (fault !== null) throw badInput(fault);
  if (retention !== null && !(Number.isInteger(retention) && retention >= 1 && retention <= MAX_RETENTION)) {
    throw badInput(`\`retention\` must be a whole number of hours from 1 to ${MAX_RETENTION}.`);
  }
}

/** @throws MienError BAD_INPUT when the source, as it was found, cannot be run as asked */
export function checkSource({ realtime }: Registration, { live }: Pick<SourceInfo, 'live'>): void {
  if (live && realtime === false) {
    throw badInput('A live source runs in real time; leave `realtime` out.');
  }
}

/**
 * The one of these streams that has the source, if it is shown to whoever asks: the one that is the same in everything, else any.
 * @param shown its tags; null: all are
 */
export function findTwin(
  streams: readonly StreamRecord[],
  registration: Registration,
  shown: Tags | null,
): { stream: StreamRecord; isIdentical: boolean } | null {
  const twins = streams.filter(
    (one) => isSameSource(one.source, registration.source) && seesTags({ streams: shown }, one.tags),
  );
  const identical = twins.find((one) => hasSettings(one, registration));
  const stream = identical ?? twins[0];
  return stream ? { stream, isIdentical: stream === identical } : null;
}

const SETTINGS = [
  ...(['purpose', 'frameRate', 'priority', 'loop', 'realtime', 'smoothing', 'detectSize'] as const),
  ...(['retention'] as const),
];

function hasSettings(stream: StreamRecord, registration: Registration): boolean {
  return (
    SETTINGS.every((name) => stream[name] === registration[name]) &&
    (stream.timing ?? null) === registration.timing &&
    (stream.preview ?? false) === registration.preview &&
    isDeepStrictEqual(tagEntries(stream.tags), tagEntries(registration.tags))
  );
}

function isSameSource(one: SourceInput, other: SourceInput): boolean {
  return addressOf(one) === addressOf(other) && one.videoTrack === other.videoTrack;
}

function addressOf(source: SourceInput): string {
  switch (source.type) {
    case 'url':
      return `url ${source.url}`;
    case 'file':
      return `file ${source.path}`;
    case 'upload':
      return `upload ${source.token}`;
    case 'device':
      return `device ${source.device}`;
    case 'push':
      return 'push';
  }
}

function checkPurpose(purpose: string, allowed: readonly string[]): void {
  if (!PURPOSES.some((known) => known === purpose)) throw badInput(`There is no purpose ${purpose}.`);
  if (!refusedPurposes(allowed).some((refused) => refused === purpose)) return;
  throw new MienError(
    'PURPOSE_REFUSED',
    `Inferring emotions at the workplace or in education is prohibited in the European Union (AI Act, article 5(1)(f)) but for medical or safety reasons. Whoever is entitled to it names ${purpose} in MIEN_ALLOW_PURPOSES.`,
  );
}

function badInput(sentence: string): MienError {
  return new MienError('BAD_INPUT', sentence);
}
