/** What the script of tus-js-client gives the page. */
import type * as client from 'tus-js-client';

declare global {
  const tus: typeof client;
  namespace tus {
    type Upload = client.Upload;
    type DetailedError = client.DetailedError;
  }
}
