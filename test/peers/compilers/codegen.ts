/** GraphQL Code Generator with its client preset, on the documents of mien's own client. */
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'documents.graphql',
  generates: { 'generated/': { preset: 'client', config: { scalars: { DateTime: 'string' } } } },
};
export default config;
