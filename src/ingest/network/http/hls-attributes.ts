/** The attributes of a tag of HLS, by name, without quotes; null where the list is not exactly as RFC 8216, 4.2, has it. */
export function parseAttributes(text: string): Map<string, string> | null {
  const found = new Map<string, string>();
  const attribute = /[ \t]{0,9}([A-Z0-9-]{1,40})=(?:"([^"]*)"|([^",]*))(?:,|$)/y;
  while (attribute.lastIndex < text.length) {
    const match = attribute.exec(text);
    const name = match?.[1];
    if (!match || !name || found.has(name)) return null;
    found.set(name, match[2] ?? match[3]!.trim());
  }
  return found;
}

/** Writes attributes; what is undefined is left out. */
export function writeAttributes(attributes: Record<string, string | undefined>): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
