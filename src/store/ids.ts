/** Ids of streams and sessions are UUIDs; anything else is an id of nothing, not an error of the database. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isId(id: string): boolean {
  return UUID.test(id);
}
