/** A problem of one part of the page: shown, and taken back once what failed succeeds. */

/** @typedef {ReturnType<typeof createOwnProblem>} OwnProblem */

/** @param {(problem: unknown) => void} onProblem null: it is over */
export function createOwnProblem(onProblem) {
  let isTold = false;
  return {
    /** @param {unknown} problem */
    tell(problem) {
      isTold = true;
      onProblem(problem);
    },
    /** It succeeded: what other parts tell stays. */
    over() {
      if (isTold) onProblem(null);
      isTold = false;
    },
  };
}
