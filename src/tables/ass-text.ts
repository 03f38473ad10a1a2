/** The parts of Advanced SubStation Alpha (ASS) that mien writes: times, colours, text and drawings. */

/** Hundredths of a second, which is all that the format has, rounded down: an event begins no later than its frame, and ends where the next begins. */
export function assTime(seconds: number): string {
  // Sums of binary fractions may lie a hair before the hundredth that is meant.
  const hundredths = Math.max(0, Math.floor(Math.round(seconds * 1e6) / 1e4));
  const [hours, rest] = [Math.floor(hundredths / 360_000), hundredths % 360_000];
  const [minutes, second, part] = [Math.floor(rest / 6000), Math.floor(rest / 100) % 60, rest % 100];
  return `${hours}:${two(minutes)}:${two(second)}.${two(part)}`;
}

/** Of `#rrggbb`: the format has blue first. */
export function assColour(hex: string): string {
  const [red, green, blue] = [hex.slice(1, 3), hex.slice(3, 5), hex.slice(5, 7)];
  return `&H${blue}${green}${red}&`.toUpperCase();
}

/** Text as it stands in a line of events: braces would begin a command, and so would a backslash, which cannot be escaped. */
export function assText(text: string): string {
  return oneLine(text)
    .replaceAll('\\', `\\${WORD_JOINER}`)
    .replace(/[{}]/g, (brace) => `\\${brace}`);
}

/** Text in a line of the head: nothing in it can begin another line. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it takes out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}

/** Takes no room, and makes of what follows no command. */
const WORD_JOINER = '\u2060';

/** A rectangle as a drawing, in whole pixels, clockwise. */
export function assRectangle(left: number, top: number, right: number, bottom: number): string {
  return `m ${left} ${top} l ${right} ${top} ${right} ${bottom} ${left} ${bottom}`;
}

/** What is between two rectangles: the inner one is drawn counterclockwise, and leaves a hole. */
export function assFrame(left: number, top: number, right: number, bottom: number, width: number): string {
  const [x, y, farX, farY] = [left + width, top + width, right - width, bottom - width];
  const outer = assRectangle(left, top, right, bottom);
  return farX <= x || farY <= y ? outer : `${outer} m ${x} ${y} l ${x} ${farY} ${farX} ${farY} ${farX} ${y}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
