import type { SourceKind } from '../../domain/frame.ts';
import { WHITELISTS } from './whitelists.ts';

/** Whether sources of this kind come over a network; for these the ffmpeg of the npm package is too old. */
export const isNetwork = (kind: SourceKind): boolean => WHITELISTS[kind].protocols.includes('tcp');

/** Whether sources of this kind are pushed to us as they happen: a server's stream that has no start and no end. */
export const isStream = (kind: SourceKind): boolean => kind === 'rtsp' || kind === 'rtmp';

/** Whether every source of this kind is live; http and hls may be, which shows once they are opened. */
export const isAlwaysLive = (kind: SourceKind): boolean =>
  isStream(kind) || kind === 'device' || kind === 'push';
