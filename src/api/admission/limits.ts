/** What one server takes on; each has a setting. */
export interface Limits {
  streams: number;
  connections: number;
  connectionsPerAddress: number;
  subscribers: number;
  /** Requests a second of one address. */
  requestRate: number;
  /** Bytes a second, below which a body is given up. */
  minUploadRate: number;
  /** Bytes of all uploads together. */
  uploadDisk: number;
}
