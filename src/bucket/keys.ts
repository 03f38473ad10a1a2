/** Under which names uploads lie in the bucket; all of them begin with the prefix of `MIEN_UPLOADS`. */
import { isUploadToken } from '../domain/id-format.ts';

/** What a name in the bucket says. */
export type Named =
  /** A whole upload; one of which not all parts have come has the same name, and is in no list of objects. */
  | { what: 'upload'; token: string }
  /** The mark of a database of which a stream uses the upload. */
  | { what: 'mark'; token: string; database: string }
  /** What is known of one that can be gone on with, or what came of it and is too short for a part. */
  | { what: 'about' | 'rest'; token: string }
  /** Somebody else's. */
  | { what: 'other' };

export interface Keys {
  /** With which all of them begin; empty, or with a slash behind. */
  prefix: string;
  upload(token: string): string;
  mark(token: string, database: string): string;
  /** With which all marks of an upload begin. */
  marksOf(token: string): string;
  about(token: string): string;
  /** With which all that is known of those that can be gone on with begins. */
  unfinished: string;
  /** The same of one. */
  unfinishedOf(token: string): string;
  /** @param parts how many lie before it: of one that was left behind by a crash they are more by now */
  rest(token: string, parts: number): string;
  parse(key: string): Named;
}

export function createKeys(prefix: string): Keys {
  const marks = `${prefix}taken/`;
  const unfinished = `${prefix}unfinished/`;
  return {
    ...{ prefix, unfinished },
    upload: (token) => prefix + token,
    mark: (token, database) => `${marks}${token}/${database}`,
    marksOf: (token) => `${marks}${token}/`,
    unfinishedOf: (token) => `${unfinished}${token}.`,
    about: (token) => `${unfinished}${token}.json`,
    rest: (token, parts) => `${unfinished}${token}.rest-${parts}`,
    parse: (key) => (key.startsWith(prefix) ? parse(key.slice(prefix.length)) : OTHER),
  };
}

const OTHER: Named = { what: 'other' };

function parse(name: string): Named {
  if (isUploadToken(name)) return { what: 'upload', token: name };
  const [, token = '', database = ''] = /^taken\/([^/]+)\/([\w-]{1,64})$/.exec(name) ?? [];
  if (isUploadToken(token)) return { what: 'mark', token, database };
  const [, begun = '', kind] = /^unfinished\/([^/.]+)\.(json|rest-\d{1,5})$/.exec(name) ?? [];
  if (!isUploadToken(begun)) return OTHER;
  return { what: kind === 'json' ? 'about' : 'rest', token: begun };
}
