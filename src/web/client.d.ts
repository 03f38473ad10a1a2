/** client.js is made of this by scripts/build-client.mjs. */
export * from '../../clients/typescript/src/index.ts';
export * from '../../clients/typescript/src/ws.ts';

/** A document's text, with what is given and what is answered, as the client reads them of documents that codegen typed. */
export type Typed<Data, Variables> = string & { __apiType?: (variables: Variables) => Data };
