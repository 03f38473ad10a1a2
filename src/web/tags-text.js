/** Tags as people write them: one in a line, a key and its value with an equals sign between them. */

/** @typedef {{ key: string, value: string }} Tag */

/** @param {string} text @returns {Tag[]} @throws Error with what is wrong */
export function parseTags(text) {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).map((line) => {
    const at = line.indexOf('=');
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (at > 0 && key !== '' && value !== '') return { key, value };
    throw new Error(`“${line}” is no tag: write each in a line of its own, such as site=lab.`);
  });
}

/** @param {readonly Tag[]} tags */
export function tagsText(tags) {
  return tags.map(({ key, value }) => `${key}=${value}`).join('\n');
}
