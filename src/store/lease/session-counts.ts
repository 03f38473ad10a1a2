/** Whether as many sessions are live by the database as run here, as renewals of the lease tell it. */
export class SessionCounts {
  /** Whether fewer were live than ran here, at the last renewal. */
  #hadFewer = false;

  /**
   * More: one that is this server's does not run here. Fewer, at two renewals in a row, since one may just begin or end: one that
   * runs here is not this server's any more, or has been ended by another.
   */
  differ(live: number, running: number): boolean {
    const hadFewer = this.#hadFewer;
    this.#hadFewer = live < running;
    return live > running || (hadFewer && this.#hadFewer);
  }
}
