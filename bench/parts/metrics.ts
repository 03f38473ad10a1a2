/**
 * The value of a metric, summed over its labels, or over the lines with one label.
 * @param label as it stands in a line: `reason="busy"`
 * @throws Error when there is no such metric
 */
export type Metrics = (name: string, label?: string) => number;

/** @param text what /metrics answers, in the format of Prometheus */
export function parseMetrics(text: string): Metrics {
  const lines = text.split('\n');
  return (name, label) => {
    // A metric by labels has no line until it is counted for the first time, but is declared.
    const declared = name.replace(/_(sum|count|bucket)$/, '');
    if (
      !lines.some((line) => [`# TYPE ${name} `, `# TYPE ${declared} `].some((head) => line.startsWith(head)))
    ) {
      throw new Error(`The server has no metric ${name}.`);
    }
    return lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => label === undefined || line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  };
}
