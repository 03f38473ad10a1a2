/**
 * `npm run sbom`: writes a software bill of materials (CycloneDX 1.6, JSON) of what a user of mien installs, on every
 * platform: the packages, their archives' hashes and what npm does not know. Works offline; the same package-lock.json and
 * the same files give the same text. `npm run sbom -- FILE` writes elsewhere than to sbom.cdx.json.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { beyondNpm } from './supply-chain/beyond-npm.mjs';
import { judge, readRules } from './supply-chain/license-rules.mjs';
import { userTree } from './supply-chain/tree.mjs';

const SPEC = '1.6';
const TOOL = 'node_modules/@cyclonedx/cyclonedx-npm';
const PATH = 'cdx:npm:package:path';

const tree = userTree();
const bom = complete(fromNpm(), judge(tree, readRules()).judged, beyondNpm(tree));
const text = `${JSON.stringify(bom, null, 2)}\n`;
await validate(text);
const target = process.argv[2] ?? 'sbom.cdx.json';
writeFileSync(target, text);
console.log(
  `sbom: ${tree.length} packages and ${bom.components.length - tree.length} parts that npm does not know, in ${target}`,
);

/** As @cyclonedx/cyclonedx-npm makes it of the lock: it holds the packages of all platforms. */
function fromNpm() {
  const args = [
    '--package-lock-only',
    '--omit',
    'dev',
    '--output-reproducible',
    '--flatten-components',
    '--sv',
    SPEC,
    '--no-validate',
  ];
  const { status, stdout } = spawnSync(process.execPath, [`${TOOL}/bin/cyclonedx-npm-cli.js`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // npm would look whether there is a newer npm.
    env: { ...process.env, npm_config_update_notifier: 'false', npm_config_offline: 'true' },
  });
  if (status !== 0) throw new Error(`cyclonedx-npm ended with ${status}`);
  return JSON.parse(stdout);
}

/** Without what only mien's development needs; with hashes, stated licences and what npm does not know. */
function complete(bom, packages, beyond) {
  const of = new Map(bom.components.map((component) => [pathOf(component), component]));
  const components = packages.map((one) => {
    const component = of.get(one.path);
    if (!component) throw new Error(`cyclonedx-npm does not tell ${one.path}`);
    return {
      ...component,
      scope: one.optional ? 'optional' : 'required',
      hashes: hashes(one),
      licenses: licenses(one.license),
    };
  });
  // The client lies in the dashboard with what it needs, so that is needed by mien itself.
  const client = bom.components.find(({ group, name }) => `${group}/${name}` === '@mien/client');
  const ofClient = bom.dependencies.find(({ ref }) => ref === client?.['bom-ref'])?.dependsOn ?? [];
  const refs = new Set(components.map((component) => component['bom-ref']));
  const root = bom.metadata.component['bom-ref'];
  const parts = beyond.map(part);
  const holder = ({ within }) => (within === null ? root : of.get(within)['bom-ref']);
  const dependencies = bom.dependencies
    .filter(({ ref }) => ref === root || refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: [
        ...new Set([...dependsOn, ...(ref === root ? ofClient : [])].filter((other) => refs.has(other))),
        ...beyond.filter((one) => holder(one) === ref).map(refOf),
      ].sort(),
    }));
  return {
    ...bom,
    // Which npm asked changes nothing in what is told.
    metadata: {
      ...bom.metadata,
      tools: { components: bom.metadata.tools.components.filter(({ name }) => name !== 'npm') },
    },
    components: [...components, ...parts],
    dependencies: [...dependencies, ...parts.map((component) => ({ ref: component['bom-ref'] }))],
  };
}

function pathOf({ properties }) {
  return properties?.find(({ name }) => name === PATH)?.value;
}

function refOf({ file }) {
  return `file:${file}`;
}

function part(one) {
  const { type, name, version, description, license, sha256, cpe } = one;
  return {
    ...{ type, name, version, 'bom-ref': refOf(one), description },
    ...{ hashes: [{ alg: 'SHA-256', content: sha256 }], licenses: licenses(license), cpe },
    properties: [{ name: 'mien:file', value: one.file }],
  };
}

/** Of the package's archive, as npm checks it when it installs. */
function hashes({ path, integrity }) {
  const [, algorithm, base64] = /^sha(512|1)-(.*)$/.exec(integrity ?? '') ?? [];
  if (!algorithm) throw new Error(`package-lock.json tells no hash of ${path}`);
  return [{ alg: `SHA-${algorithm}`, content: Buffer.from(base64, 'base64').toString('hex') }];
}

function licenses(license) {
  if (license.startsWith('LicenseRef-')) return [{ license: { name: license } }];
  return / |\(/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** By the library with which cyclonedx-npm writes. */
async function validate(json) {
  const require = createRequire(resolve(TOOL, 'package.json'));
  const { Validation } = require('@cyclonedx/cyclonedx-library');
  const error = await new Validation.JsonStrictValidator(SPEC).validate(json);
  if (error !== null) throw new Error(`not valid CycloneDX ${SPEC}: ${JSON.stringify(error, null, 2)}`);
}
