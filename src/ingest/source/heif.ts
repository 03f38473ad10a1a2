/** HEIC and AVIF: pictures in the boxes of MP4. */

import type { Picture } from './picture-info.ts';
import type { BytesAt } from './read-at-offset.ts';

const MAX_BOXES = 20;
const MAX_FTYP_BYTES = 128;
const MAX_META_BYTES = 1 << 20;
const SAVE_AS = 'JPEG or PNG';

/** Undefined: another file of boxes. A series of pictures is a video to ffmpeg, which knows its way up. */
export async function lookAtHeif(bytesAt: BytesAt): Promise<Picture | undefined> {
  const length = uint(await bytesAt(0, 4), 0, 4);
  const brands = (await bytesAt(8, Math.max(4, Math.min(length, MAX_FTYP_BYTES) - 8)))
    .toString('latin1')
    .match(/.{4}/gs) ?? [''];
  const [major = ''] = brands;
  if (major === 'avif' || (major === 'mif1' && brands.includes('avif'))) return lookAtAvif(bytesAt);
  if (!/^(hei[cxms]|mif1)$/.test(major)) return undefined;
  // A newer ffmpeg would give one of the tiles that it is made of for the picture.
  return { orientation: 1, isHeic: true };
}

async function lookAtAvif(bytesAt: BytesAt): Promise<Picture> {
  const meta = await metaBox(bytesAt);
  const isTiled = /infe.{8}grid/s.test(meta.toString('latin1'));
  const name = isTiled ? 'an AVIF picture made of tiles' : 'an AVIF picture';
  return { orientation: orientationIn(meta), rare: { name, saveAs: SAVE_AS, isTried: !isTiled } };
}

async function metaBox(bytesAt: BytesAt): Promise<Buffer> {
  let at = 0;
  for (let box = 0; box < MAX_BOXES; box++) {
    const head = await bytesAt(at, 8);
    const length = uint(head, 0, 4);
    if (length < 8) break;
    // Four bytes of version and flags go before what it holds.
    if (head.toString('latin1', 4) === 'meta')
      return bytesAt(at + 12, Math.max(0, Math.min(length - 12, MAX_META_BYTES)));
    at += length;
  }
  return Buffer.alloc(0);
}

/** First turned counterclockwise by a quarter so many times, then top and bottom exchanged, or left and right, as Exif counts it. */
const ORIENTATIONS = [
  { unmirrored: 1, topBottom: 4, leftRight: 2 },
  { unmirrored: 8, topBottom: 5, leftRight: 7 },
  { unmirrored: 3, topBottom: 2, leftRight: 4 },
  { unmirrored: 6, topBottom: 7, leftRight: 5 },
];

/** Of the primary picture, by its properties. */
function orientationIn(meta: Buffer): number {
  const pitm = box(meta, 'pitm');
  const primary = uint(pitm, 4, idSize(pitm));
  const properties = box(meta, 'iprp');
  const known = [...boxes(box(properties, 'ipco'))];
  let quarters = 0;
  let mirrored: keyof (typeof ORIENTATIONS)[0] = 'unmirrored';
  for (const index of propertiesOf(primary, box(properties, 'ipma'))) {
    const { type, content } = known[index - 1] ?? NO_BOX;
    if (type === 'irot') quarters = uint(content, 0, 1) & 3;
    if (type === 'imir') mirrored = uint(content, 0, 1) & 1 ? 'leftRight' : 'topBottom';
  }
  return ORIENTATIONS[quarters]![mirrored];
}

/** Their places in the list of properties, from 1. */
function propertiesOf(item: number, ipma: Buffer): number[] {
  const size = uint(ipma, 3, 1) & 1 ? 2 : 1;
  // The highest bit only says how much it matters.
  const bits = size === 2 ? 0x7fff : 0x7f;
  for (let at = 8; at < ipma.length; ) {
    const id = uint(ipma, at, idSize(ipma));
    const first = at + idSize(ipma) + 1;
    const count = uint(ipma, first - 1, 1);
    if (id === item)
      return Array.from({ length: count }, (_, i) => uint(ipma, first + i * size, size) & bits);
    at = first + count * size;
  }
  return [];
}

interface Box {
  type: string;
  content: Buffer;
}

const NO_BOX: Box = { type: '', content: Buffer.alloc(0) };

function box(within: Buffer, type: string): Buffer {
  return [...boxes(within)].find((one) => one.type === type)?.content ?? NO_BOX.content;
}

function* boxes(within: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= within.length; ) {
    const length = uint(within, at, 4);
    if (length < 8) return;
    yield { type: within.toString('latin1', at + 4, at + 8), content: within.subarray(at + 8, at + length) };
    at += length;
  }
}

/** How many bytes the number of an item takes: the version of the box tells. */
const idSize = (fullBox: Buffer) => (uint(fullBox, 0, 1) === 0 ? 2 : 4);

/** 0 where the bytes end before. */
const uint = (bytes: Buffer, at: number, size: number) =>
  at + size <= bytes.length ? bytes.readUIntBE(at, size) : 0;
