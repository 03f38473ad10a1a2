/** Every code that an answer may carry as `extensions.code`, over whatever transport; docs/errors.md shows this table. */

/** When it comes, and what to do. */
type ErrorHelp = readonly [when: string, then: string];

/** Those of what mien says on purpose. */
export const DELIBERATE = {
  UNAUTHENTICATED: [
    'Who asks did not show who they are: no token, one that does not hold (any more), or a sign-in that ended.',
    'Send a token as `authorization: Bearer …`, over WebSocket in `connection_init`; or sign in anew.',
  ],
  FORBIDDEN: [
    'Who asks is known, and may not: their role is too small, or they are shown some streams only.',
    'Ask an admin for another role, or leave it.',
  ],
  ISSUER_UNAVAILABLE: [
    'The issuer of OpenID Connect does not answer, so that its tokens cannot be checked.',
    'Try again in a moment.',
  ],
  NOT_FOUND: [
    'What an id or an address names is not there, was removed, or is not shown to who asks.',
    'Read the list again.',
  ],
  BAD_INPUT: [
    'An argument, a variable or a value in an input is wrong; the sentence says which, and what it may be.',
    'Correct it; the same request is refused again.',
  ],
  QUERY_TOO_LARGE: [
    'A request is too deep, too long, would be answered with too many items, or would have too much summed up.',
    'Ask for smaller pages, or in several requests.',
  ],
  CONFLICT: [
    'It cannot be done to what it is at present: a stream runs already, its name has another source, a limit of the kind is reached.',
    'Read how it is now, and decide anew.',
  ],
  SOURCE_UNREACHABLE: [
    'A source cannot be opened: no such file, camera or address, nobody answers, or it broke off.',
    'Check the source, then start the stream again. Live sources are tried again by themselves.',
  ],
  SOURCE_NOT_VIDEO: [
    'What a source gives holds no video that can be decoded.',
    'Give another file or address.',
  ],
  SOURCE_REFUSED: [
    'A source may not be opened: outside the media directory, a protocol or a network that is not permitted, or a password that cannot be read.',
    'Do what the sentence says, or have the setting it names changed.',
  ],
  SOURCE_FAILED: [
    'A source was open, and could not be read to its end.',
    'Look at what the sentence tells of its damage. What was read is kept.',
  ],
  PURPOSE_REFUSED: [
    'A stream has a purpose that this server is not to analyse for.',
    'Give the true purpose; who operates the server decides by `MIEN_ALLOW_PURPOSES`.',
  ],
  CURSOR_INVALID: [
    'A cursor was not given by this list, in this order, or of this stream.',
    'Pass a cursor unchanged, or leave it out.',
  ],
  CURSOR_EXPIRED: [
    'What comes behind a cursor is no longer stored.',
    'Leave the cursor out, to begin with the oldest that is kept.',
  ],
  READINGS_EXPIRED: [
    'Buckets of parts of a second are made of the moments themselves, and those are no longer stored; sums by the second are.',
    'Ask for buckets of whole seconds, or for a later range.',
  ],
  UPLOAD_TOO_LARGE: [
    'An upload has more bytes than `MIEN_MAX_UPLOAD`.',
    'Send a shorter video, or have it raised.',
  ],
  UPLOADS_FULL: [
    'Uploads have taken all the room of `MIEN_MAX_UPLOAD_DISK`.',
    'Remove streams that use some, or have it raised.',
  ],
  UPLOADS_UNAVAILABLE: [
    'The storage that `MIEN_UPLOADS` names does not answer, or refuses what mien asks of it.',
    'Have done what the sentence says; what was sent in part by tus can be gone on with.',
  ],
  TOO_MANY_SUBSCRIPTIONS: [
    'There are as many subscriptions, or operations on one WebSocket, as there may be.',
    'Complete some, or try again later.',
  ],
  TOO_MANY_STREAMS: ['There are as many streams as `MIEN_MAX_STREAMS`.', 'Remove one, or have it raised.'],
  TOO_MANY_REQUESTS: [
    'An address, or somebody who guesses tokens, asks more often than they may.',
    'Wait as long as `retry-after` says, or a few seconds.',
  ],
  OVER_CAPACITY: [
    'This machine has not the time for another stream, and `MIEN_OVERCOMMIT` is false.',
    'Lower the `frameRate`, or stop another stream.',
  ],
  DEVICE_UNAVAILABLE: [
    'The device of `MIEN_DEVICE` does not come up. Only of commands, as they start.',
    'Set `MIEN_DEVICE` to `auto` or `cpu`, or do what the sentence says.',
  ],
  MODEL_INVALID: [
    'The models do not run, or do not fit their cards. Only of commands, as they start.',
    'Restore the files, or correct the card.',
  ],
  FFMPEG_MISSING: [
    'No ffmpeg can be run that reads what a source is.',
    'Install a current ffmpeg, or set `MIEN_FFMPEG`.',
  ],
  STORE_UNAVAILABLE: [
    'The database does not answer, or has no room for what waits.',
    'Try again in a moment; nothing that was shown is lost.',
  ],
  WORKER_UNAVAILABLE: [
    'Of what other servers do: no worker is up, the one that was asked did not answer, or the one that runs a stream has not ended it yet.',
    'Do what the sentence says, then try again; registering, stopping and removing are safe to repeat.',
  ],
  CONFIG_INVALID: [
    'A setting, or the database, is not as this version needs it. Only of commands, as they start.',
    'Correct what the sentence names.',
  ],
  SHUTTING_DOWN: ['The server is about to end.', 'Connect again in a moment, subscriptions with `after`.'],
} as const satisfies Record<string, ErrorHelp>;

/** Those of requests that get no further, and of what nobody foresaw. */
export const OF_REQUESTS = {
  INTERNAL: [
    'Something went wrong that nobody foresaw.',
    'Give whoever operates the server the `errorId`, by which its log tells more.',
  ],
  GRAPHQL_PARSE_FAILED: ['The text of a request is no GraphQL.', 'Correct it where `locations` say.'],
  GRAPHQL_VALIDATION_FAILED: [
    'A request asks for what the schema does not have, or the wrong way.',
    'Correct it where `locations` say; the schema is `schema.graphql`.',
  ],
  OPERATION_RESOLUTION_FAILURE: [
    'A request has several operations, and names none of them, or one that it does not have.',
    'Send `operationName`.',
  ],
  BAD_REQUEST: [
    'What was sent is no request of GraphQL over HTTP: no JSON, no query, a batch, or the wrong method.',
    'Send one request as JSON by POST.',
  ],
  REQUEST_ENTITY_TOO_LARGE: [
    'The body of a request is larger than those of GraphQL may be.',
    'Send less; videos go to `/uploads`.',
  ],
  PERSISTED_QUERY_NOT_SUPPORTED: [
    'A request names a persisted document by its hash or `documentId` alone, and the server has no list of them.',
    'Send the query; clients do so by themselves.',
  ],
  PERSISTED_DOCUMENT_NOT_FOUND: [
    'The list of `MIEN_PERSISTED_DOCUMENTS` has no document of the id that a request names.',
    'Have the list brought up to date with the client.',
  ],
  PERSISTED_DOCUMENTS_ONLY: [
    'A request brings a document that is not in the list of `MIEN_PERSISTED_DOCUMENTS`, or asks for GraphiQL where there is such a list.',
    'Have the document listed, and ask by `documentId` or by its exact text.',
  ],
  NOT_ACCEPTABLE: [
    'The answer cannot be given as anything that `accept` names.',
    'Accept `application/json`, of subscriptions `text/event-stream`.',
  ],
  UNSUPPORTED_MEDIA_TYPE: [
    'A body is of another type than JSON, or an upload of none that is taken.',
    'Send `content-type: application/json`.',
  ],
  PREFLIGHT_REQUIRED: [
    'What any web page could send unasked lacks the sign that it was sent on purpose.',
    'Send a header `x-requested-with`.',
  ],
  ORIGIN_REFUSED: [
    'Pages of another origin may not call this server.',
    'Have `MIEN_ALLOWED_ORIGINS` name it.',
  ],
  HOST_REFUSED: [
    'The server does not go by the name in `host`.',
    'Call it by its own, or have `MIEN_PUBLIC_URL` name the address.',
  ],
  TOO_SLOW: ['The body of a request came too slowly.', 'Send it again, a large file by tus.'],
  TOO_MANY_HEADERS: ['A request that offers another protocol has too many headers.', 'Send fewer.'],
  TOO_MANY_CONNECTIONS: [
    'The server has as many connections open as `MIEN_MAX_CONNECTIONS`.',
    'Try again later, or have it raised.',
  ],
  TOO_MANY_CONNECTIONS_FROM_ADDRESS: [
    'An address has as many connections open as `MIEN_MAX_CONNECTIONS_PER_ADDRESS`.',
    'Close some, or have it raised.',
  ],
} as const satisfies Record<string, ErrorHelp>;

export type MienErrorCode = keyof typeof DELIBERATE;
export type ErrorCode = MienErrorCode | keyof typeof OF_REQUESTS;

export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorHelp>> = { ...DELIBERATE, ...OF_REQUESTS };

/** A deliberate error: its message says what to do, and may be shown to anyone. All others are masked. */
export class MienError extends Error {
  readonly code: MienErrorCode;

  constructor(code: MienErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MienError';
    this.code = code;
  }
}
