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
  // Every row has a column of its own beyond the real ones, which leaves it unassigned.
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
    if (row >= 0 && price(row, column) < FORBIDDEN_COST) result[row] = column;
  }
  return result;
}

const FORBIDDEN_COST = 1e9;

/** Gives `start` a column along the cheapest path of reassignments, and keeps the dual prices feasible. */
function augment(
  start: number,
  rowOfColumn: Int32Array,
  dual: { row: Float64Array; column: Float64Array },
  price: (row: number, column: number) => number,
): void {
  const width = rowOfColumn.length;
  const distance = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const previousColumn = new Int32Array(width).fill(-1);
  const visited = new Uint8Array(width);
  let row = start;
  let column = -1;
  let reached = 0;
  do {
    let next = -1;
    for (let c = 0; c < width; c++) {
      if (visited[c]) continue;
      const through = reached + price(row, c) - dual.row[row]! - dual.column[c]!;
      if (through < distance[c]!) {
        distance[c] = through;
        previousColumn[c] = column;
      }
      if (next < 0 || distance[c]! < distance[next]!) next = c;
    }
    column = next;
    reached = distance[column]!;
    visited[column] = 1;
    row = rowOfColumn[column]!;
  } while (row >= 0);
  dual.row[start]! += reached;
  for (let c = 0; c < width; c++) {
    if (!visited[c]) continue;
    const gain = reached - distance[c]!;
    if (rowOfColumn[c]! >= 0) dual.row[rowOfColumn[c]!]! += gain;
    dual.column[c]! -= gain;
  }
  for (; column >= 0; column = previousColumn[column]!) {
    const previous = previousColumn[column]!;
    rowOfColumn[column] = previous >= 0 ? rowOfColumn[previous]! : start;
  }
}
