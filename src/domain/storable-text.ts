/** Which text that people give is kept as it was given. */

/** Whether databases and JSON give it back unchanged: PostgreSQL has no NUL, and UTF-8 no half of a pair of surrogates. */
export function isStorable(text: string): boolean {
  return !/[\0\p{Cs}]/u.test(text);
}

/** Whether it is storable and without control characters and line breaks, those of Unicode among them. */
export function isOneLine(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}
