import { type Tensor, UsageError } from '../../graph/index.ts';
import { isLayer, type Model, tensorsIn } from '../../nn/index.ts';
import { type Unit, unitsOf } from './units.ts';

/** What is drawn one below the other. */
export type Item = BoxItem | PathsItem | GroupItem;

export interface BoxItem {
  readonly kind: 'box';
  readonly unit: Unit;
  readonly path: readonly string[];
}

/** Paths side by side; one without items is a shortcut. */
export interface PathsItem {
  readonly kind: 'paths';
  readonly branches: readonly (readonly Item[])[];
  /** Where they meet again; undefined: at the end of the net, each with a result of its own. */
  readonly join: Unit | undefined;
  readonly path: readonly string[];
}

/** Items of one block, or a repetition, which has no title. */
export interface GroupItem {
  readonly kind: 'group';
  readonly title: string;
  /** Keys of the first block and of the last one. */
  readonly keys: readonly [string, string];
  /** How often it is there, one after the other. */
  readonly times: number;
  readonly items: readonly Item[];
  readonly path: readonly string[];
}

export interface Structure {
  readonly input: Unit;
  readonly items: readonly Item[];
}

/**
 * What a model is made of: its boxes in order, paths that part and meet, blocks as its layers have
 * them, equal ones together.
 *
 * @throws UsageError when paths cross
 */
export function structureOf(model: Model, x: Tensor): Structure {
  const units = unitsOf(tensorsIn(model(x)));
  const [input] = units;
  if (input === undefined)
    throw new UsageError('the model does not use its input; nothing to draw');
  const chain = series(units);
  return { input, items: arrange(chain.slice(1), 0, model) };
}

/** Series and parallels of units, from the first one to the end. */
function series(units: readonly Unit[]): Item[] {
  const readers = new Map<Unit, Unit[]>(units.map((unit) => [unit, []]));
  for (const unit of units) for (const source of unit.sources) readers.get(source)!.push(unit);
  const meets = meetingPoints(units, readers);
  const seen = new Set<Unit>();

  const chain = (first: Unit | undefined, end: Unit | undefined): Item[] => {
    const items: Item[] = [];
    let unit = first;
    while (unit !== undefined && unit !== end) {
      if (seen.has(unit)) throw crossing(unit);
      seen.add(unit);
      // The mark where paths meet is drawn with them.
      if (!unit.joins) items.push({ kind: 'box', unit, path: unit.path });
      else if (items.length === 0) throw crossing(unit);
      const next: readonly Unit[] = readers.get(unit)!;
      if (next.length < 2) {
        unit = next[0];
        continue;
      }
      const meet = meets.get(unit);
      const branches = next.map((branch) => (branch === meet ? [] : chain(branch, meet)));
      const path = meet?.path ?? [];
      items.push({ kind: 'paths', branches, join: meet, path });
      unit = meet;
    }
    return items;
  };
  return chain(units[0], undefined);
}

const crossing = ({ path, label }: Unit): UsageError =>
  new UsageError(
    `there is no picture of nets whose paths cross (at ${path.join('.') || label}); the table shows all layers`,
  );

/** Where all paths from a unit meet again: its nearest post-dominator. */
function meetingPoints(
  units: readonly Unit[],
  readers: ReadonlyMap<Unit, readonly Unit[]>,
): ReadonlyMap<Unit, Unit | undefined> {
  const position = new Map(units.map((unit, i) => [unit, i]));
  const meets = new Map<Unit, Unit | undefined>();
  const meet = (a: Unit | undefined, b: Unit | undefined): Unit | undefined => {
    let [x, y] = [a, b];
    while (x !== y) {
      if (x === undefined || y === undefined) return undefined;
      if (position.get(x)! < position.get(y)!) x = meets.get(x);
      else y = meets.get(y);
    }
    return x;
  };
  for (const unit of [...units].reverse()) {
    const next = readers.get(unit)!;
    meets.set(unit, next.length === 0 ? undefined : next.reduce<Unit | undefined>(meet, next[0]));
  }
  return meets;
}

/** Puts what belongs to one block into a group, by the keys from `depth` on. */
function arrange(items: readonly Item[], depth: number, model: Model): Item[] {
  const runs: Item[][] = [];
  for (const item of items) {
    const open = runs.at(-1);
    const key = item.path[depth];
    if (open !== undefined && key !== undefined && open[0]!.path[depth] === key) open.push(item);
    else runs.push([item]);
  }
  return repetitions(
    runs.flatMap((run): readonly Item[] => {
      const path = run[0]!.path.slice(0, depth + 1);
      if (path.length <= depth) return run.map((item) => inside(item, depth, model));
      const inner = arrange(run, depth + 1, model);
      const title = titleOf(model, path);
      const isPlain = inner.length === 1 && inner[0]!.kind === 'box';
      if (title === '' || isPlain || inner.some(isBlock)) return inner;
      const key = path.join('.');
      return [{ kind: 'group', title, keys: [key, key], times: 1, items: inner, path }];
    }),
  );
}

/** Paths keep the order of their boxes; what repeats on one of them is put together. */
function inside(item: Item, depth: number, model: Model): Item {
  if (item.kind !== 'paths') return item;
  const branches = item.branches.map((branch) => {
    const arranged = arrange(branch, depth, model);
    const isOneBlock = arranged.length === 1 && isBlock(arranged[0]!);
    return isOneBlock ? (arranged[0] as GroupItem).items : arranged;
  });
  return { ...item, branches };
}

const isBlock = (item: Item): boolean => item.kind === 'group' && item.title !== '';

/** Kind of the layer at some keys, in words: `dense block`; '' where it only puts layers in a row. */
function titleOf(model: Model, path: readonly string[]): string {
  let part: unknown = model;
  for (const key of path) part = isLayer(part) ? part.parts[key] : undefined;
  if (!isLayer(part) || part.name === 'sequential') return '';
  return part.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Boxes are told apart more easily one by one; only many equal ones are put together. */
const LEAST_BOXES = 3;

function repetitions(items: readonly Item[]): Item[] {
  const runs: Item[][] = [];
  for (const item of items) {
    const open = runs.at(-1);
    if (open !== undefined && signature(open[0]!) === signature(item)) open.push(item);
    else runs.push([item]);
  }
  return runs.flatMap((run): readonly Item[] => {
    const [first, times] = [run[0]!, run.length];
    if (times < (first.kind === 'box' ? LEAST_BOXES : 2)) return run;
    if (first.kind === 'group') {
      const last = run.at(-1) as GroupItem;
      return [{ ...first, keys: [first.keys[0], last.keys[1]], times, items: last.items }];
    }
    return [
      { kind: 'group', title: '', keys: ['', ''], times, items: [run.at(-1)!], path: first.path },
    ];
  });
}

/** Equal for what looks equal. */
function signature(item: Item): string {
  switch (item.kind) {
    case 'box':
      return JSON.stringify([item.unit.label, item.unit.notes]);
    case 'paths':
      return JSON.stringify([item.join?.label, item.branches.map((each) => each.map(signature))]);
    case 'group':
      return JSON.stringify([item.title, item.times, item.items.map(signature)]);
  }
}

/** Shape of what an item gives; undefined where several results end. */
export function shapeOf(item: Item): readonly number[] | undefined {
  switch (item.kind) {
    case 'box':
      return item.unit.shape;
    case 'paths':
      return item.join?.shape;
    case 'group':
      return shapeOf(item.items.at(-1)!);
  }
}
