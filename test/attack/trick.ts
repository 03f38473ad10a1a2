/** What the attacker's web server gives: text, bytes, or a whole answer. */
export type Page =
  | string
  | Buffer
  | { status: number; headers?: Record<string, string>; body?: string | Buffer }
  /** Bytes as they are, with their status line. */
  | { raw: string | Buffer };

/** One try to get inside by an address that is itself public. */
export interface Trick {
  name: string;
  /** Which of the pages is registered, or a whole URL. */
  root: string;
  pages: Record<string, Page>;
}
