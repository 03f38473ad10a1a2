/** What the pointer finds on the timeline of a stream that is watched: the face, its media time, and the numbers there. */

import { createReadout, keyUnder } from '../chart/readout.js';
import { rowName } from '../chart/timeline.js';
import { preciseClock } from '../format.js';
import { find } from '../page/dom.js';
import { laneLines } from '../recorded/words.js';

/** @import { Timeline } from '../chart/timeline.js' */

/** @param {() => Timeline | null} current */
export function createLiveReadout(current) {
  return createReadout(find('#live-chart', HTMLElement), (target, share) => {
    const timeline = current();
    if (timeline === null) return null;
    const at = timeline.start + share * timeline.span;
    const section = timeline.sections.findLast(({ start }) => start <= at);
    if (section === undefined) return null;
    const row = timeline.rows.find(({ key }) => key === keyUnder(target));
    const time = preciseClock(at - section.base);
    return row
      ? { title: `${rowName(row, timeline)}, ${time}`, lines: laneLines(row, at) }
      : { title: time, lines: [] };
  });
}
