/** The whole schema: importing a file adds its types and fields to the builder. */
import { auditMutations } from './audit-mutations.ts';
import { builder } from './builder.ts';
import './scalars.ts';
import './node.ts';
import './expression.ts';
import './face.ts';
import './moment.ts';
import './episode.ts';
import './model.ts';
import './tags.ts';
import './range-input.ts';
import './summary.ts';
import './aggregate-updates.ts';
import './track.ts';
import './session.ts';
import './session-recorded-data.ts';
import './session-media-urls.ts';
import './stream.ts';
import './stream-mutations.ts';
import './update-stream.ts';
import './media-file.ts';
import './session-mutations.ts';
import './marker.ts';
import './marker-mutations.ts';
import './ingest-address.ts';
import './register-stream.ts';
import './stream-status.ts';
import './load.ts';
import './sessions-aggregate.ts';
import './audit-log.ts';
import './access-token.ts';
import './erasure.ts';
import './output.ts';
import './add-update-output.ts';
import './remove-and-test-output.ts';

builder.queryType({ description: 'What there is: streams, their sessions, and what was recorded.' });
builder.mutationType({
  description: 'Registering streams, starting and stopping them, erasing what was recorded.',
});
builder.subscriptionType({
  description: 'What happens, while it happens. Over WebSocket (graphql-ws) or SSE.',
});

export const schema = auditMutations(builder.toSchema({ sortSchema: false }));
