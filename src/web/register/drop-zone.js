/** The whole page takes files that are dropped on it. */
import { find } from '../page/dom.js';

/** @param {(files: FileList) => void} onFiles */
export function createDropZone(onFiles) {
  const shade = find('#drop', HTMLElement);
  /** Dragging over a child enters it before its parent is left. */
  let depth = 0;
  const leave = () => {
    depth = 0;
    shade.hidePopover();
  };
  addEventListener('dragenter', (event) => {
    if (!isWelcome(event)) return;
    depth += 1;
    // Above an open dialog, too.
    if (!shade.matches(':popover-open')) shade.showPopover();
  });
  addEventListener('dragleave', (event) => {
    if (isWelcome(event) && --depth <= 0) leave();
  });
  addEventListener('dragover', (event) => {
    if (isWelcome(event)) event.preventDefault();
    else if (isLost(event)) refuse(event);
  });
  addEventListener('drop', (event) => {
    if (!isWelcome(event)) return isLost(event) && refuse(event);
    event.preventDefault();
    leave();
    if (event.dataTransfer) onFiles(event.dataTransfer.files);
  });
}

/** Files, by somebody who may add some. @param {DragEvent} event */
function isWelcome({ dataTransfer }) {
  return document.body.dataset.role !== 'VIEWER' && dataTransfer?.types.includes('Files') === true;
}

/** Whether the browser would open it in place of this page, which no field takes. @param {DragEvent} event */
function isLost({ dataTransfer, target }) {
  const isField = target instanceof HTMLInputElement;
  return !isField && dataTransfer?.types.includes('Files') === true;
}

/** @param {DragEvent} event */
function refuse(event) {
  event.preventDefault();
  if (event.dataTransfer) event.dataTransfer.dropEffect = 'none';
}
