/** The client as it is published: what is in the package, that it loads as it is, and that its documents are current. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLIENT = join(ROOT, 'clients/typescript');
const PUBLISHED = ['index', 'react', 'ws'];

/** Packed as `npm publish` would, and unpacked beside the packages that it needs. */
let folder: string;
let files: string[];
beforeAll(() => {
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/mien-client-'));
  // Built by packing itself, although no script of a package runs here otherwise.
  rmSync(join(CLIENT, 'dist'), { recursive: true, force: true });
  const pack = ['run', '--silent', 'client:pack', '--', '--json', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' })) as [
    { filename: string; files: { path: string }[] },
  ];
  files = packed.files.map(({ path }) => path);
  execFileSync('tar', ['-xzf', packed.filename], { cwd: folder });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the typed documents, and the types of the dashboard’s, are those of the schema', () => {
  execFileSync(process.execPath, ['scripts/client-documents.mjs', '--check'], { cwd: ROOT, stdio: 'pipe' });
});

test('the package holds modules with their types, how to use it and its licence, and nothing else', () => {
  const others = files.filter((path) => !/^dist\/[\w/-]+\.(js|d\.ts)$/.test(path));
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  for (const name of PUBLISHED)
    expect(files).toEqual(expect.arrayContaining([`dist/${name}.js`, `dist/${name}.d.ts`]));
  expect(readFileSync(join(CLIENT, 'LICENSE'), 'utf8')).toBe(readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
});

test('its entries load in this Node as they are packed', () => {
  const script = `const all = await Promise.all(${JSON.stringify(PUBLISHED)}.map((name) => import('./package/dist/' + name + '.js')));
    console.log(JSON.stringify(all.map((entry) => Object.keys(entry))));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    encoding: 'utf8',
  });
  const [index, react, ws] = JSON.parse(said) as string[][];
  expect(index).toEqual(
    expect.arrayContaining(['createMien', 'MienError', 'ConnectionLost', 'FrameEmotionsDocument']),
  );
  expect(react).toEqual(['MienProvider', 'useFrameEmotions', 'useMien']);
  expect(ws).toEqual(['webSocket']);
});

test('its exports name files that are packed', () => {
  const { exports, version } = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8'));
  const named = Object.values<string | Record<string, string>>(exports).flatMap((one) =>
    typeof one === 'string' ? [one] : Object.values(one),
  );
  expect(named.map((path) => path.replace('./', '')).filter((path) => !files.includes(path))).toEqual([]);
  expect(version).toBe(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
});
