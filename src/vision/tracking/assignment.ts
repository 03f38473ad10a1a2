/**
 * The assignment of rows to columns with the least total cost, where a row may stay alone at the price
 * `alone`. (Kuhn, 1955, in the shortest-augmenting-path form of Jonker and Volgenant, 1987: optimal, where
 * taking the cheapest pair first would swap two faces that cross.)
 *
 * `cost[row][column]`; Infinity forbids a pair. Returns the column of each row, or -1.
 */
export function assign(cost: readonly (readonly number[])[], columns: number, alone: number): number[] {
  const rows = cost.length;
  // Every row has a column of its own beyond the real ones, where it may stay alone.
  const width = columns + rows;
  const price = (row: number, column: number) => {
    if (column >= columns) return column - columns === row ? alone : FORBIDDEN;
    return Math.min(cost[row]![column]!, FORBIDDEN);
  };
  const taker = new Int32Array(width).fill(-1);
  const dual = { row: new Float64Array(rows), column: new Float64Array(width) };
  for (let row = 0; row < rows; row++) augment(row, taker, dual, price);
  const result = new Array<number>(rows).fill(-1);
  for (let column = 0; column < columns; column++) {
    const row = taker[column]!;
    if (row >= 0 && price(row, column) < FORBIDDEN) result[row] = column;
  }
  return result;
}

const FORBIDDEN = 1e9;

/** Gives `start` a column along the cheapest path of reassignments, and keeps the dual prices feasible. */
function augment(
  start: number,
  taker: Int32Array,
  dual: { row: Float64Array; column: Float64Array },
  price: (row: number, column: number) => number,
): void {
  const width = taker.length;
  const distance = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const before = new Int32Array(width).fill(-1);
  const done = new Uint8Array(width);
  let row = start;
  let column = -1;
  let reached = 0;
  do {
    let next = -1;
    for (let c = 0; c < width; c++) {
      if (done[c]) continue;
      const through = reached + price(row, c) - dual.row[row]! - dual.column[c]!;
      if (through < distance[c]!) {
        distance[c] = through;
        before[c] = column;
      }
      if (next < 0 || distance[c]! < distance[next]!) next = c;
    }
    column = next;
    reached = distance[column]!;
    done[column] = 1;
    row = taker[column]!;
  } while (row >= 0);
  dual.row[start]! += reached;
  for (let c = 0; c < width; c++) {
    if (!done[c]) continue;
    const gain = reached - distance[c]!;
    if (taker[c]! >= 0) dual.row[taker[c]!]! += gain;
    dual.column[c]! -= gain;
  }
  for (; column >= 0; column = before[column]!) {
    const previous = before[column]!;
    taker[column] = previous >= 0 ? taker[previous]! : start;
  }
}
