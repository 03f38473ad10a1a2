/**
 * What a user of mien installs, by package-lock.json: what mien depends on, and what that depends on, on every
 * platform. Not among it is what only the development of mien needs. npm's `--omit=dev` would also count
 * Prisma's command and 130 packages behind it, because `@prisma/client` names it as an optional peer; nobody who
 * installs mien gets these.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK = 'package-lock.json';
/** A package of ours. */
const CLIENT = 'clients/typescript';

/**
 * @typedef {object} Installed
 * @property {string} path as in the lock, such as `node_modules/a/node_modules/b`
 * @property {string} name
 * @property {string} version
 * @property {boolean} optional whether mien can be installed without it
 * @property {string | undefined} integrity of its archive, as `sha512-…` in base64
 * @property {unknown} declares its licence as package.json has it; undefined where it says none
 */

/** @returns {Installed[]} by name and version; throws where nothing or too little is found */
export function userTree() {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8'));
  const needed = reach(packages, needs);
  const all = reach(packages, (entry) => [...needs(entry), ...Object.keys(entry.optionalDependencies ?? {})]);
  const tree = [...all].map((path) => installed(path, packages[path], !needed.has(path)));
  if (tree.length === 0) throw new Error(`${LOCK} names no package that mien needs`);
  return tree.sort(
    (a, b) => compare(a.name, b.name) || compare(a.version, b.version) || compare(a.path, b.path),
  );
}

/** Names of the packages without which one does not work: its peers too, unless they are optional. */
function needs({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  return [...Object.keys(dependencies), ...peers];
}

/** Paths of all packages that are reached from mien by the names that `next` gives of each. */
function reach(packages, next) {
  const found = new Set();
  const visit = (path) => {
    for (const name of next(packages[path])) {
      const target = resolve(packages, path, name);
      if (target === null) {
        if (name in (packages[path].optionalDependencies ?? {})) continue;
        throw new Error(`${LOCK} lacks ${name}, which ${path || 'mien'} needs: run \`npm install\``);
      }
      if (found.has(target)) continue;
      found.add(target);
      visit(target);
    }
  };
  visit('');
  // The dashboard holds what its client needs.
  if (packages[CLIENT]) visit(CLIENT);
  return found;
}

/** As Node looks for a package: among those of the one that asks, then further up. */
function resolve(packages, from, name) {
  const path = `${from && `${from}/`}node_modules/${name}`;
  if (packages[path]) return path;
  return from === ''
    ? null
    : resolve(packages, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

/** Of a package that is not for this platform, and so not here, the lock tells the licence. */
function installed(path, entry, optional) {
  const own = packageJson(path);
  const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (own === null && !optional) throw new Error(`${path} is not installed: run \`npm ci\``);
  if (own !== null && own.version !== entry.version) {
    throw new Error(`${path} is ${own.version}, where ${LOCK} says ${entry.version}: run \`npm ci\``);
  }
  const declares = own === null ? entry.license : (own.license ?? own.licenses);
  return { path, name, version: entry.version, optional, integrity: entry.integrity, declares };
}

function packageJson(path) {
  try {
    return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** By code points: the same on every machine. */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
