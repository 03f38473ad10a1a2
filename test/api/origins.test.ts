import { describe, expect, it } from 'vitest';
import { createOriginPolicy, setCorsHeaders } from '../../src/api/http/origins.ts';

type Options = Partial<Parameters<typeof createOriginPolicy>[0]>;

function allows(options: Options, origin: string | undefined, host = 'mien.example:8080'): boolean {
  const policy = createOriginPolicy({ host: '0.0.0.0', publicUrls: [], allowedOrigins: [], ...options });
  return policy.allows({ headers: { host, ...(origin !== undefined && { origin }) } } as never);
}

describe('a request is let in', () => {
  it.each([
    ['of a program, which has no origin', {}, undefined, 'anything'],
    ['of a page of the server itself', {}, 'http://mien.example:8080', 'mien.example:8080'],
    [
      'of a page that the settings name',
      { allowedOrigins: ['https://wall.example'] },
      'https://wall.example',
      'x',
    ],
    [
      'of any page that has an origin, where the settings say so',
      { allowedOrigins: ['*'] },
      'https://a.example',
      'x',
    ],
    [
      'of a page at the public address',
      { publicUrls: ['https://mien.example'] },
      'https://mien.example',
      'x',
    ],
    [
      'of another port of this machine, on loopback',
      { host: '127.0.0.1' },
      'http://localhost:5173',
      'localhost:8080',
    ],
  ] as const)('%s', (_, options, origin, host) =>
    expect(allows(options as Options, origin, host)).toBe(true),
  );
});

describe('a request is kept out', () => {
  it.each([
    ['of a page of another host', {}, 'http://evil.example', 'mien.example:8080'],
    ['of a page of another port', {}, 'http://mien.example', 'mien.example:8080'],
    ['of a sandboxed frame, whatever is allowed', { allowedOrigins: ['*'] }, 'null', 'x'],
    ['of a file', { allowedOrigins: ['*'] }, 'file://', 'x'],
    ['of what is no web page', { allowedOrigins: ['*'] }, 'chrome-extension://abc', 'x'],
    ['of what only holds an address', { allowedOrigins: ['*'] }, 'x-http://a.example', 'x'],
    ['of what is no address', { allowedOrigins: ['*'] }, 'http://[', 'x'],
    [
      'of a page in clear at the host of the public address',
      { publicUrls: ['https://a.b'] },
      'http://a.b',
      'a.b',
    ],
    [
      'of a page of this machine, through a proxy',
      { host: '127.0.0.1' },
      'http://localhost:1',
      'mien.example',
    ],
    ['of a page of this machine, where a network is served', {}, 'http://localhost:1', 'localhost:8080'],
    ['of a page of this machine that names no host', { host: '127.0.0.1' }, 'http://localhost:1', ''],
  ] as const)('%s', (_, options, origin, host) =>
    expect(allows(options as Options, origin, host)).toBe(false),
  );
});

describe('a page of another origin', () => {
  function headersFor(headers: Record<string, string>): Record<string, string> {
    const set: Record<string, string> = {};
    const response = {
      setHeader: (name: string, value: string) => void Object.assign(set, { [name]: value }),
    };
    setCorsHeaders({ headers } as never, response as never);
    return set;
  }

  it('may read the answer, send what it asks for, and read what uploads and refusals tell', () => {
    expect(
      headersFor({ origin: 'https://wall.example', 'access-control-request-headers': 'authorization' }),
    ).toEqual({
      'access-control-allow-origin': 'https://wall.example',
      vary: 'origin',
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers': 'authorization',
      'access-control-expose-headers':
        'location, tus-resumable, upload-length, upload-offset, retry-after, www-authenticate',
      'access-control-max-age': '600',
    });
  });

  it('that asks for no headers may say what it sends', () => {
    expect(headersFor({ origin: 'https://wall.example' })['access-control-allow-headers']).toBe(
      'content-type',
    );
  });

  it('is told nothing where there is none', () => expect(headersFor({})).toEqual({}));
});
