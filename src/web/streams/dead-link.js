/** Says that what a link names is not there, what may have happened, and where to go from here. */
import { find, setText } from '../page/dom.js';
import { streamLink } from '../page/route.js';

/** @import { OpenedSession, Stream } from '../types.js' */

/** @typedef {{ title: string, text: string, link?: { hash: string, words: string } }} DeadLink */

/** @param {DeadLink | null} dead null: nothing is missing */
export function showDeadLink(dead) {
  find('#dead', HTMLElement).hidden = dead === null;
  setText(find('#dead-title', HTMLElement), dead?.title ?? '');
  setText(find('#dead-text', HTMLElement), dead?.text ?? '');
  const link = find('#dead-link', HTMLAnchorElement);
  link.hidden = dead?.link === undefined;
  link.hash = dead?.link?.hash ?? '';
  setText(link, dead?.link?.words ?? '');
}

/** @type {DeadLink} */
export const NOWHERE = {
  title: 'This link leads nowhere',
  text: 'mien has no page of this address: it may have been cut off or mistyped. Choose a stream from the list.',
};

/** @param {string | null} name of the stream, when this page has shown it before @returns {DeadLink} */
export function noStream(name) {
  if (name !== null)
    return {
      title: 'This stream was removed',
      text: `“${name}” was removed while this page was open, with everything that was recorded from it.`,
    };
  return {
    title: 'There is no stream here',
    text: 'The stream that this link names is not there for you: it was removed, your sign-in does not let you see it, or the link is of another server.',
  };
}

/**
 * @param {Stream} stream
 * @param {OpenedSession | null} session null: there is none
 * @returns {DeadLink}
 */
export function noSession({ id, name }, session) {
  if (session === null)
    return {
      title: 'There is no such session here',
      text: `“${name}” has no session of this address: it was deleted, by somebody or because it had become too old, or the link is of another server.`,
      link: { hash: streamLink(id), words: 'Its newest session' },
    };
  return {
    title: 'This session is of another stream',
    text: `The link names a session of “${name}”, but it is one of “${session.stream.name}”.`,
    link: { hash: streamLink(session.stream.id, session.id), words: 'The session' },
  };
}
