/**
 * Puts the bench of a device into a folder, with the little that it runs, for a machine without npm:
 * `node bench/gpu/bundle.mjs FOLDER`. Workers lie beside the program, where it looks for them.
 */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node bench/gpu/bundle.mjs FOLDER');

const threads = ['vision', 'ingest', 'threads'].flatMap((room) =>
  readdirSync(join(ROOT, 'src', room), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(worker|child)\.ts$/.test(file))
    .map((file) => join(ROOT, 'src', room, file)),
);
await build({
  entryPoints: [join(ROOT, 'bench/gpu/run.ts'), ...threads],
  outdir: join(folder, 'gpu'),
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // What is native, and what is only for pictures that the bench has none of.
  external: ['onnxruntime-node', 'sharp', '@ffmpeg-installer/ffmpeg', 'libheif-js', 'libheif-js/*'],
  // What packages of CommonJS expect to find.
  banner: {
    js: `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`,
  },
  logLevel: 'error',
});

const resolve = createRequire(join(ROOT, 'package.json')).resolve;
const packages = join(folder, 'node_modules');
const runtime = dirname(dirname(resolve('onnxruntime-node')));
const here = join('bin', 'napi-v6', process.platform, process.arch);
mkdirSync(join(packages, 'onnxruntime-node'), { recursive: true });
for (const part of ['package.json', 'dist', here])
  cpSync(join(runtime, part), join(packages, 'onnxruntime-node', part), { recursive: true });
// Its package.json is not among what it exports: dist/cjs/index.js is.
const common = dirname(
  dirname(dirname(createRequire(resolve('onnxruntime-node')).resolve('onnxruntime-common'))),
);
cpSync(common, join(packages, 'onnxruntime-common'), {
  recursive: true,
  filter: (file) => !/\.(map|d\.ts)$/.test(basename(file)),
});
const ffmpeg = createRequire(resolve('@ffmpeg-installer/ffmpeg'))('@ffmpeg-installer/ffmpeg');
mkdirSync(join(folder, 'bin'), { recursive: true });
cpSync(ffmpeg.path, join(folder, 'bin', basename(ffmpeg.path)));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
