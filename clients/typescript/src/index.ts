/** `@mien/client`. */
export { createMien, type Document, type Mien, type MienOptions, type Moment } from './client.ts';
export { ConnectionLost, MienError, messageOf } from './errors.ts';
export { eventStream } from './event-stream.ts';
export { type FallbackOptions, withFallback } from './fallback.ts';
export type { Connection, FollowOptions } from './follow.ts';
export * from './generated/documents.ts';
export { createLagDetector } from './lag.ts';
export { mayPass, type RetryOptions, retry } from './retry.ts';
export type { SubscribeOptions, Transport } from './transport.ts';
export type { UploadOptions, UploadSource } from './upload.ts';
