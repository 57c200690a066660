// Sorting and filtering of tables that are complete without it.
'use strict';

const collator = new Intl.Collator(undefined, { numeric: true });

function key(row, column) {
  const cell = row.cells[column];
  if (!cell) return '';
  const value = cell.dataset.value;
  if (value === undefined) return cell.textContent.trim();
  return value === '' ? null : Number(value);
}

function compare(a, b) {
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(a, b);
}

function sort(header) {
  const table = header.closest('table');
  const column = Number(header.dataset.column);
  const before = header.getAttribute('aria-sort');
  const first = header.dataset.first || 'ascending';
  const other = first === 'ascending' ? 'descending' : 'ascending';
  const order = before === first ? other : first;
  for (const each of table.querySelectorAll('th[aria-sort]')) each.setAttribute('aria-sort', 'none');
  header.setAttribute('aria-sort', order);
  const sign = order === 'ascending' ? 1 : -1;
  const keyed = [...table.tBodies[0].rows].map(row => [key(row, column), row]);
  keyed.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * compare(a, b)));
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

function filter(form) {
  const table = document.getElementById(form.dataset.table);
  const wanted = [...form.elements].filter(field => field.name && field.name !== 'columns' && field.value);
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = wanted.some(field => field.name === 'text'
      ? !row.dataset.text.includes(field.value.trim().toLowerCase())
      : row.dataset[field.name] !== field.value);
    shown += !row.hidden;
  }
  const columns = form.elements.columns;
  if (columns) show(table, columns.value);
  form.querySelector('output').textContent = `${shown} of ${table.tBodies[0].rows.length} rows`;
}

// '' shows all columns, 'area' the areas of all tasks, a number all columns of that task.
function show(table, wanted) {
  for (const cell of table.querySelectorAll('[data-of]')) {
    cell.hidden = wanted === 'area' ? cell.dataset.is !== 'area' : wanted !== '' && cell.dataset.of !== wanted;
  }
  for (const head of table.querySelectorAll('[data-spans]')) {
    const under = [...table.querySelectorAll(`thead [data-of="${head.dataset.spans}"]`)].filter(one => !one.hidden);
    head.hidden = under.length === 0;
    head.colSpan = under.length || 1;
  }
}

// A link to something in a fold opens the fold.
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let fold = target.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
  target.scrollIntoView({ block: 'center' });
}

for (const header of document.querySelectorAll('th[aria-sort] > button')) {
  header.addEventListener('click', () => sort(header.parentElement));
}
for (const form of document.querySelectorAll('form[data-table]')) {
  form.hidden = false;
  form.addEventListener('input', () => filter(form));
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(() => filter(form)));
  filter(form);
}
addEventListener('hashchange', reveal);
reveal();
