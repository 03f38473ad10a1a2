/** Codes that a client can act on; they travel as `extensions.code`. */
export type MienErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'ISSUER_UNAVAILABLE'
  | 'NOT_FOUND'
  | 'BAD_INPUT'
  | 'QUERY_TOO_LARGE'
  | 'CONFLICT'
  | 'SOURCE_UNREACHABLE'
  | 'SOURCE_NOT_VIDEO'
  | 'SOURCE_REFUSED'
  | 'SOURCE_FAILED'
  | 'PURPOSE_REFUSED'
  | 'CURSOR_INVALID'
  | 'CURSOR_EXPIRED'
  | 'UPLOAD_TOO_LARGE'
  | 'UPLOADS_FULL'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'TOO_MANY_STREAMS'
  | 'TOO_MANY_REQUESTS'
  | 'OVER_CAPACITY'
  | 'DEVICE_UNAVAILABLE'
  | 'MODEL_INVALID'
  | 'FFMPEG_MISSING'
  | 'STORE_UNAVAILABLE'
  | 'CONFIG_INVALID'
  | 'SHUTTING_DOWN';

/** A deliberate error: its message says what to do, and may be shown to anyone. All others are masked. */
export class MienError extends Error {
  readonly code: MienErrorCode;

  constructor(code: MienErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MienError';
    this.code = code;
  }
}
