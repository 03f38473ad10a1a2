/** Four rendered faces (of the demo clip), on which it can be tried whether a device computes what another does. */
import type { Models } from '../models/model-manifest.ts';
import type { ModelInput } from '../models/model-session.ts';
import type { ModelKind } from '../models/precision.ts';

const FACES = 4;
/** Pixels of each face. */
const SIDE = 24;
/** Of the faces in the picture that the detector is shown: as near and as far as faces are. */
const SIDES = [128, 96, 64, 40];
const GRAY = 110;

/** The four faces as crops, or in one wide picture. */
export function knownInput(models: Models, kind: ModelKind): ModelInput {
  return kind === 'ensemble' ? crops(models) : picture(models);
}

function crops({ ensemble: { input } }: Models): ModelInput {
  const plane = input.size ** 2;
  const channels = input.pixelFormat === 'rgb8' ? 3 : 1;
  const data = new Uint8Array(FACES * channels * plane);
  const pixels = knownPixels();
  for (let face = 0; face < FACES; face++) {
    for (let c = 0; c < channels; c++) {
      const at = (face * channels + c) * plane;
      draw(pixels, face, data.subarray(at, at + plane), input.size, { left: 0, top: 0, side: input.size });
    }
  }
  return { data, dims: [FACES, channels, input.size, input.size] };
}

/** 16:9, its faces beside each other in the middle. */
function picture({ detector: { input } }: Models): ModelInput {
  const { longerSide, multipleOf } = input;
  const round = (pixels: number) => Math.max(1, Math.ceil(pixels / multipleOf)) * multipleOf;
  const [width, height] = [round(longerSide), round((longerSide * 9) / 16)];
  const channels = input.pixelFormat === 'rgb8' ? 3 : 1;
  const plane = new Uint8Array(width * height).fill(GRAY);
  const pixels = knownPixels();
  const scale = longerSide / 640;
  for (const [face, wanted] of SIDES.entries()) {
    const side = Math.round(wanted * scale);
    const left = Math.round(((face + 0.5) * width) / FACES - side / 2);
    draw(pixels, face, plane, width, { left, top: (height - side) >> 1, side });
  }
  const data = new Uint8Array(channels * plane.length);
  for (let c = 0; c < channels; c++) data.set(plane, c * plane.length);
  return { data, dims: [1, channels, height, width] };
}

/** One face into `plane`, whose rows are `width` long, enlarged bilinearly. */
function draw(
  pixels: Uint8Array,
  face: number,
  plane: Uint8Array,
  width: number,
  { left, top, side }: { left: number; top: number; side: number },
): void {
  const from = pixels.subarray(face * SIDE ** 2);
  for (let y = 0; y < side; y++) {
    const [above, below, down] = between(y, side);
    for (let x = 0; x < side; x++) {
      const [before, behind, along] = between(x, side);
      const row = (line: number) =>
        from[line * SIDE + before]! * (1 - along) + from[line * SIDE + behind]! * along;
      plane[(top + y) * width + left + x] = Math.round(row(above) * (1 - down) + row(below) * down);
    }
  }
}

/** Between which two pixels of a face the `i`th of `side` lies, and how far from the first. */
function between(i: number, side: number): [number, number, number] {
  const place = Math.min(SIDE - 1, Math.max(0, ((i + 0.5) * SIDE) / side - 0.5));
  const first = Math.floor(place);
  return [first, Math.min(SIDE - 1, first + 1), place - first];
}

function knownPixels(): Uint8Array {
  return Buffer.from(PIXELS, 'base64');
}

/** Luma, row by row, one face after the other. */
const PIXELS =
  'LTA2MS5DlqersLO1uLi5tJ5oNzY1PWt2LDA0Mk+RsLGysrS1uLi5uLSoaTs0OFd0KCwxUJSssLGys7S1t7i6urm2pHA3OElwKzFTo6usra6wsrS0trm7u7q4tat+N0BsMFeUqausrK6wsbKztbi6urm4tbOqYjtpRIyfp6mqra6vsrKytbi4urq6trSvhj9naJGZoZuKhH6Cmqmvsa6diY6MmKqukEdkdoyUjIaEhHx4dZKqrZ6Cg5CXlpenjUBid4yPj5icnJeMhJKjqqCTl6GpraaniDVcdI6Rko6Kfn2Ei5CjrqGUg3mHnaWriDhWhJCZop+WhICJl5ilsaifjIWRqbGylFhShY2Ypautrq2spqCmsq2tra6yt7aylFVBfYmNnKWqrq+vqaKnsK+usa+xtLOufzYtiIaGj5ujpqajo6KosbGtqKaqra2oaCUmjIiCgo6WlpWPmZ6grK2rn5SZoqKfSyEkiYiBe4KJiY2Lf3x7h46LpqSPkJyUKx8jRFl4foaRlZCVl5aTlKSrr6uolp5nICEiIypkf4icmnBjc3uIkIyEeJmvpJRAIyMkJSQ/fIGPpZR3dnh+hYyRjrGun20sIiIgJicla3yEnKCNgYqUlpuWqLKpjEQmIiIcJCcmQ3N9jp6biIKFi5SfsrCjXCskIyMcIyMnMWJ6gpKipqKfpq62tKmGJiokJCMgJiImL158e4aWpq6ytrm4rJ+CJyglIyMgJiQmLVd/enuDlaSrrrGsnqOKKyclJSMhbWpNNDYuOlZpdJCUoJiThF08MTIyZXV2bVczNjI/haSqqrG0t7e4tqqBPTYzQGt1Zj4rNEeJrLCysbS2t7a3uLayhEE2OFR0VSspT5Kpop+jrrCxs7WzqKqtspBJNENtQS4/jqCMgH+Ckamur6yYjpCRl6mMOjtpMjNxmJCTlZWUlqSsraefpaWmn52lYjlpKUOEkZSdmpGLk6KsrqiemqGprKWmeT9qK0qIk5ibnJeOhpSlqp+XmqGoqaqpejxqMEWGlJeTfX+DjY+jrJ6ZhYGJpKioeDRmMUeGmZyLhFyMh5emsKaPflyVoqyqdDNiQHOMnaSjlIKXmp6osKqlmo2ms7CsgFZlS4uMmqSop6eppKCpsayusLC0tbKrjGNYTISClJ6kqKinoJ6psaussLGysa2pgUk/MnGKipKcoqSjloSJloyhr7CwqqihdC8wJlCKhYaPm6CfiHh4gYKVrq6rpKGaWCMpJS9vfoCDkJmblJqmrayrrquknpeCLB8nJiYtVoB/iZSXmp6gpauuramhm4I8HyEnJiYiOHmBhY+SinRtcYCfq6afl2QoISQoJiUjKVyBg4yQXDw2OURtp6Ochz4jJiQjJigmJkN4goqVaUxMSkx2p6KbdSghJyQiJCclJC1ig4qVinVqbYCfqKKYYiYmJyQkIiMjIiREgomTj4GGjpSmqZySWCYqJyUlIiIkJSI4g4WQmoyGkKGtpZeeVykoJiQjJSIfJiUwhYSIm6SnrLKsmqCpViwoKCYjJygtMlyAhYiJiYaEg4F/e3BGIkpuamVgJyktSHaChYiKiYiFg4F+enhtLkRta2ZiJig0cICDhYiKiYiGg4F+enh3TkRubGhlJSpXe3+DhoiKioiFhIKAfXx4ZElrbmxpJjdoeHx/fX1+g4ODgoJ+enZ3aVJscW9tJkpyd3FnYlhZV2R6fXVfTU9SXlZscnFwJlRzbmpzdW5lXF5zdWJMVGBnWVdwc3JxKldybm1zgX90ampzcWJebnZwXmh0c3JxRl1zdHBscmRcb3V8dWdjZlxiZG90c3JwYmZ1fX54flFacn+EfHFqcUZlbHBzc3JwXFpyfYGCenR3gICFgHVyb2tsb3Bzc3JvZGFve4CDhIKBgX+Fg3ZydnZ0bW9zc3JvcnFqdXx/f317fX+FhXhuc3NwaG5zcnFudndobHR4enp8fH2AfHRscXBpZHBycnBud3ZmYWpyeHx+cmRhY1pfbWtjZ3JycG5sd3NrXV9qdn6BfG9yYGBnbmdcb3FwbWxqdnZzXlxicXuDhX57c25ubWBhcXBubGlndnZ1YV1eZ3R9fHd1cWtqZlppcG5samdldnZ0Zl5fYmpsYV5aVVNUWVxub25saGZkdXV0bWBeYGRobW5oY19aU2Zwb21raWZldXV0cWZcX2FiYmhxb2JWXG5vb21samhmdHR0dHBgW15fXFNTUExQbXBvb25sa2ppc3R0dnZwXVxfYWJhV1BfcXBvb25tbGxrc3R1d3l4a1tYXWBeVVdrcG9vbm5ubWxsf3x7e3tZLzlIXW10eHx+c1Y4KycpMFRxgHx8e3M+Qml6g4eHh4WDf3lrRCckKTVngX18e2M0Zn6Dh4mJiIaDgH17b0EhIyVRgn58e1VCen+Dh4iJiYaCf318em03IiI4gn58d05dfYCDhIiHhoF6eHx9e3daIyEshH58ckxpe3JnX2+BfWBUVVxneXZtLyMshH98b09qaWloanKAe21oa3BtZm1tRyM4hX98cldneHx2b3F8eG9weoB6bGdrVihIhn98d15oeIR7dnWAeXN2c29sampsWipQhoB8fHNyblpSdXqDe3ZrblRwbXJvXDBUiIB9e3p7e3Z0fHyEfHd5enl5eHZwYVBaiYF9e3p7gIOEgICFfHV6foB/eHNtXVhjiYF9e3l6gIKCf4GFfHR2fHx6c2xlWllpioJ9e3h2fICCeW1xaWpue3l1bGNcXGBui4J9e3lydn6CcmJmYFtkeXdyZVlVZGZxjIR+e3pybnyCf3d9dm1xeHZtW1FVaW9yjYR+enl4aHiCfnZ3c3J1eXVpVVFbbXJzjoR9enl4a3J/dmplZWludXJhUVJlcnJykIR+enh3cWx2a3BvbWNfaWhYUVVtc3JykIR+enh3dGxqaGxwZ15dXVhPUFpvcnJxj4R9end2dm1gW1hcV1JQTUpLT19wcnJxjIJ8eHZ2dnVnX2VrZ11TTEtMV2NvcnFwiIB7eHZ1dXVzZGRjYFtUTk5TXmZxcXBvg316dnV0dHR0bFpTUU5MT1ZfZGyDfHBv';
