/**
 * Puts the dashboard together, from src/web to dist/web: each page gets one script and one style sheet, whose names
 * hold a hash of their contents, so that browsers may keep them for good. What other pages and programs ask for by
 * name lies beside them under that name.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { build } from 'esbuild';

const [FROM, TO] = ['src/web', 'dist/web'];
const PAGES = ['index.html', 'sign-in.html'];
/** For the notice to people who are filmed, and for programs that run in a browser. */
const BY_NAME = ['icon.svg', 'style.css', 'notice.css', 'client.js'];
const COMMON = { bundle: true, minify: true, target: 'es2023', logLevel: 'warning', legalComments: 'inline' };

rmSync(TO, { recursive: true, force: true });
mkdirSync(TO, { recursive: true });
for (const name of BY_NAME) copyFileSync(`${FROM}/${name}`, `${TO}/${name}`);
await Promise.all([...PAGES.map(writePage), writeDocuments()]);

/** @param {string} page its links to style sheets, and its script, become one of each */
async function writePage(page) {
  const name = basename(page, '.html');
  const html = readFileSync(`${FROM}/${page}`, 'utf8');
  const styles = [...html.matchAll(/ *<link rel="stylesheet" href="web\/(.+\.css)">\n/g)];
  const [scriptTag, script] = /<script type="module" src="web\/(.+\.js)"><\/script>/.exec(html) ?? [];
  if (styles.length === 0 || script === undefined)
    throw new Error(`${page} names no style sheet or no script`);
  const css = styles.map(([, file]) => `@import "./${file}";`).join('\n');
  const [style, code] = await Promise.all([
    emit(
      { stdin: { contents: css, loader: 'css', resolveDir: resolve(FROM), sourcefile: `${name}.css` } },
      `${name}-[hash]`,
    ),
    emit({ entryPoints: [`${FROM}/${script}`], format: 'esm', platform: 'browser' }, `${name}-[hash]`),
  ]);
  const [first, ...others] = styles.map(([tag]) => tag);
  let served = html.replace(first, `  <link rel="stylesheet" href="web/${style}">\n`);
  for (const tag of others) served = served.replace(tag, '');
  writeFileSync(
    `${TO}/${page}`,
    served.replace(scriptTag, `<script type="module" src="web/${code}"></script>`),
  );
}

/** What the dashboard asks, for the server, which lets it ask this whatever else may be asked. */
async function writeDocuments() {
  await emit({ entryPoints: [`${FROM}/documents.js`], format: 'esm', platform: 'neutral' }, 'documents');
}

/**
 * @param {import('esbuild').BuildOptions} options
 * @param {string} entryNames
 * @returns {Promise<string>} the name of the file that was written
 */
async function emit(options, entryNames) {
  const { metafile } = await build({ ...COMMON, ...options, entryNames, outdir: TO, metafile: true });
  const [file] = Object.keys(metafile.outputs);
  if (file === undefined) throw new Error(`nothing was written for ${entryNames}`);
  return basename(file);
}
