/** A port for a program that must be told one, and may have to open the same again. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Systems give those from 32,768 on, or from 49,152, to who asks for any: there another may come between. */
const FIRST = 20_000;
const COUNT = 12_000;

/** On 127.0.0.1; nobody listened on it just now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
