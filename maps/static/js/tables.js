// Reference tables as the server gives them.

// A table comes as columns and rows; rows may be lists or objects.
export function readRows({ columns, rows }) {
  return rows.map((row) => (Array.isArray(row) ? Object.fromEntries(columns.map((name, i) => [name, row[i]])) : row));
}
