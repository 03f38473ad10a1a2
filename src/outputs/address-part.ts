/** Names of streams and rules as parts of addresses: other names are other parts, and a name is the same part always. */
import { createHash } from 'node:crypto';

/** Characters of a name that are told. */
const MOST = 60;

/**
 * A blank is `_`, and `_` is `__`. Where a name cannot be read back from that, a mark of it comes behind `~`.
 * @param isPlain whether a character stands as it is; never a blank, `_` or `~`
 */
export function addressPart(name: string, isPlain: RegExp): string {
  const characters = [...name];
  const isTold = (one: string) => one === ' ' || one === '_' || isPlain.test(one);
  if (name !== '' && characters.length <= MOST && characters.every(isTold) && !/[ _]{2}/.test(name))
    return name.replaceAll('_', '__').replaceAll(' ', '_');
  const shape = characters.map((one) => (isPlain.test(one) ? one : '_')).slice(0, MOST);
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${shape.join('').replaceAll(/_+/g, '_')}~${mark}`;
}
