/** A frame as it is shown to those who look at a session that runs. */
export interface PreviewPicture {
  seq: number;
  /** Seconds. */
  mediaTime: number;
  jpeg: Uint8Array;
}

/** preview: the pictures of sessions that run. */
export interface Previews {
  /** @throws MienError NOT_FOUND: nothing here encodes pictures, or another server runs the session */
  assertAble(sessionId: string): Promise<void>;
  /** @returns what ends it @throws MienError NOT_FOUND: no such session runs; TOO_MANY_REQUESTS */
  watch(
    sessionId: string,
    watcher: { isReady(): boolean; show(picture: PreviewPicture): void; end(): void },
  ): () => void;
}
