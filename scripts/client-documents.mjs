/**
 * `npm run client:documents`: writes the typed documents of clients/typescript from schema.graphql and documents.graphql; with
 * --check says whether they are current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';

const DOCUMENTS = 'clients/typescript/src/documents.graphql';
const TARGET = 'clients/typescript/src/generated/documents.ts';

const text = await codegen({
  filename: TARGET,
  schema: parse(readFileSync('schema.graphql', 'utf8')),
  documents: [{ location: DOCUMENTS, document: parse(readFileSync(DOCUMENTS, 'utf8')) }],
  plugins: [{ operations: {} }, { typedDocumentNode: {} }],
  pluginMap: { operations, typedDocumentNode },
  config: {
    documentMode: 'string',
    // For documents and types alike, and without what only Apollo's cache wants.
    ...{ useTypeImports: true, skipTypename: true, enumsAsTypes: true, defaultScalarType: 'string' },
    ...{ strictScalars: true, scalars: { DateTime: 'string', ID: 'string' }, immutableTypes: true },
  },
});
if (!process.argv.includes('--check')) writeFileSync(TARGET, text);
else if (readFileSync(TARGET, 'utf8') !== text) {
  console.error(`${TARGET} is not current: run \`npm run client:documents\`, and commit what changed`);
  process.exit(1);
}
