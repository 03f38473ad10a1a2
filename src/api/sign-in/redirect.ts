/** What the sign-in answers with. */
import type { ServerResponse } from 'node:http';

export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location, 'content-length': 0 }).end();
}
