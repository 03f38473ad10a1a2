/** Rules that need types: what becomes of promises, and of what is thrown; and those of the schema. Everything else is Biome's. */
import graphql from '@graphql-eslint/eslint-plugin';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      'data/',
      'coverage/',
      'reports/',
      '.stryker-tmp/',
      'models/',
      'src/store/generated/',
      'clients/typescript/src/generated/',
      'src/web/',
      'test/web/',
      'bench/peers/',
      'test/peers/compilers/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './clients/typescript/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // An async function may stand where nobody waits for it; what it throws is then an unhandled rejection, which ends mien.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  {
    files: ['schema.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: './schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // Lists that do not grow with time, such as the faces of one frame, are not paged, and connections give `nodes` too. What only
      // admins read has an id, and is not found by `node`, which all may ask.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      // What has an id is found by it. All else is a part of what gives it, and nobody refers to it from elsewhere: boxes, sums, events, payloads.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
);
