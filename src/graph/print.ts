import type { Program, ValueId } from './program.ts';
import type { AttrValue, TensorType } from './tensor.ts';

export const showType = ({ shape, dtype }: TensorType): string => `${dtype}[${shape.join(', ')}]`;

const showAttr = (value: AttrValue): string =>
  Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

/** A program as text, one instruction a line: `%3 = conv2d(%0, conv1.weight) {…} : float32[…]`. */
export function printProgram(program: Program): string {
  const names = new Map<ValueId, string>();
  for (const { name, id } of [...program.inputs, ...program.variables]) names.set(id, name);
  for (const { id, data } of program.constants) {
    names.set(id, typeof data === 'number' ? String(data) : `constant%${id}`);
  }
  const show = (id: ValueId | undefined): string =>
    id === undefined ? '–' : (names.get(id) ?? `%${id}`);
  const typeOf = (id: ValueId) => showType(program.types[id]!);
  const declare = (word: string, list: Program['inputs']) =>
    list.map(({ name, id }) => `${word} ${name} : ${typeOf(id)}`);

  const body = program.instructions.map(({ op, inputs, outputs, attrs, path, after, hoisted }) => {
    const given = Object.entries(attrs).filter(([, value]) => value !== undefined);
    const shown = given.map(([name, value]) => `${name}: ${showAttr(value)}`).join(', ');
    return [
      `${outputs.map(show).join(', ')} = ${op}(${inputs.map(show).join(', ')})`,
      shown === '' ? '' : ` {${shown}}`,
      ` : ${outputs.map(typeOf).join(', ')}`,
      hoisted ? '  (hoisted)' : '',
      after === undefined ? '' : `  (after ${show(after)})`,
      path.length === 0 ? '' : `  # ${path.join(' › ')}`,
    ].join('');
  });
  return [
    ...declare('input', program.inputs),
    ...declare('variable', program.variables),
    ...body,
    ...program.updates.map(({ variable, value }) => `${show(variable)} ← ${show(value)}`),
    ...program.outputs.map(({ name, id }) => `output ${name} = ${show(id)}`),
  ].join('\n');
}
