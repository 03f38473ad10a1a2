/** How a camera of a machine is named: `/dev/video0`, or, where several servers have one of that path, `lab-1:/dev/video0`. */

export interface Device {
  /** What its machine is called among servers (`MIEN_DEVICE_HOST`); null: that of whichever server opens it. */
  host: string | null;
  path: string;
}

const DEVICE = /^(?:([A-Za-z0-9][\w.-]{0,62}):)?(\/dev\/video\d{1,3})$/;

/** @returns null: it is none */
export function deviceOf(name: string): Device | null {
  const [, host, path] = DEVICE.exec(name) ?? [];
  return path === undefined ? null : { host: host ?? null, path };
}

/** The same device, as all servers know it. What is no device, or names its machine already, stays as it is. */
export function deviceAt(host: string, name: string): string {
  return deviceOf(name)?.host === null ? `${host}:${name}` : name;
}
