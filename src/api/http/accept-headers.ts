/** Headers that say what a client would take: `gzip;q=0` and `text/event-stream;q=0` name what it will not. */
import type { IncomingMessage } from 'node:http';

interface Preference {
  name: string;
  text: string;
  refused: boolean;
}

/** Whether an `accept-encoding` takes it, by name or by `*`. */
export function acceptsEncoding(header: string | undefined, encoding: string): boolean {
  const all = parse(header);
  const found = all.find(({ name }) => name === encoding) ?? all.find(({ name }) => name === '*');
  return found !== undefined && !found.refused;
}

/** Whether a browser asks for a page. */
export function acceptsPage({ headers: { accept } }: IncomingMessage): boolean {
  return parse(accept).some(({ name, refused }) => name === 'text/html' && !refused);
}

/** Takes out of `accept` what is named with a weight of zero, which Yoga does not look at. */
export function dropRefusedTypes({ headers }: IncomingMessage): void {
  const all = parse(headers.accept);
  if (!all.some(({ refused }) => refused)) return;
  const taken = all.filter(({ refused }) => !refused).map(({ text }) => text);
  headers.accept = taken.length > 0 ? taken.join(', ') : 'application/json';
}

function parse(header = ''): Preference[] {
  return header.split(',').map((text) => {
    const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
    return { name, text, refused: parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)) };
  });
}
