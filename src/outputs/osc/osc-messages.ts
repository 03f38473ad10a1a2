/** Messages of Open Sound Control: addresses with numbers, so that they can be wired to anything (docs/outputs.md lists them). */
import type { OscArgInput, OscMessageInput } from 'osc-min';
import { EXPRESSIONS, type FaceReading } from '../../domain/face.ts';
import { isLive } from '../../domain/stream.ts';

import { addressPart } from '../address-part.ts';
import type { OutputMessage } from '../message.ts';
import type { FaceSlots } from './face-slots.ts';

const float = (value: number): OscArgInput => ({ type: 'float', value });
const integer = (value: number): OscArgInput => ({ type: 'integer', value });
const string = (value: string): OscArgInput => ({ type: 'string', value });

/** Of one thing that happened: several, which belong together. @param slots of its stream */
export function oscMessages(prefix: string, message: OutputMessage, slots: FaceSlots): OscMessageInput[] {
  const base = `${prefix}/${oscPart(message.stream.name ?? message.stream.id)}`;
  const at = (path: string, ...args: OscArgInput[]): OscMessageInput => ({
    address: `${base}/${path}`,
    args,
  });
  const leave = () => slots.place([]).map(({ slot }) => at(`face/${slot}/present`, integer(0)));
  switch (message.type) {
    case 'moment': {
      const { seq, mediaTime, faces } = message.moment;
      const shown = slots.place(faces);
      return [
        at('moment', integer(seq), float(mediaTime)),
        at('faces', integer(faces.length)),
        ...shown.flatMap(({ slot, face }) => faceMessages(`face/${slot}`, face, at)),
      ];
    }
    case 'episode': {
      const { track, expression, onset } = message.episode;
      return [at('episode', string(message.kind), string(expression), integer(track), float(onset))];
    }
    case 'rule': {
      const { rule, holds, active, track } = message;
      const name = oscPart(rule.name);
      return [at(`rule/${name}`, integer(active > 0 ? 1 : 0), integer(holds ? 1 : 0), integer(track))];
    }
    case 'state': {
      const { session } = message;
      const isShown = isLive(session) && session.state !== 'RECONNECTING';
      return [...(isShown ? [] : leave()), at('state', string(session.state))];
    }
    case 'coverage':
      return [at('coverage', float(message.coverage), integer(message.isLow ? 1 : 0))];
    case 'removed':
      return [...leave(), at('state', string('REMOVED'))];
  }
}

/** @param face null: the face that was there is gone */
function faceMessages(
  path: string,
  face: FaceReading | null,
  at: (path: string, ...args: OscArgInput[]) => OscMessageInput,
): OscMessageInput[] {
  if (face === null) return [at(`${path}/present`, integer(0))];
  const { track, expression, confidence, probabilities, valence, arousal, box, pose } = face;
  return [
    at(`${path}/present`, integer(1)),
    at(`${path}/track`, integer(track)),
    at(`${path}/expression`, string(expression ?? 'NONE'), float(confidence)),
    ...EXPRESSIONS.map((name, index) => at(`${path}/${name.toLowerCase()}`, float(probabilities[index]!))),
    at(`${path}/valence`, float(valence)),
    at(`${path}/arousal`, float(arousal)),
    at(`${path}/box`, float(box.x), float(box.y), float(box.width), float(box.height)),
    at(`${path}/pose`, float(pose.yaw), float(pose.pitch), float(pose.roll)),
  ];
}

/** Letters and digits alone: all else may have a meaning in addresses. */
export function oscPart(name: string): string {
  return addressPart(name, /^[A-Za-z\d.-]$/);
}
