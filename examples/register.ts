/** npx tsx examples/register.ts CLIP: uploads a file and registers it as a stream. */
import { openAsBlob } from 'node:fs';

const server = 'http://localhost:4000';
// Of an operator, where the server asks who somebody is.
const secret = process.env.TOKEN;
const access = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
const upload = await fetch(`${server}/uploads`, {
  method: 'POST',
  headers: { ...access, 'content-type': 'application/octet-stream' },
  body: await openAsBlob(process.argv[2] ?? ''),
});
const { token } = await upload.json();
const query = `mutation ($input: RegisterStreamInput!) {
  registerStream(input: $input) { stream { id } session { id state } }
}`;
const input = { name: `Clip of ${new Date().toISOString()}`, source: { upload: token }, purpose: 'RESEARCH' };
const body = JSON.stringify({ query, variables: { input } });
const headers = { ...access, 'content-type': 'application/json' };
console.log(await (await fetch(`${server}/graphql`, { method: 'POST', headers, body })).text());
