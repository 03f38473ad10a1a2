/** Where an output goes, as fields: what is secret is never shown, and stays as it is where its field is left empty. */
import { find } from '../page/dom.js';

/** @import { Output, OutputKind } from './types.js' */

/** What Home Assistant looks for unless it is told otherwise. */
const DISCOVERY = 'homeassistant';

/** Of each kind, the field that leads to a host. */
export const HOST_FIELDS = { WEBHOOK: 'webhook.url', MQTT: 'mqtt.url', OSC: 'osc.host' };

/**
 * Shows the fields of a kind alone.
 * @param {HTMLFormElement} form
 * @param {OutputKind} kind
 * @param {boolean} isNew
 */
export function showTarget(form, kind, isNew) {
  for (const part of form.querySelectorAll('[data-for]')) {
    if (!(part instanceof HTMLElement)) continue;
    part.hidden = part.dataset.for?.split(' ').includes(kind) !== true;
    // What cannot be seen is not sent, and holds nothing up.
    for (const input of part.querySelectorAll('input')) input.disabled = part.hidden;
  }
  for (const one of /** @type {const} */ (['WEBHOOK', 'MQTT', 'OSC']))
    field(form, HOST_FIELDS[one]).required = one === kind && (isNew || kind !== 'WEBHOOK');
  field(form, 'osc.port').required = kind === 'OSC';
  if (field(form, 'nobody').checked)
    for (const name of ['mqtt.username', 'mqtt.password']) field(form, name).disabled = true;
  find('#output-discovery', HTMLElement, form).hidden = !field(form, 'discovery').checked;
}

/**
 * Writes what is known of an output into the fields.
 * @param {HTMLFormElement} form
 * @param {Output} output
 */
export function fillTarget(form, { kind, address, prefix, discoveryPrefix }) {
  if (kind === 'WEBHOOK') field(form, 'webhook.url').placeholder = `as it is: ${address}/…`;
  if (kind === 'MQTT') {
    field(form, 'mqtt.url').value = address;
    field(form, 'mqtt.prefix').value = prefix ?? '';
    field(form, 'discovery').checked = discoveryPrefix !== null;
    field(form, 'mqtt.discoveryPrefix').value = discoveryPrefix ?? DISCOVERY;
  }
  if (kind === 'OSC') {
    const { hostname, port } = new URL(address);
    field(form, 'osc.host').value = hostname.replace(/^\[(.*)\]$/, '$1');
    field(form, 'osc.port').value = port;
    field(form, 'osc.prefix').value = prefix ?? '';
  }
}

/**
 * What the fields say, as the API takes it; what is left empty is left out.
 * @param {HTMLFormElement} form
 * @param {OutputKind} kind
 */
export function readTarget(form, kind) {
  const text = (/** @type {string} */ name) => field(form, name).value.trim() || undefined;
  const number = (/** @type {string} */ name) => (text(name) === undefined ? undefined : Number(text(name)));
  if (kind === 'WEBHOOK') return { webhook: { url: text('webhook.url'), secret: text('webhook.secret') } };
  if (kind === 'OSC')
    return { osc: { host: text('osc.host'), port: number('osc.port'), prefix: text('osc.prefix') } };
  const nobody = field(form, 'nobody').checked;
  return {
    mqtt: {
      url: text('mqtt.url'),
      username: nobody ? null : text('mqtt.username'),
      // Blanks may be a part of it.
      password: nobody ? null : field(form, 'mqtt.password').value || undefined,
      prefix: text('mqtt.prefix'),
      discoveryPrefix: field(form, 'discovery').checked ? text('mqtt.discoveryPrefix') : null,
      momentInterval: number('mqtt.momentInterval'),
    },
  };
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function field(form, name) {
  return find(`[name="${name}"]`, HTMLInputElement, form);
}
