/** Puts the client and what it needs into one file, as the dashboard loads it. */
import { build } from 'esbuild';

await build({
  stdin: {
    contents: ['index', 'ws'].map((entry) => `export * from './${entry}.ts';`).join('\n'),
    resolveDir: 'clients/typescript/src',
    sourcefile: 'client.js',
  },
  outfile: 'src/web/client.js',
  bundle: true,
  ...{ format: 'esm', platform: 'browser', target: 'es2023' },
  ...{ minifySyntax: true, minifyWhitespace: true, legalComments: 'inline', logLevel: 'warning' },
});
