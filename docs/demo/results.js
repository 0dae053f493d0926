// What the networks answer, as bars and as a table.
const element = (id) => document.getElementById(id);
const percentage = (probability) => `${(100 * probability).toFixed(1)} %`;

function make(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** Bars move to their new lengths, so their elements stay. */
export function showClasses(classes) {
  const list = element('classes');
  while (list.children.length > classes.length) list.lastChild.remove();
  while (list.children.length < classes.length)
    list.append(make('li', '', make('span', 'name'), make('span', 'bar'), make('span', 'percentage')));
  for (const [i, { name, probability }] of classes.entries()) {
    const [label, bar, share] = list.children[i].children;
    label.textContent = name;
    bar.style.setProperty('--share', probability);
    share.textContent = percentage(probability);
  }
  element('waiting').hidden = classes.length > 0;
}

export function announce([best]) {
  element('announcement').textContent = best ? `${best.name}, ${percentage(best.probability)}` : '';
}

/** A row for each network, to be filled in. */
export function showNetworks(networks, columns, note) {
  const heads = columns.map((text) => Object.assign(make('th', '', text), { scope: 'col' }));
  element('times').tHead.rows[0].replaceChildren(...heads);
  const rows = networks.map(({ name, label, cells = [] }) => {
    const row = make('tr', '', make('td', '', make('strong', '', label), ' ', make('span', 'soft', name)));
    row.dataset.network = name;
    row.append(
      ...[undefined, ...cells, undefined, undefined]
        .slice(0, columns.length - 1)
        .map((text) => make('td', text ? '' : 'pending', text ?? '–')),
    );
    return row;
  });
  element('times').tBodies[0].replaceChildren(...rows);
  element('times-note').textContent = note;
}

export function showAnswer({ name, classes: [best], cells }) {
  const row = [...element('times').tBodies[0].rows].find(({ dataset }) => dataset.network === name);
  if (!row) return;
  for (const [i, text] of [best.name, ...cells].entries()) {
    row.cells[i + 1].textContent = text ?? '…';
    row.cells[i + 1].classList.toggle('pending', text === undefined);
  }
}
