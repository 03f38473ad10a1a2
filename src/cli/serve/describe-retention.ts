/** For how long recordings are kept, as the log and the greeting tell it. */

/** @param hours of streams that have no retention of their own; null: they are kept */
export function describeRetention(hours: number | null): string {
  if (hours === null)
    return 'Recordings are kept until somebody removes them; MIEN_RETENTION sets for how long.';
  return `Recordings are deleted after ${inWords(hours)}; MIEN_RETENTION changes that, \`off\` keeps them.`;
}

function inWords(hours: number): string {
  const [count, unit] = hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
