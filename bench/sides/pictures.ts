/** Decodes the pictures of a directory by mien's own process, two ahead, and makes the models' runs of each, with nothing else. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findConfinement } from '../../src/ingest/ffmpeg/confinement.ts';
import { PictureDecoder } from '../../src/ingest/pictures/picture-decoder.ts';
import { openBareModels } from '../parts/baselines.ts';

/** @param runs of the ensemble: how many faces each has, with commas @param threads of the models */
const [directory = '', runs = '', threads = '1'] = process.argv.slice(2);
const AHEAD = 2;

const confinement = await findConfinement(true);
const decoder = new PictureDecoder(async () => confinement.prefix(undefined));
const models = await openBareModels(Number(threads));
const { signal } = new AbortController();
const paths = readdirSync(directory).map((name) => join(directory, name));
const decode = (path: string) =>
  decoder.decode({ path, longerSide: 640, maxPixels: 64e6, orientation: 1 }, signal);
const decoding = paths.slice(0, AHEAD).map(decode);
for (const at of paths.keys()) {
  const picture = await decoding[at];
  if (!picture) throw new Error(`${paths[at]} was not decoded by sharp.`);
  if (at + AHEAD < paths.length) decoding.push(decode(paths[at + AHEAD]!));
  delete decoding[at];
  const { luma: pixels, width, height } = picture;
  await models.detect({ pixels, width, height });
  for (const faces of runs.split(',')) await models.score(Number(faces));
}
await decoder.close();
process.exit(0);
