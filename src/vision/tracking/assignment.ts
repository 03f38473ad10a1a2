/**
 * The assignment of rows to columns with the least total cost, where a row may also stay unassigned. (Kuhn, 1955, in the
 * shortest-augmenting-path form of Jonker and Volgenant, 1987: optimal, where taking the cheapest pair first would swap
 * two faces that cross.)
 * @param cost `cost[row][column]`; Infinity forbids a pair
 * @param unassignedCost of a row without a column
 * @returns the column of each row, or -1
 */
export function solveAssignment(
  cost: readonly (readonly number[])[],
  columns: number,
  unassignedCost: number,
): number[] {
  const rows = cost.length;
  // Every row has a column of its own beyond the real ones, which leaves it unassigned: cheaper than any forbidden pair.
  const width = columns + rows;
  const price = (row: number, column: number) => {
    if (column >= columns) return column - columns === row ? unassignedCost : FORBIDDEN_COST;
    return Math.min(cost[row]![column]!, FORBIDDEN_COST);
  };
  const rowOfColumn = new Int32Array(width).fill(-1);
  const dual = { row: new Float64Array(rows), column: new Float64Array(width) };
  for (let row = 0; row < rows; row++) augment(row, rowOfColumn, dual, price);
  const result = new Array<number>(rows).fill(-1);
  for (let column = 0; column < columns; column++) {
    const row = rowOfColumn[column]!;
    if (row >= 0) result[row] = column;
  }
  return result;
}

const FORBIDDEN_COST = 1e9;

interface DualPrices {
  row: Float64Array;
  column: Float64Array;
}

/** Gives `start` a column along the cheapest path of reassignments, and keeps the dual prices feasible. */
function augment(
  start: number,
  rowOfColumn: Int32Array,
  dual: DualPrices,
  price: (row: number, column: number) => number,
): void {
  const { distance, previousColumn, visited, last } = shortestPath(start, rowOfColumn, dual, price);
  const total = distance[last]!;
  dual.row[start]! += total;
  for (let column = 0; column < rowOfColumn.length; column++) {
    if (!visited[column]) continue;
    const gain = total - distance[column]!;
    if (rowOfColumn[column]! >= 0) dual.row[rowOfColumn[column]!]! += gain;
    dual.column[column]! -= gain;
  }
  for (let column = last; column >= 0; column = previousColumn[column]!) {
    const previous = previousColumn[column]!;
    rowOfColumn[column] = previous >= 0 ? rowOfColumn[previous]! : start;
  }
}

/** The cheapest path of reassignments from the row `start` to a column without a row, `last` (Dijkstra). */
function shortestPath(
  start: number,
  rowOfColumn: Int32Array,
  dual: DualPrices,
  price: (row: number, column: number) => number,
) {
  const width = rowOfColumn.length;
  const distance = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const previousColumn = new Int32Array(width).fill(-1);
  const visited = new Uint8Array(width);
  let [row, last, reached] = [start, -1, 0];
  do {
    let next = -1;
    for (let column = 0; column < width; column++) {
      if (visited[column]) continue;
      const through = reached + price(row, column) - dual.row[row]! - dual.column[column]!;
      if (through < distance[column]!) {
        distance[column] = through;
        previousColumn[column] = last;
      }
      if (next < 0 || distance[column]! < distance[next]!) next = column;
    }
    last = next;
    reached = distance[last]!;
    visited[last] = 1;
    row = rowOfColumn[last]!;
  } while (row >= 0);
  return { distance, previousColumn, visited, last };
}
