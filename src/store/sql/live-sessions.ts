/** Of a session that may still grow, as the index `session_one_live` has it. */
export const IS_LIVE = `state IN ('STARTING', 'RUNNING', 'RECONNECTING')`;
