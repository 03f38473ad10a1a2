/** `npm run sbom`: all that a user of mien installs, twice the same. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Component {
  'bom-ref': string;
  type: string;
  group?: string;
  name: string;
  version?: string;
  scope?: string;
  purl?: string;
  hashes: { alg: string; content: string }[];
  licenses: ({ license: { id?: string; name?: string } } | { expression: string })[];
}

interface Bom {
  bomFormat: string;
  specVersion: string;
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

/** It has been held against the schema of CycloneDX when it is written: the command fails where it does not fit. */
function written(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mien-sbom-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'sbom.json');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/sbom.mjs', file], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return readFileSync(file, 'utf8');
}

const license = ({ licenses: [first] }: Component) =>
  first && ('expression' in first ? first.expression : (first.license.id ?? first.license.name));

it('the bill of materials names each package with its licence and hash, and what npm does not know', () => {
  const bom = JSON.parse(written()) as Bom;
  expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
  const packages = bom.components.filter(({ purl }) => purl);
  expect(packages.length).toBeGreaterThan(150);
  for (const one of bom.components) {
    expect(license(one), one['bom-ref']).toBeTruthy();
    expect(one.hashes[0]?.content, one['bom-ref']).toMatch(/^[0-9a-f]{40,}$/);
  }
  const weights = bom.components.filter(({ type }) => type === 'machine-learning-model');
  expect(weights.map(({ name, hashes }) => [name, hashes[0]?.content])).toEqual(
    ['detector', 'ensemble', 'ensemble.int8'].map((name) => [
      `mien-${name.split('.')[0]}`,
      createHash('sha256')
        .update(readFileSync(join(ROOT, `models/${name}.onnx`)))
        .digest('hex'),
    ]),
  );
  const named = (name: string) => bom.components.filter((one) => one.name === name && !one.purl);
  expect(new Set(named('ffmpeg').map(license))).toEqual(
    new Set(['GPL-3.0-or-later', 'LicenseRef-ffmpeg-nonfree']),
  );
  expect(named('ffmpeg')).toHaveLength(8);
  expect(named('libheif').map(license)).toEqual(['LGPL-3.0-or-later']);
  expect(named('postgresql').map(license)).toEqual(['PostgreSQL']);
  expect(named('libonnxruntime.so.1').map(license)).toEqual(['MIT', 'MIT']);
});

it('the bill of materials leaves out what only development needs, and tells what can be left out', () => {
  const { components, dependencies } = JSON.parse(written()) as Bom;
  const scopes = new Map(
    components.map(({ group, name, scope }) => [group ? `${group}/${name}` : name, scope]),
  );
  expect(scopes.get('ws')).toBe('required');
  expect(scopes.get('@ffmpeg-installer/linux-x64')).toBe('optional');
  for (const name of ['vitest', 'typescript', 'prisma', 'react']) expect(scopes.has(name), name).toBe(false);
  const refs = new Set(components.map((one) => one['bom-ref']));
  const dangling = dependencies.flatMap(({ dependsOn = [] }) => dependsOn.filter((ref) => !refs.has(ref)));
  expect(dangling).toEqual([]);
  const reached = new Set(dependencies.flatMap(({ dependsOn = [] }) => dependsOn));
  expect([...refs].filter((ref) => !reached.has(ref))).toEqual([]);
});

it('the bill of materials is the same each time it is written', () => {
  expect(written()).toBe(written());
});
