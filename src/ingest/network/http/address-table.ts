/** How ffmpeg reads what is at an address; a playlist is written anew for it, all else are bytes. */
export type Role = 'playlist' | 'media' | 'key';

export interface Address {
  url: URL;
  role: Role;
}

/**
 * What ffmpeg may ask our proxy for: addresses that a playlist of the source named, each under a number. Nothing of the
 * address itself shows in the number, so neither the list of processes nor a log tells it.
 */
export interface AddressTable {
  /** The path of an address. */
  pathOf(url: URL, role: Role): string;
  addressOf(path: string): Address | undefined;
}

/** A live playlist names new segments without end; the addresses that were used longest ago are forgotten. */
export const MAX_ADDRESSES = 100_000;
/** Of all of them, of which each may be as long as its playlist. */
export const MAX_CHARACTERS = 64 * 1024 * 1024;

/** @param secret a word that nobody can guess, with which all paths begin */
export function createAddressTable(secret: string): AddressTable {
  const addresses = new Map<string, Address>();
  const numbers = new Map<string, string>();
  let last = 0;
  let characters = 0;
  const forgetOldest = () => {
    const [key, number] = numbers.entries().next().value!;
    numbers.delete(key);
    addresses.delete(number);
    characters -= key.length;
  };
  return {
    pathOf(url, role) {
      const key = `${role} ${url.href}`;
      const number = numbers.get(key) ?? String(last++);
      // Set anew, so that a Map's order of insertion is the order of use.
      if (!numbers.delete(key)) characters += key.length;
      addresses.delete(number);
      numbers.set(key, number);
      addresses.set(number, { url, role });
      while (numbers.size > MAX_ADDRESSES || characters > MAX_CHARACTERS) forgetOldest();
      return `/${secret}/${number}/${nameOf(url, role)}`;
    },
    addressOf(path) {
      const [empty, word, number = ''] = path.split('/', 4);
      return empty === '' && word === secret ? addresses.get(number) : undefined;
    },
  };
}

/** ffmpeg judges by the end of a name too. */
function nameOf(url: URL, role: Role): string {
  if (role !== 'media') return role === 'playlist' ? 'playlist.m3u8' : 'key';
  const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  return name.replaceAll(/[^\w.-]/g, '_').slice(-64) || 'video';
}
