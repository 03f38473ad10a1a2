/** Changing how a stream that is registered is watched and kept. What it is, and what it is for, stay. */
import type { Tags } from '../domain/access.ts';
import type { SessionSetting, StreamChange, StreamRecord } from '../domain/stream.ts';
import { SESSION_SETTINGS } from '../domain/stream.ts';
import { checkSettings, findTwin } from './check-registration.ts';
import type { LoadControl } from './load/load-control.ts';
import type { SessionRepository, StreamRepository } from './ports.ts';
import type { RunningEntry } from './running-session.ts';
import { alreadyRegistered } from './stream-errors.ts';

export interface ChangedStream extends StreamRecord {
  /** Settings that the running session was begun without: the next one has them. */
  atNextSession: SessionSetting[];
}

export interface ChangeDeps {
  streams: Pick<StreamRepository, 'byName' | 'update'>;
  sessions: Pick<SessionRepository, 'begunWith'>;
  /** What runs here; without it nothing does. */
  load?: Pick<LoadControl, 'setPriority'>;
}

/**
 * @param entry the session that runs here, if one does
 * @param shown tags of the streams that are shown to whoever asks: a twin that is not is no conflict; undefined: all are
 * @throws MienError BAD_INPUT, NOT_FOUND, CONFLICT when another of the new name has this source
 */
export async function changeStream(
  { streams, sessions, load }: ChangeDeps,
  stream: StreamRecord,
  change: StreamChange,
  { entry, shown }: { entry: RunningEntry | undefined; shown: Tags | undefined },
): Promise<ChangedStream> {
  const asked = { ...stream, ...change };
  const wanted = {
    ...asked,
    timing: asked.timing ?? null,
    preview: asked.preview ?? false,
    autoStart: false,
  };
  checkSettings(wanted);
  if (change.name !== undefined && change.name !== stream.name) {
    const namesakes = (await streams.byName(change.name)).filter(({ id }) => id !== stream.id);
    const twin = findTwin(namesakes, wanted, shown ?? null);
    if (twin) throw alreadyRegistered(twin.stream);
  }
  const changed = await streams.update(stream.id, change);
  if (change.priority !== undefined) load?.setPriority(stream.id, change.priority);
  const begun = await (entry ? begunHere(entry) : sessions.begunWith(stream.id));
  const atNextSession = SESSION_SETTINGS.filter(
    (name) => begun !== null && (begun[name] ?? null) !== (changed[name] ?? null),
  );
  return { ...changed, atNextSession };
}

/** Null: none will run on. */
function begunHere({ stream, session }: RunningEntry): StreamRecord | null {
  return session.ending ? null : stream;
}
