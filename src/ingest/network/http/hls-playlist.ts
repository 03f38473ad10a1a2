import { setImmediate as nextTurn } from 'node:timers/promises';
import { MienError } from '../../../errors.ts';
import { MAX_ADDRESSES, type Role } from './address-table.ts';
import { parseAttributes, writeAttributes } from './hls-attributes.ts';

/** The address on our proxy of what a playlist names. Throws SOURCE_REFUSED where it is none that sources may have. */
export type LocalAddress = (uri: string, role: Role) => string;

/** In bytes; a day in segments of two seconds takes less. */
export const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;

const LINES_PER_TURN = 500;

/** Whether bytes are the beginning of a playlist. */
export const isPlaylist = (start: string): boolean => /^(?:\ufeff)?#EXTM3U[ \t]*(?:[\r\n]|$)/.test(start);

/**
 * Writes a playlist of HLS anew, for ffmpeg: only tags that it needs, each value of the form that it must have, each
 * address one of our proxy. What is not understood does not come through, so it does not matter how ffmpeg would have
 * read it. Sound and subtitles, which nobody looks at, are left out. A long one lets others have their turn meanwhile.
 * Throws SOURCE_NOT_VIDEO where it is no playlist, SOURCE_REFUSED as `localAddress` does.
 */
export async function rewritePlaylist(text: string, localAddress: LocalAddress): Promise<string> {
  if (!isPlaylist(text)) throw notUnderstood('its first line');
  const written = ['#EXTM3U'];
  let addresses = 0;
  const toLocal: LocalAddress = (uri, role) => {
    if (++addresses > MAX_ADDRESSES) throw notUnderstood('its length');
    return localAddress(uri, role);
  };
  /** What the next line without `#` is; null: nobody asked for one. */
  let next: Role | null = null;
  let count = 0;
  for (const [whole] of text.matchAll(/[^\r\n]+/g)) {
    if (count++ === 0) continue;
    if (count % LINES_PER_TURN === 0) await nextTurn();
    const line = whole.trim();
    if (!line.startsWith('#')) {
      if (line && next) written.push(toLocal(line, next));
      if (line) next = null;
      continue;
    }
    const colon = line.indexOf(':');
    const [tag, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
    const tagWriter = Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
    const anew = tagWriter?.(value, toLocal);
    if (anew !== undefined && anew !== null) written.push(anew === '' ? tag : `${tag}:${anew}`);
    if (tag === '#EXTINF') next = 'media';
    if (tag === '#EXT-X-STREAM-INF') next = 'playlist';
  }
  return `${written.join('\n')}\n`;
}

/** A tag's value, written anew; an empty one for none, null where the tag is left out. */
type TagWriter = (value: string, localAddress: LocalAddress) => string | null;

const TAGS: Record<string, TagWriter> = {
  '#EXT-X-VERSION': matching(/^\d{1,3}$/),
  '#EXT-X-TARGETDURATION': matching(/^\d{1,6}(?:\.\d{1,9})?$/),
  '#EXT-X-MEDIA-SEQUENCE': matching(/^\d{1,18}$/),
  '#EXT-X-DISCONTINUITY-SEQUENCE': matching(/^\d{1,18}$/),
  '#EXT-X-PLAYLIST-TYPE': matching(/^(?:VOD|EVENT)$/),
  '#EXT-X-BYTERANGE': (value) => byteRange(value),
  '#EXT-X-DISCONTINUITY': () => '',
  '#EXT-X-ENDLIST': () => '',
  '#EXTINF': (value) => `${/^\d{1,9}(?:\.\d{1,12})?/.exec(value)?.[0] ?? '0'},`,
  '#EXT-X-START': (value) => {
    const offset = attributesOf('EXT-X-START', value).get('TIME-OFFSET') ?? '';
    return /^-?\d{1,9}(?:\.\d{1,9})?$/.test(offset) ? `TIME-OFFSET=${offset}` : null;
  },
  '#EXT-X-KEY': keyTag,
  '#EXT-X-MAP': (value, localAddress) => {
    const attributes = attributesOf('EXT-X-MAP', value);
    const range = attributes.get('BYTERANGE');
    return writeAttributes({
      URI: quoted(localAddress(required(attributes, 'EXT-X-MAP', 'URI'), 'media')),
      BYTERANGE: range === undefined ? undefined : quoted(byteRange(range)),
    });
  },
  '#EXT-X-STREAM-INF': (value) => {
    const attributes = attributesOf('EXT-X-STREAM-INF', value);
    const group = attributes.get('VIDEO');
    return writeAttributes({
      BANDWIDTH: /^\d{1,12}$/.exec(attributes.get('BANDWIDTH') ?? '')?.[0] ?? '0',
      RESOLUTION: /^\d{1,5}x\d{1,5}$/.exec(attributes.get('RESOLUTION') ?? '')?.[0],
      VIDEO: group === undefined ? undefined : quoted(plain(group)),
    });
  },
  '#EXT-X-MEDIA': (value, localAddress) => {
    const attributes = attributesOf('EXT-X-MEDIA', value);
    const uri = attributes.get('URI');
    if (attributes.get('TYPE') !== 'VIDEO' || uri === undefined) return null;
    return writeAttributes({
      TYPE: 'VIDEO',
      'GROUP-ID': quoted(plain(attributes.get('GROUP-ID') ?? '')),
      NAME: quoted(plain(attributes.get('NAME') ?? '')),
      URI: quoted(localAddress(uri, 'playlist')),
    });
  },
};

function keyTag(value: string, localAddress: LocalAddress): string {
  const attributes = attributesOf('EXT-X-KEY', value);
  const method = required(attributes, 'EXT-X-KEY', 'METHOD');
  if (method === 'NONE') return 'METHOD=NONE';
  const format = attributes.get('KEYFORMAT') ?? 'identity';
  if (!['AES-128', 'SAMPLE-AES'].includes(method) || format !== 'identity') {
    throw notUnderstood(`a key for ${plain(method)}, ${plain(format)}`);
  }
  const vector = attributes.get('IV');
  if (vector !== undefined && !/^0[xX][0-9a-fA-F]{1,32}$/.test(vector)) throw notUnderstood('an IV');
  return writeAttributes({
    METHOD: method,
    URI: quoted(localAddress(required(attributes, 'EXT-X-KEY', 'URI'), 'key')),
    IV: vector,
  });
}

function matching(form: RegExp): TagWriter {
  return (value) => (form.test(value) ? value : null);
}

function attributesOf(tag: string, value: string): Map<string, string> {
  const attributes = parseAttributes(value);
  if (!attributes) throw notUnderstood(`the attributes of ${tag}`);
  return attributes;
}

function required(attributes: Map<string, string>, tag: string, name: string): string {
  const value = attributes.get(name);
  if (!value) throw notUnderstood(`${tag} without ${name}`);
  return value;
}

function byteRange(value: string): string {
  if (!/^\d{1,18}(?:@\d{1,18})?$/.test(value)) throw notUnderstood('a range of bytes');
  return value;
}

const quoted = (value: string) => `"${value}"`;
const plain = (value: string) => value.replaceAll(/[^\w .:-]/g, '_').slice(0, 100);

function notUnderstood(what: string): MienError {
  return new MienError('SOURCE_NOT_VIDEO', `A playlist of the source is not understood: ${what}; check it.`);
}
