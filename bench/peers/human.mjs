/** node human.mjs CLIP [COUNT]: frames per second of human's face detector and emotion network. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, rgbFrames } from './frames.mjs';

const require = createRequire(import.meta.url);
const entry = join(
  dirname(fileURLToPath(import.meta.url)),
  'node_modules/@vladmandic/human/dist/human.node-wasm.js',
);
const { Human } = require(entry);
// The WebAssembly build reads its models by HTTP alone.
const models = join(dirname(entry), '..', 'models');
const server = createServer(async (request, response) =>
  response.end(await readFile(join(models, basename(request.url)))),
);
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const human = new Human({
  backend: 'wasm',
  wasmPath: `${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`,
  modelBasePath: `http://127.0.0.1:${server.address().port}/`,
  debug: false,
  cacheSensitivity: 0,
  filter: { enabled: false },
  face: {
    enabled: true,
    detector: { rotation: false, maxDetected: 10, skipFrames: 0, skipTime: 0 },
    mesh: { enabled: false },
    iris: { enabled: false },
    description: { enabled: false },
    emotion: { enabled: true, skipFrames: 0, skipTime: 0 },
  },
  body: { enabled: false },
  hand: { enabled: false },
  object: { enabled: false },
  gesture: { enabled: false },
});
await human.load();

const [clip, count = '100'] = process.argv.slice(2);
const frames = rgbFrames(clip, { rate: 10, longerSide: 640, count: Number(count) });
await measure(frames, async ({ pixels, width, height }) => {
  const tensor = human.tf.tensor4d(pixels, [1, height, width, 3], 'int32');
  const { face } = await human.detect(tensor);
  human.tf.dispose(tensor);
  return face.length;
});
server.close();
