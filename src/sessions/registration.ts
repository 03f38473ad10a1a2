/** What may be registered: checked before anything is opened, and again once the source is known. */
import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { PURPOSES } from '../domain/stream.ts';
import { MienError } from '../errors.ts';

/** Refused unless allowed by name: EU AI Act, article 5(1)(f). */
const PROHIBITED_PURPOSES: readonly string[] = ['WORKPLACE', 'EDUCATION'];

export interface RegisterInput {
  name: string;
  source: SourceInput;
  purpose: string;
  /** Frames scored per second of media time, 0.1 to 60. */
  frameRate?: number | undefined;
  loop?: boolean | undefined;
  /** Null: true for live sources, false for files. */
  realtime?: boolean | null | undefined;
  autoStart?: boolean | undefined;
}
export type Registration = Required<{ [Key in keyof RegisterInput]: Exclude<RegisterInput[Key], undefined> }>;

const MAX_NAME_LENGTH = 200;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** @throws MienError BAD_INPUT, PURPOSE_REFUSED */
export function checkRegistration(input: RegisterInput, allowed: readonly string[]): Registration {
  const name = input.name.trim();
  const { frameRate = 10, loop = false, realtime = null, autoStart = true, source, purpose } = input;
  if (name === '' || name.length > MAX_NAME_LENGTH || CONTROL_CHARACTER.test(name)) {
    throw badInput(`A stream's name has 1 to ${MAX_NAME_LENGTH} characters, without line breaks.`);
  }
  if (!(frameRate >= 0.1 && frameRate <= 60))
    throw badInput('`frameRate` must be from 0.1 to 60 frames per second.');
  if (loop && source.type !== 'file' && source.type !== 'upload') {
    throw badInput('`loop` is for files and uploads only; leave it out for other sources.');
  }
  checkPurpose(purpose, allowed);
  return { name, source, purpose, frameRate, loop, realtime, autoStart };
}

/** @throws MienError BAD_INPUT when the source, as it was found, cannot be run as asked */
export function checkSource({ realtime }: Registration, info: SourceInfo): void {
  if (info.live && realtime === false) {
    throw badInput('A live source runs in real time; leave `realtime` out.');
  }
}

export function isSameSource(one: SourceInput, other: SourceInput): boolean {
  return addressOf(one) === addressOf(other);
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
  }
}

function checkPurpose(purpose: string, allowed: readonly string[]): void {
  if (!PURPOSES.some((known) => known === purpose)) throw badInput(`There is no purpose ${purpose}.`);
  if (!PROHIBITED_PURPOSES.includes(purpose) || allowed.includes(purpose)) return;
  throw new MienError(
    'PURPOSE_REFUSED',
    `Inferring emotions at the workplace or in education is prohibited in the European Union (AI Act, article 5(1)(f)) but for medical or safety reasons. Whoever is entitled to it names ${purpose} in MIEN_ALLOW_PURPOSES.`,
  );
}

function badInput(sentence: string): MienError {
  return new MienError('BAD_INPUT', sentence);
}
