/**
 * Only what comes within this connection: no other address, no datagrams.
 * @param asked what holds where the answer names no channels, or only the first
 */
export function transport(value = '', asked = ''): string {
  const channels = channelsIn(value) ?? channelsIn(asked);
  if (!/^RTP\/AVP\/TCP[ \t]*(?:;|$)/i.test(value) || !channels || value.includes(',')) {
    throw new Error('a transport that is not within the connection');
  }
  return `RTP/AVP/TCP;unicast;interleaved=${channels.join('-')}`;
}

function channelsIn(value: string): [number, number] | null {
  const [, first, last] = /interleaved=(\d{1,3})(?:-(\d{1,3}))?/i.exec(value) ?? [];
  if (first === undefined) return null;
  const channels: [number, number] = [Number(first), Number(last ?? Number(first) + 1)];
  return channels.every((channel) => channel <= 255) ? channels : null;
}
