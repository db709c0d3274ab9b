import { AxisTable, compareRows, onlyDifference, type Row } from './rows.js';

// Comparing each row with each other is affordable up to here.
const FEW = 1000;

/**
 * Names of one pattern with two numbers or more, as few blocks as a greedy search finds.
 * @param keys the names' numbers, `axes` to a name
 */
export function mergeRows(keys: readonly number[], axes: number): Row[] {
  const table = new AxisTable();
  let rows = singleRows(keys, axes, table);
  if (rows.length > FEW) rows = mergeByAxis(rows, axes, table);
  return rows.length <= FEW ? mergePairs(rows, axes, table) : rows.sort(compareRows);
}

function singleRows(keys: readonly number[], axes: number, table: AxisTable): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < keys.length; at += axes) {
    const row: Row[number][] = [];
    for (let axis = 0; axis < axes; axis += 1) row.push(table.one(keys[at + axis] as number));
    rows.push(row);
  }
  return rows;
}

/**
 * nodeset's search, so that a few irregular names fold as they do there: rows in order, each taking in the next
 * ones while they differ from it on one axis; once that changes nothing, each is compared with all after it.
 */
function mergePairs(start: readonly Row[], axes: number, table: AxisTable): Row[] {
  let rows = [...new Map(start.map((row) => [idBut(row, axes), row])).values()];
  let exhaustive = false;
  for (;;) {
    rows.sort(compareRows);
    const merged = mergePass(rows, table, exhaustive);
    if (merged.length === rows.length) {
      if (exhaustive) return rows;
      exhaustive = true;
    }
    rows = merged;
  }
}

function mergePass(rows: readonly Row[], table: AxisTable, exhaustive: boolean): Row[] {
  const rest: (Row | null)[] = [...rows];
  const result: Row[] = [];
  for (let first = 0; first < rest.length; first += 1) {
    let row = rest[first] ?? null;
    if (row === null) continue;
    for (let next = first + 1; next < rest.length; next += 1) {
      const other = rest[next] ?? null;
      if (other === null) continue;
      const axis = onlyDifference(row, other);
      if (axis !== -1) {
        row = joined([row, other], axis, table);
        rest[next] = null;
      } else if (!exhaustive) {
        break;
      }
    }
    result.push(row);
  }
  return result;
}

/** For many rows: on each axis in turn, the last first, joins all that are the same on the others. */
function mergeByAxis(start: readonly Row[], axes: number, table: AxisTable): Row[] {
  let rows = [...start];
  let unchanged = 0;
  for (let axis = axes - 1; unchanged < axes; axis = axis === 0 ? axes - 1 : axis - 1) {
    const groups = new Map<string | number, Row[]>();
    for (const row of rows) {
      const id = axes === 2 ? (row[1 - axis] as Row[number]).id : idBut(row, axis);
      const group = groups.get(id);
      if (group === undefined) groups.set(id, [row]);
      else group.push(row);
    }
    unchanged = groups.size === rows.length ? unchanged + 1 : 0;
    if (unchanged === 0) rows = [...groups.values()].map((group) => joined(group, axis, table));
  }
  return rows;
}

/** Rows with the same text are the same on every axis but one. */
function idBut(row: Row, axis: number): string {
  let id = '';
  for (let index = 0; index < row.length; index += 1)
    if (index !== axis) id += `${(row[index] as Row[number]).id},`;
  return id;
}

/** Rows that differ on `axis` alone, as one. */
function joined(rows: readonly Row[], axis: number, table: AxisTable): Row {
  const [first] = rows as readonly [Row, ...Row[]];
  if (rows.length === 1) return first;
  return first.with(axis, table.join(rows.map((row) => row[axis] as Row[number])));
}
