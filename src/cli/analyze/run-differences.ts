/** In what two runs differ, in words. */
/** As `rate 10, not 5; other models`. @param before a run, as `runText` gives it */
export function differencesOf(before: string, now: string): string {
  const [had, has] = [before, now].map((text) => flat(JSON.parse(text).run));
  const names = [...new Set([...Object.keys(had!), ...Object.keys(has!)])];
  return names
    .filter((name) => had![name] !== has![name])
    .map((name) => (name === 'models' ? 'other models' : `${name} ${had![name]}, not ${has![name]}`))
    .join('; ');
}

/** Each part of it, as text. */
function flat(run: Record<string, unknown>): Record<string, string> {
  const parts = Object.entries(run).flatMap(([name, value]) =>
    name === 'settings' ? Object.entries(value as object) : [[name, value] as const],
  );
  return Object.fromEntries(
    parts.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}
