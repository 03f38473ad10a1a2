/** A URL as it may be shown and logged: without user, password, query and fragment. */
export function redactUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed) return 'the URL';
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search ? '?…' : ''}`;
}

/** Makes a line of ffmpeg's output fit to be logged. */
export type Redact = (line: string) => string;

/** Shorter ones, and shorter queries, are not searched for: as plain text they are in half of all lines. */
const SHORTEST_PASSWORD = 4;
const SHORTEST_VALUE = 8;

/** Takes out of a line the secrets of the source's own URL, however they are spelled, then those of all other URLs. */
export function createRedactor(source: URL | null): Redact {
  const secrets = source ? secretsIn(source) : [];
  return (line) => redactLine(secrets.reduce((text, secret) => text.replaceAll(secret, '…'), line));
}

/** Longest first, because one secret may be part of another. */
function secretsIn({ password, search, searchParams }: URL): string[] {
  const passwords = [password, decoded(password), search.slice(1)];
  const values = [...searchParams.values()].flatMap((value) => [value, encodeURIComponent(value)]);
  const all = [
    ...passwords.filter(({ length }) => length >= SHORTEST_PASSWORD),
    ...values.filter(({ length }) => length >= SHORTEST_VALUE),
  ];
  return [...new Set(all)].sort((one, other) => other.length - one.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign is itself
  }
}

/** Redacts every URL in a line, in time proportional to its length. */
export function redactLine(line: string): string {
  return line.includes('://') ? line.split(/(\s)/).map(redactWord).join('') : line;
}

/** A word may be an opening quote, a URL, a closing quote and punctuation. */
function redactWord(word: string): string {
  const [scheme = '', ...rest] = word.split('://');
  if (rest.length === 0) return word;
  const url = rest.map(withoutUser).join('://');
  const query = url.search(/[?#]/);
  if (query < 0) return `${scheme}://${url}`;
  const end = /['"]?[),.:;]?$/.exec(url.slice(-2))?.[0] ?? '';
  return `${scheme}://${url.slice(0, query)}?…${end}`;
}

/** @param rest what follows `://`. A password may hold any character but those that end a host. */
function withoutUser(rest: string): string {
  const slash = rest.search(/[/?#]/);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  return authority.slice(authority.lastIndexOf('@') + 1) + rest.slice(authority.length);
}
