/** The real program over a database and a media directory of its own. */
import { createDatabase } from '../helpers/database.ts';
import { type MediaDir, mediaDir } from '../ingest/media.ts';
import { type Server, startServer } from './server.ts';

export interface Place {
  dataDir: string;
  /** What makes a server another one of this place: started anew, it finds what the first has left. */
  env: Record<string, string>;
  media: MediaDir;
  server: Server;
  close(): Promise<void>;
}

/** Serves what `make` puts into the media directory. */
export async function openPlace(
  make: (media: MediaDir) => Promise<void>,
  env: Record<string, string> = {},
): Promise<Place> {
  const [database, media] = [await createDatabase(), await mediaDir()];
  const leave = async () => {
    await media.remove();
    await database.dispose();
  };
  try {
    await make(media);
    const { dataDir, databaseUrl } = database.config;
    const ofPlace = {
      ...{ MIEN_DATA_DIR: dataDir, MIEN_MEDIA_DIR: media.path },
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...env,
    };
    const server = await startServer(ofPlace);
    const close = async () => {
      await server.end('SIGTERM');
      await leave();
    };
    return { dataDir, env: ofPlace, media, server, close };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Asks for a session until it has come to its last state. */
export async function ended<T extends { state: string }>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const session = await ask();
    if (!['STARTING', 'RUNNING'].includes(session.state)) return session;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
