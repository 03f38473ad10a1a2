/** Ids of streams and sessions are UUIDs. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whatever is not an id names nothing, and must not reach the database, which would fail at it. */
export function isId(id: string): boolean {
  return UUID.test(id);
}

/** Uploads are known by a token that nobody can guess: 16 bytes, as hexadecimal digits. */
export function isUploadToken(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}
