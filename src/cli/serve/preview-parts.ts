/** Pictures of sessions for those who look: frames from `sessions`, encoded by `ingest`, sent by `api`. */
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import type { Ingest } from '../../ingest/index.ts';
import type { Metrics } from '../../metrics.ts';
import { createPreviews, type Previews } from '../../preview/previews.ts';
import type { Store } from '../../store/index.ts';
import { serverOfSession } from './where-it-runs.ts';

export type { Previews } from '../../preview/previews.ts';

/** People who look at a time, of all streams: a picture is encoded once for all who look at the same. */
const MOST_WATCHERS = 32;
/** Of a picture, in pixels. */
const LONGER_SIDE = 960;

export function openPreviews({ encoder }: Pick<Ingest, 'encoder'>, metrics: Metrics, log: Log): Previews {
  return createPreviews({
    encode: (picture) => encoder.encode({ ...picture, longerSide: LONGER_SIDE }),
    most: MOST_WATCHERS,
    onWatchers: (watchers) => metrics.previewWatchers.set(watchers),
    onEncoded: () => metrics.previewPictures.inc(),
    onFailed: (error) => log.warn({ err: error }, 'a picture for who looks could not be encoded'),
  });
}

/** @throws MienError NOT_FOUND: nothing encodes pictures here, or now, or another server runs the session */
export async function assertShownHere(
  sessionId: string,
  { encoder }: Pick<Ingest, 'encoder'>,
  { sessions, lease }: Pick<Store, 'sessions' | 'lease'>,
): Promise<void> {
  const server = await serverOfSession(sessions, sessionId);
  if (server !== null && server !== lease.name) throw new MienError('NOT_FOUND', runsAt(server));
  const { version, fault } = await encoder.ability();
  if (version !== null) return;
  throw new MienError('NOT_FOUND', fault === null ? NOT_INSTALLED : didNotStart(fault));
}

const runsAt = (server: string) =>
  `This session runs at another server (${server}), which alone shows its picture, where it is a \`mien serve\`: ask that one.`;

const NOT_INSTALLED =
  'Pictures are not shown by this server: sharp, which encodes them, is an optional package that is not installed here. Run `npm install --include=optional`.';

const didNotStart = (fault: string) =>
  `Pictures cannot be shown now: the process that encodes them did not start (${fault}). Try again in a moment.`;
