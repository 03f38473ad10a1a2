/** Under which names a server lets itself be asked for: the rules, without a server. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createHostPolicy, isLoopback, nameOf } from '../../src/api/http/hosts.ts';

const asked = (host: string | undefined) => ({ headers: { host } }) as IncomingMessage;

describe('the name in a Host header', () => {
  it.each([
    ['mien.example', 'mien.example'],
    ['Mien.EXAMPLE:8080', 'mien.example'],
    ['mien.example:65535', 'mien.example'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]', '::1'],
    ['[::1]:4000', '::1'],
    ['[2001:DB8:0:0::1]', '2001:db8::1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
  ])('%s is %s', (header, name) => expect(nameOf(header)).toBe(name));

  it.each([
    ...['', ':80', 'mien.example:', 'mien.example:123456', 'mien.example:80:80', 'mien.example:8o'],
    ...['::1', '[::1', '::1]', '[]', '[localhost]', '[::1]x', 'x[::1]'],
    ...['user@localhost', 'evil.example/localhost', 'localhost/', 'localhost?', 'localhost#', 'a\\b'],
    ...[' localhost', 'localhost ', 'local host', 'evil.example\nlocalhost', 'http://localhost'],
  ])('%j has none', (header) => expect(nameOf(header)).toBeNull());
});

it.each([
  ...['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'demo.localhost'].map((name) => [name, true] as const),
  ...['128.0.0.1', '10.0.0.127', '1.127.0.0', '::2', '127.0.0.1.evil.example', '127.evil.example'].map(
    (name) => [name, false] as const,
  ),
  ...['', 'notlocalhost', 'localhost.evil.example'].map((name) => [name, false] as const),
])('%j is a name of this machine: %s', (name, expected) => expect(isLoopback(name)).toBe(expected));

describe('a server', () => {
  const knows = (host: string, name: string | undefined, publicUrls: string[] = []) =>
    createHostPolicy({ host, publicUrls }).knows(asked(name));

  it('is known to a program that names no host', () => expect(knows('10.0.0.7', undefined)).toBe(true));

  it('is known under loopback, what it listens on, and its public addresses, however they are written', () => {
    const publicUrls = ['https://Mien.example', 'http://[2001:db8::1]:8080'];
    for (const name of ['localhost', '10.0.0.7:80', 'MIEN.example', '[2001:DB8:0::1]'])
      expect([name, knows('10.0.0.7', name, publicUrls)]).toEqual([name, true]);
    for (const name of ['10.0.0.8', 'www.mien.example', '[2001:db8::2]', '', 'mien.example/'])
      expect([name, knows('10.0.0.7', name, publicUrls)]).toEqual([name, false]);
    expect(knows('Wall.LAN', 'wall.lan')).toBe(true);
    expect(knows('FE80::0:1', '[fe80::1]')).toBe(true);
    // The interface by which an address is reached is no part of the name.
    expect(knows('fe80::1%eth0', '[fe80::1]')).toBe(true);
  });

  it('that listens everywhere is not known under the address that says so', () => {
    expect(knows('0.0.0.0', '0.0.0.0')).toBe(false);
    expect(knows('::', '[::]')).toBe(false);
    expect(knows('0:0::0', '[::]:4000')).toBe(false);
  });

  it('sees who asks by an address', () => {
    const { isAddress } = createHostPolicy({ host: '10.0.0.7', publicUrls: [] });
    const names = ['8.8.8.8:80', '[fd00::7]', 'mien.example', '[fd00::7', '', undefined];
    expect(names.map((name) => isAddress(asked(name)))).toEqual([true, true, false, false, false, false]);
  });
});
