import { expect, it } from 'vitest';
import { createSseParser, type SseEvent } from '../../src/web/sse-parser.js';

const STREAM =
  ':\n\nevent: next\ndata: {"a":1}\n\n:\n\nevent: next\r\ndata: {"b":\r\ndata: 2}\r\n\r\nevent: complete\ndata:\n\n';
const EVENTS = [
  { event: 'next', data: '{"a":1}' },
  { event: 'next', data: '{"b":\n2}' },
  { event: 'complete', data: '' },
];

it.each([1, 2, 3, 7, 1000])('server-sent events are parsed from pieces of %i characters', (size) => {
  const events: SseEvent[] = [];
  const parse = createSseParser((event) => events.push(event));
  for (let at = 0; at < STREAM.length; at += size) parse(STREAM.slice(at, at + size));
  expect(events).toEqual(EVENTS);
});

it('a server-sent event is given only once it is complete', () => {
  const events: SseEvent[] = [];
  const parse = createSseParser((event) => events.push(event));
  parse('event: next\ndata: {"a":1}\n');
  expect(events).toEqual([]);
  parse('\n');
  expect(events).toEqual(EVENTS.slice(0, 1));
});
