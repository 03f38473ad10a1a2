/** client.js is made of this by scripts/build-client.mjs. */
export * from '../../clients/typescript/src/index.ts';
export * from '../../clients/typescript/src/ws.ts';
