/**
 * What goes from server to server: a version, what it is, who tells it and as how manieth event, which stream and
 * session it is of, and the event. Moments are in whole numbers (`moment.ts`); what is rare is JSON.
 */
import type { ErasureStep } from '../../domain/erasure.ts';
import type { LiveEvent } from '../../domain/live-event.ts';
import type { EpisodeEvent } from '../../domain/moment.ts';
import type { SessionRecord } from '../../domain/stream.ts';
import { sessionOf } from '../topics.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readMoment, writeMoment } from './moment.ts';

/** Raised by whoever changes the layout: servers leave out what they do not know, and read the database. */
export const WIRE_VERSION = 1;

/** Their place is what stands in a message. */
const KINDS = ['moment', 'status', 'episode', 'removed', 'erased', 'tagged', 'back'] as const;
export type MessageKind = (typeof KINDS)[number];

/** Published to other servers. */
export type SharedEvent = Exclude<LiveEvent, { kind: 'committed' }>;

export interface MessageHead {
  kind: MessageKind;
  /** One run of a server. */
  node: string;
  /** From 1, by node, where the order matters: events; 0: it does not. */
  number: number;
  /** Empty: of none. */
  streamId: string;
  sessionId: string;
}

export type Message =
  | { event: SharedEvent }
  /** What was erased, so that no server sends on what it has of it. */
  | { erased: readonly ErasureStep[] }
  /** The tags of this stream may have changed, or it is new. */
  | { taggedStream: string }
  /** Of what happened in so many milliseconds until now this node has not told all. */
  | { backAfter: number };

/** @returns what writes a message of this node; it throws RangeError for a moment that holds a number that is none */
export function createEncoder(node: string): (message: Message, number: number) => Uint8Array {
  const writer = new ByteWriter();
  return (message, number) => {
    // What a message that could not be written has left.
    writer.take();
    writeHead(writer, message, node, number);
    if ('event' in message) writeEvent(writer, message.event);
    else if ('erased' in message) writeJson(writer, message.erased);
    else if ('backAfter' in message) writeJson(writer, message.backAfter);
    return writer.take();
  };
}

function writeHead(writer: ByteWriter, message: Message, node: string, number: number): void {
  const event = 'event' in message ? message.event : null;
  writer.reserve(16);
  writer.uint8(WIRE_VERSION);
  writer.uint8(KINDS.indexOf(event?.kind ?? kindOf(message)));
  writer.double(number);
  writer.id(node);
  writer.id(event?.streamId ?? ('taggedStream' in message ? message.taggedStream : ''));
  writer.id((event && sessionOf(event)) ?? '');
}

function kindOf(message: Message): MessageKind {
  if ('erased' in message) return 'erased';
  return 'taggedStream' in message ? 'tagged' : 'back';
}

function writeEvent(writer: ByteWriter, event: SharedEvent): void {
  switch (event.kind) {
    case 'moment':
      writer.reserve(8);
      writer.double(event.position);
      writeMoment(writer, event.moment);
      break;
    case 'episode':
      writer.reserve(8);
      writer.double(event.position);
      writeJson(writer, event.event);
      break;
    case 'status':
      writeJson(writer, { session: event.session, sameState: event.sameState });
      break;
    case 'removed':
  }
}

function writeJson(writer: ByteWriter, value: unknown): void {
  writer.bytes(Buffer.from(JSON.stringify(value)));
}

export interface ReceivedMessage {
  head: MessageHead;
  /** @throws Error for what is no such message */
  body(): Message;
}

/** Reads who tells what of which stream; the rest when it is asked for. @throws Error for what is no message; see `versionOf` */
export function decodeMessage(bytes: Uint8Array): ReceivedMessage {
  const reader = new ByteReader(bytes);
  if (reader.uint8() !== WIRE_VERSION) throw new RangeError('a message of another version');
  const kind = KINDS[reader.uint8()];
  if (kind === undefined) throw new RangeError('a message of another kind');
  const number = reader.double();
  const head = { kind, node: reader.id(), number, streamId: reader.id(), sessionId: reader.id() };
  return { head, body: () => readBody(reader, head) };
}

/** Of the layout in which it was written. */
export function versionOf(bytes: Uint8Array): number {
  return bytes[0] ?? 0;
}

function readBody(reader: ByteReader, { kind, streamId, sessionId }: MessageHead): Message {
  switch (kind) {
    case 'moment': {
      const position = reader.double();
      const moment = readMoment(reader, sessionId);
      if (!reader.isAtEnd) throw new RangeError('a moment is followed by what is none');
      return { event: { kind, streamId, moment, position } };
    }
    case 'episode': {
      const position = reader.double();
      return { event: { kind, streamId, event: asEpisode(readJson(reader)), position } };
    }
    case 'status': {
      const { session, sameState } = readJson<{ session: SessionRecord; sameState?: boolean }>(reader);
      return { event: { kind, streamId, session: asSession(session), ...(sameState && { sameState }) } };
    }
    case 'removed':
      return { event: { kind, streamId } };
    case 'erased':
      return { erased: readJson(reader) };
    case 'tagged':
      return { taggedStream: streamId };
    case 'back':
      return { backAfter: readJson(reader) };
  }
}

function readJson<T>(reader: ByteReader): T {
  return JSON.parse(reader.rest().toString('utf8')) as T;
}

function asEpisode({ kind, episode }: EpisodeEvent): EpisodeEvent {
  const { startedAt, endedAt } = episode;
  return {
    kind,
    episode: { ...episode, startedAt: new Date(startedAt), endedAt: endedAt && new Date(endedAt) },
  };
}

function asSession({ startedAt, endedAt, ...session }: SessionRecord): SessionRecord {
  return { ...session, startedAt: new Date(startedAt), endedAt: endedAt && new Date(endedAt) };
}
