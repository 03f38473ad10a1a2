/** Deletes what nobody goes on with: its parts take room, and are in no list of objects. */
import type { Keys } from './keys.ts';
import type { Multipart, ObjectStorage } from './object-storage.ts';
import type { ResumableUploads } from './resumable-uploads.ts';
import type { ComingIn } from './staged-upload.ts';

interface Sweeping {
  s3: ObjectStorage;
  keys: Keys;
  resumable: ResumableUploads;
  comingIn: ComingIn;
}

/** @param before what grew last before that, in milliseconds since 1970, is given up @returns how many uploads were */
export async function sweepUnfinished(sweeping: Sweeping, before: number): Promise<number> {
  const { kept, swept } = await sweepResumable(sweeping, before);
  return swept + (await sweepParts(sweeping, kept, before));
}

/** @returns tokens of those that are gone on with, and how many were not */
async function sweepResumable({ s3, keys, resumable }: Sweeping, before: number) {
  const kept = new Set<string>();
  const old = new Map<string, string[]>();
  for await (const { key, modified } of s3.list(keys.unfinished)) {
    const named = keys.parse(key);
    if (named.what !== 'about' && named.what !== 'rest') continue;
    if (modified.getTime() > before) kept.add(named.token);
    else old.set(named.token, [...(old.get(named.token) ?? []), key]);
  }
  let swept = 0;
  for (const [token, names] of old) {
    const grown = kept.has(token) ? null : (await resumable.find(token))?.grown;
    if (grown !== undefined && grown !== null && grown.getTime() > before) kept.add(token);
    if (kept.has(token)) continue;
    await resumable.remove(token);
    for (const name of names) await s3.remove(name);
    swept += 1;
  }
  return { kept, swept };
}

/** Of uploads in one request, whose server ended with it. Some storages tell of none, and give them up by themselves. */
async function sweepParts(
  { s3, keys, comingIn }: Sweeping,
  kept: ReadonlySet<string>,
  before: number,
): Promise<number> {
  const isGrowing = async (multipart: Multipart) =>
    ((await s3.parts(multipart)) ?? []).some(({ modified }) => modified.getTime() > before);
  let swept = 0;
  for await (const begun of s3.begun(keys.prefix)) {
    const named = keys.parse(begun.key);
    if (named.what !== 'upload' || kept.has(named.token) || comingIn.has(named.token)) continue;
    if (begun.begunAt.getTime() > before || (await isGrowing(begun))) continue;
    await s3.abort(begun);
    swept += 1;
  }
  return swept;
}
