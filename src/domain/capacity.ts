/** How much this server can score, and how much of that is asked for. All in frames a second. */
export interface Capacity {
  /** What can be scored in all, estimated; null while nothing is known. */
  framesPerSecond: number | null;
  /** What is scored now, of recordings too. */
  used: number;
  /** What the streams that run in real time ask for, or give where that is less. */
  asked: number;
  /** What could still be asked for; null while nothing is known. */
  left: number | null;
}
