/** Spellings of what is inside, and of what leads there. */
import type { LookupAll } from '../../src/ingest/network/safe-connect.ts';
import { INSIDE } from './canary.ts';

/** Host and port of the internal server in many spellings; some parser reads each of them as the address itself. */
export function spellings(port: number): string[] {
  const at = (host: string) => `${host}:${port}`;
  return [
    ...['127.0.0.2', '2130706434', '0x7f000002', '0x7f.0.0.2', '0177.0.0.2', '0177.0x0.0.02', '127.2'],
    ...['127.0.2', '[::ffff:127.0.0.2]', '[::ffff:7f00:2]', '[0:0:0:0:0:ffff:7f00:0002]', '127.0.0.2.'],
    ...['%31%32%37.0.0.2', '127。0。0。2', '127.0.0.2', '①27.0.0.2', '00000177.0.0.2', '127.000.000.002'],
    ...['user@127.0.0.2', 'public.test@127.0.0.2', 'public.test:80@127.0.0.2', 'a@b@127.0.0.2'],
    ...['public.test%40127.0.0.2', 'inside.test', 'INSIDE.TEST', 'inside.test.', 'both.test', 'rebound.test'],
    ...['[::ffff:127.0.0.2%25lo]', '0x7f000002.', '127.0.0.2%00.public.test', 'public.test%23@127.0.0.2'],
  ].map(at);
}

/** Spellings whose end is another than the port. */
export function authorities(port: number): string[] {
  return [
    ...spellings(port),
    `127.0.0.2:${port}#@public.test`,
    `127.0.0.2:${port}\\@public.test`,
    `public.test\\@127.0.0.2:${port}`,
    `127.0.0.2:0${port}`,
    `127.0.0.2:+${port}`,
    `127.0.0.2:${port}?@public.test`,
    `127.0.0.2:${port + 65536}`,
  ];
}

/** A resolver under the attacker's hand: `rebound.test` gives a public address every other time. */
export function attackersLookup(): LookupAll {
  let asked = 0;
  return async (host) => {
    const name = host.toLowerCase().replace(/\.$/, '');
    const known: Record<string, string[]> = {
      'public.test': ['127.0.0.1'],
      'inside.test': [INSIDE],
      'both.test': ['127.0.0.1', INSIDE],
      'rebound.test': [asked++ % 2 === 0 ? '127.0.0.1' : INSIDE],
    };
    return (known[name] ?? []).map((address) => ({ address, family: 4 }));
  };
}
