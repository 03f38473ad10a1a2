/** node face-api.mjs CLIP [COUNT]: frames per second of face-api's tiny detector and expression network. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { measure, rgbFrames } from './frames.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const entry = require.resolve('@vladmandic/face-api/dist/face-api.node-wasm.js');
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
await tf.setBackend('wasm');
await tf.ready();
const faceapi = require(entry);
const models = join(dirname(entry), '..', 'model');
await faceapi.nets.tinyFaceDetector.loadFromDisk(models);
await faceapi.nets.faceExpressionNet.loadFromDisk(models);

const [clip, count = '100'] = process.argv.slice(2);
const frames = rgbFrames(clip, { rate: 10, longerSide: 640, count: Number(count) });
const options = new faceapi.TinyFaceDetectorOptions({ inputSize: 416 });
await measure(frames, async ({ pixels, width, height }) => {
  const tensor = tf.tensor3d(pixels, [height, width, 3], 'int32');
  const found = await faceapi.detectAllFaces(tensor, options).withFaceExpressions();
  tensor.dispose();
  return found.length;
});
