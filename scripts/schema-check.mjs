/**
 * `npm run schema:check`: fails on a change of schema.graphql that breaks clients, unless CHANGELOG.md announces it.
 * Compared is with test/fixtures/schema-baseline.graphql, the schema of the last release; a release copies it anew.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const BASELINE = 'test/fixtures/schema-baseline.graphql';
const schemaOf = (path) => buildSchema(readFileSync(path, 'utf8'));

/** What CHANGELOG.md says about the release to come: everything above the first version's heading. */
function announced() {
  const changelog = existsSync('CHANGELOG.md') ? readFileSync('CHANGELOG.md', 'utf8') : '';
  return changelog.split(/^## \[?\d/m)[0] ?? '';
}

const changes = await diff(schemaOf(BASELINE), schemaOf('schema.graphql'));
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
// An entry names what it breaks as the schema does: `Session.state`, `Query.streams.first`, `Purpose.RESEARCH`.
const words = announced();
const silent = breaking.filter(({ path }) => !words.includes(`\`${path}\``));
for (const { path, message } of silent) {
  console.error(`breaks clients, and CHANGELOG.md does not name \`${path}\`: ${message}`);
}
if (silent.length > 0) process.exit(1);
console.log(
  `schema: ${changes.length} changes since the baseline, ${breaking.length} of them breaking and announced`,
);
