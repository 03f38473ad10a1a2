/** Uploads a file as a raw body, and reports the progress. */
import { ConnectionLost, dataOf } from './graphql-client.js';

/**
 * @param {File} file
 * @param {(fraction: number) => void} onProgress
 * @returns {Promise<string>} the token with which a stream can be registered
 * @throws {import('./graphql-client.js').ServerError | ConnectionLost}
 */
export function upload(file, onProgress) {
  // fetch does not report how much has been sent.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener('error', () =>
      reject(new ConnectionLost('The upload broke off; try it again.')),
    );
    request.addEventListener('load', () => {
      try {
        resolve(tokenOf(request));
      } catch (error) {
        reject(error);
      }
    });
    request.open('POST', 'uploads');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}

/** @param {XMLHttpRequest} request */
function tokenOf({ status, responseText }) {
  if (!responseText.startsWith('{'))
    throw new ConnectionLost(`the server answered ${status} without a sentence`);
  const answer = JSON.parse(responseText);
  dataOf(answer);
  return answer.token;
}
