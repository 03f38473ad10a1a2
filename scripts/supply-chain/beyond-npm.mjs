/**
 * What mien comes with that npm knows nothing of: its weights, and the programs and libraries that lie compiled in
 * packages. Each is read where it lies, hashed, and held against what was noted when somebody looked at it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const NOTES = 'scripts/supply-chain/beyond-npm.json';
const { ffmpeg: FFMPEG, onnxruntime: ONNXRUNTIME } = JSON.parse(readFileSync(NOTES, 'utf8'));

/**
 * @typedef {object} Beyond
 * @property {string | null} within path of the package that holds it; null for a file of mien's own
 * @property {string} file where it lies
 * @property {'machine-learning-model' | 'application' | 'library' | 'platform'} type as CycloneDX has them
 * @property {string} name
 * @property {string | undefined} version where one is told
 * @property {string} license as SPDX has it, or `LicenseRef-…`
 * @property {string} sha256 in hexadecimal digits
 * @property {string} description
 * @property {string} [cpe] the name under which its faults are published
 */

/**
 * @param {import('./tree.mjs').Installed[]} tree
 * @returns {Beyond[]}
 */
export function beyondNpm(tree) {
  return [
    ...weights(),
    ...ffmpegs(tree),
    ...onnxruntime(named(tree, 'onnxruntime-node')),
    postgres(named(tree, '@electric-sql/pglite')),
    libheif(named(tree, 'libheif-js')),
  ];
}

/** The shipped models, by their cards. */
function weights() {
  const cards = readdirSync('models').filter((name) => name.endsWith('.json'));
  if (cards.length === 0) throw new Error('models holds no card');
  return cards.sort().flatMap((name) => {
    const card = JSON.parse(readFileSync(join('models', name), 'utf8'));
    const { int8 } = card;
    return [weightsOf(name, card, card), ...(int8 ? [weightsOf(name, card, int8)] : [])];
  });
}

/** One of the files of a card. */
function weightsOf(name, card, { file: named, sha256: told }) {
  const file = join('models', named);
  const sha256 = hash(file);
  if (sha256 !== told) throw new Error(`${file} has the SHA-256 ${sha256}, its card says ${told}`);
  const version = named === card.file ? card.version : `${card.version}+int8`;
  const { license } = card;
  const description = `Weights in ONNX; its data and its measure are told in models/${name} and models/MODEL_CARD.md`;
  return {
    within: null,
    file,
    type: 'machine-learning-model',
    name: card.name,
    version,
    license,
    sha256,
    description,
  };
}

/** The builds of ffmpeg, of all platforms; what is here is held against its hash. */
function ffmpegs(tree) {
  const packages = tree.filter(({ name }) => /^@ffmpeg-installer\/(?!ffmpeg$)/.test(name));
  return packages.map(({ path, name, version }) => {
    const note = FFMPEG.find((one) => one.package === `${name}@${version}`);
    if (!note)
      throw new Error(`${NOTES} does not know ${name}@${version}: look how it was built, and note it`);
    const file = join(path, note.file);
    if (existsSync(file) && hash(file) !== note.sha256)
      throw new Error(`${file} is not the one noted in ${NOTES}`);
    const description = `Built with ${note.built}; started as a process where no other ffmpeg is installed`;
    const { license, sha256 } = note;
    return {
      within: path,
      file,
      type: 'application',
      name: 'ffmpeg',
      version: note.version,
      license,
      sha256,
      description,
    };
  });
}

/** onnxruntime's own libraries, which its package holds for all platforms. Those of CUDA come by `npm run install:cuda` alone. */
function onnxruntime({ path, version }) {
  const files = filesOf(join(path, 'bin')).filter(
    (file) => !/^libonnxruntime_providers_/.test(basename(file)),
  );
  if (files.length === 0) throw new Error(`${path} holds no library`);
  return files.map((file) => {
    const note = ONNXRUNTIME.find(({ files: pattern }) => new RegExp(pattern).test(basename(file)));
    if (!note) throw new Error(`${NOTES} does not know ${file}: look what it is under, and note it`);
    const description = `As onnxruntime-node ${version} brings it`;
    return {
      within: path,
      file,
      type: 'library',
      name: basename(file),
      version: note.theirs ? undefined : version,
      license: note.license,
      sha256: hash(file),
      description,
    };
  });
}

/** PGlite is PostgreSQL, compiled to WebAssembly. */
function postgres({ path, version }) {
  const file = join(path, 'dist', 'pglite.wasm');
  const [, release] = /PostgreSQL (\d+\.\d+) \(PGlite/.exec(readFileSync(file, 'latin1')) ?? [];
  if (!release) throw new Error(`${file} does not say of which PostgreSQL it is`);
  return {
    ...{ within: path, file, type: 'platform', name: 'postgresql', version: release, license: 'PostgreSQL' },
    ...{ sha256: hash(file), description: `PostgreSQL as WebAssembly, in PGlite ${version}` },
    cpe: `cpe:2.3:a:postgresql:postgresql:${release}:*:*:*:*:*:*:*`,
  };
}

/** libheif-js has libheif's version, and libde265 within. */
function libheif({ path, version }) {
  const file = join(path, 'libheif-wasm', 'libheif.wasm');
  return {
    ...{ within: path, file, type: 'library', name: 'libheif', version, license: 'LGPL-3.0-or-later' },
    ...{ sha256: hash(file), description: 'libheif and libde265 as WebAssembly: they decode HEIC' },
    cpe: `cpe:2.3:a:struktur:libheif:${version}:*:*:*:*:*:*:*`,
  };
}

function named(tree, name) {
  const found = tree.find((one) => one.name === name);
  if (!found)
    throw new Error(
      `mien does not come with ${name} any more: take it out of scripts/supply-chain/beyond-npm.mjs`,
    );
  return found;
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** By their paths. */
function filesOf(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .sort();
}
