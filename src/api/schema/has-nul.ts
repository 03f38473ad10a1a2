/** PostgreSQL's text holds every character but NUL. */
export function hasNul(text: string): boolean {
  return text.includes('\0');
}
