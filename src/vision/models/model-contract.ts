/** The outputs that each model must have, whoever trained it. */

/** Boxes [N, A, 4] and landmarks [N, A, 5, 2] in pixels of the input, scores [N, A] from 0 to 1; before suppression. */
export const DETECTOR_OUTPUTS = ['boxes', 'scores', 'landmarks'] as const;

/**
 * Of F faces: expression [F, 8], members [M, F, 8], valence_arousal [F, 2], action_units [F, K], landmarks [F, 68, 2] (0 to
 * 1 in the crop), pose [F, 3] (yaw, pitch, roll in degrees), quality [F].
 */
export const ENSEMBLE_OUTPUTS = [
  'expression',
  'members',
  'valence_arousal',
  'action_units',
  'landmarks',
  'pose',
  'quality',
] as const;

export const OUTPUTS = { detector: DETECTOR_OUTPUTS, ensemble: ENSEMBLE_OUTPUTS } as const;
