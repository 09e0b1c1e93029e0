// A control for every parameter that the model declares, built from what it says of them.
import type { Parameter } from './engine.js';

type Value = number | readonly number[];
type Change = (name: string, value: Value) => void;

let ids = 0;

function make<K extends keyof HTMLElementTagNameMap>(tag: K, properties: object = {}): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  return made;
}

// "keep_colors" -> "Keep colors"
function label(name: string): string {
  const words = name.replace(/[_.-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function shown(value: number, parameter: Parameter, step: number): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  if (parameter.kind === 'weights' || (!parameter.unit && parameter.range[0] === 0 && parameter.range[1] === 1)) {
    return `${Math.round(value * 100)} %`;
  }
  return value.toFixed(digits) + (parameter.unit ? ` ${parameter.unit}` : '');
}

function slider(name: string, value: number, parameter: Parameter, change: (value: number) => void): HTMLElement[] {
  const [minimum, maximum] = parameter.range;
  const step = parameter.kind === 'integer' ? 1 : (maximum - minimum) / 100 || 0.01;
  const id = `p${(ids += 1)}`;
  const input = make('input', { type: 'range', id });
  input.min = String(minimum);
  input.max = String(maximum);
  input.step = String(step);
  input.value = String(value);
  const output = make('output');
  output.setAttribute('for', id);
  const tell = () => {
    const at = Number(input.value);
    output.textContent = shown(at, parameter, step);
    input.setAttribute('aria-valuetext', output.textContent);
    input.style.setProperty('--at', `${maximum > minimum ? ((at - minimum) / (maximum - minimum)) * 100 : 0}%`);
  };
  input.addEventListener('input', () => {
    tell();
    change(Number(input.value));
  });
  tell();
  const head = make('div', { className: 'head' });
  head.append(make('label', { htmlFor: id, textContent: name }), output);
  return [head, input];
}

function describe(box: HTMLElement, parameter: Parameter): void {
  if (!parameter.line) return;
  const line = make('p', { className: 'fine', textContent: parameter.line, id: `p${(ids += 1)}` });
  for (const input of box.querySelectorAll('input')) input.setAttribute('aria-describedby', line.id);
  box.append(line);
}

function toggle(parameter: Parameter, value: number, change: Change): HTMLElement {
  const box = make('div', { className: 'control' });
  const row = make('div', { className: 'toggle' });
  const id = `p${(ids += 1)}`;
  const input = make('input', { type: 'checkbox', id, className: 'switch', checked: value >= 0.5 });
  input.setAttribute('role', 'switch');
  input.addEventListener('change', () => change(parameter.name, input.checked ? 1 : 0));
  row.append(make('label', { htmlFor: id, textContent: label(parameter.name) }), input);
  box.append(row);
  return box;
}

function several(parameter: Parameter, values: number[], change: Change): HTMLElement {
  const box = make('fieldset', { className: 'control' });
  box.append(make('legend', { textContent: label(parameter.name) }));
  values.forEach((value, i) => {
    const name = parameter.elements[i] ?? `${label(parameter.name)} ${i + 1}`;
    box.append(
      ...slider(name, value, parameter, (to) => {
        values[i] = to;
        change(parameter.name, [...values]);
      }),
    );
  });
  return box;
}

// More sliders than that help nobody: a model may declare a thousand numbers in one parameter.
const slidersMost = 24;

export function buildControls(host: HTMLElement, parameters: readonly Parameter[], change: Change): void {
  const made = parameters.map((parameter) => {
    const values = [parameter.value].flat() as number[];
    let box: HTMLElement;
    if (parameter.kind === 'switch' && values.length === 1) {
      box = toggle(parameter, values[0]!, change);
    } else if (values.length > slidersMost) {
      box = make('div', { className: 'control', textContent: `${label(parameter.name)}: ${values.length} numbers` });
    } else if (values.length > 1) {
      box = several(parameter, [...values], change);
    } else {
      box = make('div', { className: 'control' });
      box.append(...slider(label(parameter.name), values[0]!, parameter, (to) => change(parameter.name, to)));
    }
    describe(box, parameter);
    return box;
  });
  if (made.length === 0) made.push(make('p', { className: 'fine', textContent: 'This style has nothing to adjust.' }));
  host.replaceChildren(...made);
}
