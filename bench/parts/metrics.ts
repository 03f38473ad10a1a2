/** The value of a metric, summed over its labels. @throws Error when there is no such metric */
export type Metrics = (name: string) => number;

/** @param text what /metrics answers, in the format of Prometheus */
export function parseMetrics(text: string): Metrics {
  const lines = text.split('\n');
  return (name) => {
    // A metric by labels has no line until it is counted for the first time, but is declared.
    const declared = name.replace(/_(sum|count|bucket)$/, '');
    if (
      !lines.some((line) => [`# TYPE ${name} `, `# TYPE ${declared} `].some((head) => line.startsWith(head)))
    ) {
      throw new Error(`The server has no metric ${name}.`);
    }
    return lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  };
}
