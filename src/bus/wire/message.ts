/**
 * What goes from server to server: a version, what it is, who tells it and as how manieth event, which stream and
 * session it is of, and the event. Moments are in whole numbers (`moment.ts`); what is rare is JSON.
 */
import type { ErasureStep } from '../../domain/erasure.ts';
import type { LiveEvent } from '../../domain/live-event.ts';
import { sessionOf } from '../topics.ts';
import { EpisodeBody, ErasedBody, HereBody, StatusBody } from './bodies.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readMoment, writeMoment } from './moment.ts';

/** Raised by whoever changes the layout: servers leave out what they do not know, and read the database. */
export const WIRE_VERSION = 1;

/** Their place is what stands in a message. */
const KINDS = ['moment', 'status', 'episode', 'removed', 'erased', 'tagged', 'here'] as const;
export type MessageKind = (typeof KINDS)[number];

/** Published to other servers. */
export type SharedEvent = Exclude<LiveEvent, { kind: 'committed' }>;

export interface MessageHead {
  kind: MessageKind;
  /** One run of a server. */
  node: string;
  /** From 1, by node; 0 of `here`, which tells of no event. */
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
  /** That it is there, and up to where it has told: each second. */
  | { here: HereBody };

/** @returns what writes a message of this node; it throws RangeError for a moment that holds a number that is none */
export function createEncoder(node: string): (message: Message, number: number) => Uint8Array {
  const writer = new ByteWriter();
  return (message, number) => {
    // What a message that could not be written has left.
    writer.take();
    writeHead(writer, message, node, number);
    if ('event' in message) writeEvent(writer, message.event);
    else if ('erased' in message) writeJson(writer, message.erased);
    else if ('here' in message) writeJson(writer, message.here);
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
  return 'taggedStream' in message ? 'tagged' : 'here';
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
  const number = reader.count();
  if ((number === 0) !== (kind === 'here')) throw new RangeError('a message of no number');
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
      const position = reader.count();
      const moment = readMoment(reader, sessionId);
      if (!reader.isAtEnd) throw new RangeError('a moment is followed by what is none');
      return { event: { kind, streamId, moment, position } };
    }
    case 'episode': {
      const position = reader.count();
      const event = EpisodeBody.parse(readJson(reader));
      return { event: { kind, streamId, event: of(sessionId, event, event.episode.sessionId), position } };
    }
    case 'status': {
      const { session, sameState } = StatusBody.parse(readJson(reader));
      of(streamId, session, session.streamId);
      return {
        event: {
          kind,
          streamId,
          session: of(sessionId, session, session.id),
          ...(sameState && { sameState }),
        },
      };
    }
    case 'removed':
      return { event: { kind, streamId } };
    case 'erased':
      return { erased: ErasedBody.parse(readJson(reader)) };
    case 'tagged':
      return { taggedStream: streamId };
    case 'here':
      return { here: HereBody.parse(readJson(reader)) };
  }
}

/** @throws RangeError where it tells of another one than its head */
function of<T>(head: string, body: T, id: string): T {
  if (id !== head) throw new RangeError('a message of another session than it says');
  return body;
}

function readJson(reader: ByteReader): unknown {
  return JSON.parse(reader.rest().toString('utf8'));
}
