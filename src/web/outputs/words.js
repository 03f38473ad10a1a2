/** Says in sentences what an output is, when it is told, and how it is doing. */
import { count, humanize, percent } from '../format.js';

/** @import { Output, OutputKind, OutputTopic, Rule, Trial } from './types.js' */

/** @type {Record<Output['state'], string>} */
const STATES = {
  OFF: 'off',
  CONNECTING: 'not reached yet',
  READY: 'ready',
  FAILING: 'failing',
  STOPPED: 'stopped',
  UNKNOWN: 'not known: no worker answers',
};

/** @type {Record<OutputKind, string>} */
const KINDS = { WEBHOOK: 'Webhook to', MQTT: 'MQTT at', OSC: 'Open Sound Control to' };

/** @type {Record<OutputTopic, string>} */
const TOPICS = {
  EPISODES: 'episodes',
  STATES: 'states of sessions',
  COVERAGE: 'low coverage',
  MOMENTS: 'moments',
};

/** @param {Output['state']} state */
export function outputState(state) {
  return STATES[state];
}

/** @param {Output} output */
export function whereSentence({ kind, address, prefix, stream }) {
  const under = prefix === null ? '' : `, under ${prefix}`;
  return `${KINDS[kind]} ${address}${under}. ${stream === null ? 'Of all streams.' : 'Of this stream.'}`;
}

/** @param {Output} output */
export function toldSentence({ topics, rules }) {
  const of = new Intl.ListFormat('en').format(topics.map((topic) => TOPICS[topic]));
  return topics.length === 0 ? `Told of ${count(rules.length, 'rule')} alone.` : `Told of ${of}.`;
}

/** @param {Rule} rule */
export function ruleSentence({ expression, trackNumber, minDuration, minConfidence }) {
  const whom = trackNumber === null ? 'anyone' : `face ${trackNumber}`;
  const lasts = minDuration === 0 ? 'is seen' : `lasts ${minDuration} s`;
  const sure = minConfidence === 0 ? '' : `, with a confidence of ${percent(minConfidence)} or more`;
  return `When ${humanize(expression).toLowerCase()} of ${whom} ${lasts}${sure}`;
}

/**
 * What a rule is called where nobody says.
 * @param {Pick<Rule, 'expression' | 'minDuration' | 'trackNumber'>} rule
 */
export function ruleName({ expression, trackNumber, minDuration }) {
  const whom = trackNumber === null ? '' : ` of face ${trackNumber}`;
  const lasts = minDuration === 0 ? '' : ` ${minDuration} s`;
  return `${humanize(expression)}${whom}${lasts}`;
}

/** @param {Output} output */
export function countsSentence({ sent, failed, dropped, waiting }) {
  if (sent === null) return 'What was delivered is not known.';
  const counts = [
    `${count(sent, 'message')} delivered`,
    `${failed} given up`,
    `${dropped} dropped because too many waited`,
    `${waiting} waiting`,
  ];
  return `${counts.join(', ')}.`;
}

/** @param {Output['lastError']} error */
export function errorSentence(error) {
  if (error === null) return '';
  const when = error.at === null ? '' : `, ${new Date(error.at).toLocaleTimeString()}`;
  return `Last problem${when}: ${error.message}`;
}

/** @param {Trial} trial */
export function trialSentence({ message, answer, milliseconds }) {
  const said = answer === null || answer === '' ? '' : ` It said: ${answer}`;
  return `Tried: ${message} (${milliseconds} ms)${said}`;
}
