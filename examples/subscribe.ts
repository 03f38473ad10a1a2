/** npx tsx examples/subscribe.ts STREAM_ID [CURSOR]: prints a stream's moments, from the cursor on if one is given. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [streamId, after] = process.argv.slice(2);
// Where the server asks who somebody is.
const secret = process.env.TOKEN;
const connectionParams = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
const client = createClient({
  url: 'ws://localhost:4000/graphql',
  webSocketImpl: WebSocket,
  connectionParams,
});
const query = `subscription ($streamId: ID, $after: String) {
  frameEmotions(streamId: $streamId, after: $after) { cursor mediaTime faces { track expression confidence } }
}`;
for await (const { data, errors } of client.iterate({ query, variables: { streamId, after } })) {
  console.log(errors ?? JSON.stringify(data?.frameEmotions));
}
