/** What a lease asks of the database, whose clock alone says when one has run out. */
import { IS_LIVE } from '../sql/live-sessions.ts';

/** Milliseconds as an interval; of `Infinity`, for ever. */
const until = (ttl: string) =>
  `CASE WHEN ${ttl} = 'Infinity' THEN timestamptz 'infinity' ELSE clock_timestamp() + ${ttl}::float8 * interval '1 ms' END`;

/** $1 id, $2 name, $3 milliseconds. */
export const BEGIN = `INSERT INTO worker (id, name, expires_at) VALUES ($1::text::uuid, $2::text, ${until('$3::text')})`;

/**
 * $1 id, $2 milliseconds. Also of one that has run out: as long as nobody took its sessions over, they are its own. As JSON:
 * whether it is still there, what the database's clock shows (milliseconds since the epoch), how many milliseconds of it were left, how many live sessions are its own, how many others hold theirs,
 * whether one has run out, and whether there is something to do: a stream that should run, has no live session and waits for no
 * other worker, or one that runs here and should not.
 */
export const RENEW = `
WITH before AS (
  SELECT expires_at FROM worker WHERE id = $1::text::uuid
), renewed AS (
  UPDATE worker SET expires_at = ${until('$2::text')} WHERE id = $1::text::uuid RETURNING id
)
SELECT json_build_object(
  'held', EXISTS (SELECT 1 FROM renewed),
  'now', extract(epoch FROM clock_timestamp()) * 1000,
  'left', (SELECT extract(epoch FROM expires_at - clock_timestamp()) * 1000 FROM before),
  'live', (SELECT count(*) FROM session WHERE ${IS_LIVE} AND worker_id = $1::text::uuid),
  'others', (SELECT count(*) FROM worker WHERE id <> $1::text::uuid AND expires_at > clock_timestamp()),
  'expired', EXISTS (SELECT 1 FROM worker WHERE id <> $1::text::uuid AND expires_at <= clock_timestamp()),
  'waiting', EXISTS (SELECT 1 FROM stream WHERE wanted
      AND NOT EXISTS (SELECT 1 FROM session WHERE stream_id = stream.id AND session.${IS_LIVE})
      AND (held_by IS NULL OR held_by = $1::text::uuid OR NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = held_by)))
    OR EXISTS (SELECT 1 FROM session JOIN stream ON stream.id = stream_id
      WHERE session.${IS_LIVE} AND worker_id = $1::text::uuid AND NOT wanted)
)::text`;

/** What `RENEW` answers. */
export interface Renewed {
  held: boolean;
  now: number;
  left: number | null;
  live: number;
  others: number;
  expired: boolean;
  waiting: boolean;
}

/** $1 id. Whoever looks next finds that it has run out. */
export const END = 'UPDATE worker SET expires_at = clock_timestamp() WHERE id = $1::text::uuid';

/**
 * Workers whose lease has run out, while this one's holds; whoever renews at this moment, or begins a session, is passed over.
 * $1 id; $2 true: all others are gone, whatever they say.
 */
export const GONE = `SELECT id::text FROM worker
WHERE id <> $1::uuid AND ($2::boolean OR expires_at <= clock_timestamp())
  AND EXISTS (SELECT 1 FROM worker AS own WHERE own.id = $1::uuid AND own.expires_at > clock_timestamp())
ORDER BY id FOR UPDATE SKIP LOCKED`;

/** Their live sessions are this worker's, and those that an earlier version left. $1 id, $2 ids of workers. */
export const ADOPT = `UPDATE session SET worker_id = $1::uuid WHERE id IN (
  SELECT id FROM session WHERE ${IS_LIVE} AND (worker_id = ANY($2::text::uuid[]) OR worker_id IS NULL)
  ORDER BY id FOR NO KEY UPDATE) RETURNING id::text`;

/** $1 ids. */
export const FORGET = 'DELETE FROM worker WHERE id = ANY($1::text::uuid[])';

/** $1 id. For as long as the transaction lasts, nobody takes its sessions over. */
export const KEEP = 'SELECT id::text FROM worker WHERE id = $1::uuid FOR KEY SHARE';
