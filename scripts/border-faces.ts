/**
 * Whether faces are found that touch the picture's border, or fill it, by the detector as the server runs it:
 *
 *     npx tsx scripts/border-faces.ts DATA [tuning]
 *
 * DATA holds `faces.tar` of the training. Of each of the first PHOTOS photos that training never saw, the largest face that is found there is cut out
 * in each of CUTS, and the cut enlarged to each of HEIGHTS. Counted are the faces that are found in the cut as it is, of those that are
 * found when the cut has a gray border; and those that are found only as it is. Of the cuts that show no face, squares
 * of backgrounds, sure faces are counted too. The last line is JSON.
 */
import '../src/no-telemetry.ts';

import type { Detection } from '../src/vision/detection/detected-face.ts';
import { equivalentSide, iou, type Rect } from '../src/vision/image/geometry.ts';
import type { GrayImage } from '../src/vision/image/gray-image.ts';
import { cropImage } from '../src/vision/image/resize.ts';
import { openDetector, paste, pictures, resize } from './photos.ts';

const PHOTOS = 200;
/** Of the cut's longer side, on each side of it. */
const BORDER = 0.4;
const HEIGHTS = [180, 360, 480];

/** What is left of the picture, given the face: each in pixels of the photo. */
const CUTS: Record<string, (face: Rect, photo: GrayImage) => Rect> = {
  left: (face, { width, height }) => ({ x1: face.x1, y1: 0, x2: width, y2: height }),
  right: (face, { height }) => ({ x1: 0, y1: 0, x2: face.x2, y2: height }),
  top: (face, { width, height }) => ({ x1: 0, y1: face.y1, x2: width, y2: height }),
  bottom: (face, { width }) => ({ x1: 0, y1: 0, x2: width, y2: face.y2 }),
  'all sides': (face) => face,
  '0.9 of the height': (face, { width }) => {
    const margin = ((face.y2 - face.y1) * (1 / 0.9 - 1)) / 2;
    return { x1: 0, y1: face.y1 - margin, x2: width, y2: face.y2 + margin };
  },
};

const [data, tuning] = process.argv.slice(2);
const part = tuning === 'tuning' ? 'tuning' : 'held-out';
if (data === undefined) throw new Error('npx tsx scripts/border-faces.ts DATA [tuning]');
const detector = await openDetector();

const photos: { photo: GrayImage; face: Rect }[] = [];
for (const photo of pictures(data, 'faces', part, PHOTOS)) {
  const [face] = (await detect(photo)).sort((p, q) => equivalentSide(q.box) - equivalentSide(p.box));
  if (face && equivalentSide(face.box) >= 32) photos.push({ photo, face: face.box });
}
const report: Record<string, Record<string, Counts>> = {};
for (const height of HEIGHTS) {
  const rows: Record<string, Counts> = {};
  for (const [name, cut] of Object.entries(CUTS)) rows[name] = await count(cut, height);
  report[height] = rows;
  const told = Object.entries(rows).map(([name, { found, bordered, both }]) => {
    return `${name} ${((100 * both) / bordered).toFixed(1)} % of ${bordered} (${found - both} without a border alone)`;
  });
  console.log(`${height} px high, ${photos.length} photos: ${told.join('; ')}`);
}
let strays = 0;
const backgrounds = pictures(data, 'backgrounds', part);
for (const picture of backgrounds) {
  for (const height of HEIGHTS) strays += (await detect(resize(picture, height / picture.height))).length;
}
console.log(`${backgrounds.length} backgrounds, each ${HEIGHTS.join(', ')} px high: ${strays} sure faces`);
console.log(JSON.stringify({ photos: photos.length, heights: report, strays }));
process.exit(0);

interface Counts {
  found: number;
  bordered: number;
  both: number;
}

/** How many faces are found in their cuts as they are, with a border, and both ways. */
async function count(cut: (face: Rect, photo: GrayImage) => Rect, height: number): Promise<Counts> {
  const counts = { found: 0, bordered: 0, both: 0 };
  for (const { photo, face } of photos) {
    const { picture, shown } = cutOut(photo, face, cut(face, photo), height);
    const found = await isFound(picture, shown);
    const border = Math.round(BORDER * Math.max(picture.width, picture.height));
    const withBorder = await isFound(bordered(picture, border), {
      ...{ x1: shown.x1 + border, y1: shown.y1 + border },
      ...{ x2: shown.x2 + border, y2: shown.y2 + border },
    });
    counts.found += Number(found);
    counts.bordered += Number(withBorder);
    counts.both += Number(found && withBorder);
  }
  return counts;
}

/** The part of the photo that is cut out, so many pixels high, and where the face is in it. */
function cutOut(photo: GrayImage, face: Rect, part: Rect, height: number) {
  const [left, top] = [Math.max(0, Math.round(part.x1)), Math.max(0, Math.round(part.y1))];
  const [right, bottom] = [
    Math.min(photo.width, Math.round(part.x2)),
    Math.min(photo.height, Math.round(part.y2)),
  ];
  const factor = height / (bottom - top);
  const picture = resize(cropImage(photo, left, top, right - left, bottom - top), factor);
  const within = (value: number, start: number, end: number) =>
    (Math.min(Math.max(value, start), end) - start) * factor;
  const shown = {
    ...{ x1: within(face.x1, left, right), y1: within(face.y1, top, bottom) },
    ...{ x2: within(face.x2, left, right), y2: within(face.y2, top, bottom) },
  };
  return { picture, shown };
}

function bordered(picture: GrayImage, border: number): GrayImage {
  const [width, height] = [picture.width + 2 * border, picture.height + 2 * border];
  const canvas = { pixels: new Uint8Array(width * height).fill(128), width, height };
  paste(picture, canvas, border, border);
  return canvas;
}

async function detect(picture: GrayImage): Promise<Detection[]> {
  return (await detector.detect([picture]))[0]!;
}

async function isFound(picture: GrayImage, shown: Rect): Promise<boolean> {
  return (await detect(picture)).some(({ box }) => iou(box, shown) >= 0.5);
}
