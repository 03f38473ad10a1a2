/** What commands tell whoever started them, beside 0 (all went well) and 1 (nothing did). */

/** Some input was not video or picture, or could not be read to its end. */
export const BAD_INPUT = 2;
/** 128 and the number of SIGINT, as shells tell of it. */
export const INTERRUPTED = 130;
