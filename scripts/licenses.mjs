/**
 * `npm run licenses`: writes THIRD_PARTY_LICENSES.md, the licences of all that a user of mien installs; with --check says
 * whether it is current. Fails on a package that is under nothing that scripts/supply-chain/licenses.json permits or states. Works
 * offline, from package-lock.json and what is installed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beyondNpm } from './supply-chain/beyond-npm.mjs';
import { judge, RULES, readRules } from './supply-chain/license-rules.mjs';
import { userTree } from './supply-chain/tree.mjs';

const LIST = 'THIRD_PARTY_LICENSES.md';

const tree = userTree();
const { judged, findings } = judge(tree, readRules());
const text = findings.length > 0 ? null : list(judged, beyondNpm(tree));
if (text !== null && process.argv.includes('--check')) {
  if (!existsSync(LIST) || readFileSync(LIST, 'utf8') !== text) {
    findings.push(`${LIST} is not current: run \`npm run licenses\`, and commit what changed`);
  }
} else if (text !== null) writeFileSync(LIST, text);

for (const finding of findings) console.error(`licenses: ${finding}`);
if (findings.length > 0) process.exit(1);
const stated = judged.filter(({ reason }) => reason !== undefined).length;
console.log(
  `licenses: ${judged.length} packages; ${judged.length - stated} permitted, ${stated} stated in ${RULES}`,
);

function list(packages, beyond) {
  return `# What mien comes with, and under which licences

By \`npm run licenses\`, from package-lock.json: all that is installed with mien, on every platform; what only its development needs is
left out. Each package holds its own licence text. *Optional* ones can be left out (\`npm ci --omit=dev --omit=optional\`), as mien's image does.
The same, for programs to read: \`npm run sbom\`.

## Under other terms than the usual permissive ones

${statements(packages)}

## What npm does not know

| what | version | licence | where |
| --- | --- | --- | --- |
${rows(beyond.map(({ name, version, license, file }) => [name, version ?? '', license, `\`${file}\``]))}

\`npm run install:cuda\` fetches onnxruntime's libraries for CUDA (MIT) from NuGet; CUDA and cuDNN themselves are NVIDIA's, and come from you.
\`LicenseRef-Microsoft-terms\`: DirectML.dll and dxil.dll are redistributable under Microsoft's own terms, on Windows alone; mien does not use
them. \`LicenseRef-ffmpeg-nonfree\`: this build says of itself that it may not be redistributed.

## Packages

| package | version | licence | |
| --- | --- | --- | --- |
${rows(packages.map(({ name, version, license, optional }) => [name, version, license, optional ? 'optional' : '']))}
`;
}

/** One paragraph for those of one reason. */
function statements(packages) {
  const reasons = new Map();
  for (const { name, license, reason } of packages) {
    if (reason !== undefined)
      reasons.set(reason, [...(reasons.get(reason) ?? []), `\`${name}\` (${license})`]);
  }
  return [...reasons].map(([reason, names]) => `- ${names.join(', ')}: ${reason}`).join('\n');
}

/** Packages that lie there several times are told once. */
function rows(cells) {
  return [...new Set(cells.map((row) => `| ${row.join(' | ')} |`))].join('\n');
}
