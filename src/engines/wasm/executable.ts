import {
  didYouMean,
  EngineError,
  invariant,
  type NumberArray,
  sizeOf,
  UsageError,
} from '../../graph/index.ts';
import type { Arrays, Executable } from '../engine.ts';
import { toArray } from './arrays.ts';
import { encodeCalls, encodedBytes } from './call-list.ts';
import type { Compiled, NamedLocation } from './compile.ts';
import { explain } from './explain.ts';
import type { Host } from './host.ts';
import type { Location } from './storage.ts';
import { TrapError } from './team.ts';
import type { WasmVariables } from './variables.ts';

let lists = 0;

/** Lays a compiled program into memory. Must be called as a job of the host. */
export function createExecutable(
  host: Host,
  compiled: Compiled,
  variables: WasmVariables,
): Executable {
  const { team, regions, arena, exports, enqueue } = host;
  const { steps, calls, inputs, outputs } = compiled;
  const slots = variables.slots();
  const member = {};
  arena.join(member, compiled.arenaBytes);
  const own = allocateOwn();
  const listAddress = own.address + compiled.keptBytes;
  for (const { offset, array } of compiled.data) team.write(own.address + offset, array);
  let linkedTo: number | undefined;
  let disposed = false;
  /** Versions of the steady variables when the calls that depend on them were last made. */
  let seen: readonly number[] | undefined;

  function allocateOwn() {
    try {
      return regions.allocate(compiled.keptBytes + encodedBytes(calls));
    } catch (error) {
      arena.leave(member);
      throw error;
    }
  }

  function addressOf({ home, offset, variable }: Location): number {
    if (variable !== undefined) return slots.get(variable)!.address + offset;
    return (home === 'arena' ? arena.address : own.address) + offset;
  }

  /** Writes the calls with the addresses of now: the arena may have moved. */
  function link(): void {
    if (linkedTo === arena.address) return;
    const resolved = calls.map(({ name, args, barrier, solo }) => {
      const index = exports.get(name);
      invariant(index !== undefined, `the kernels export no ${name}`);
      const numbers = args.map((arg) =>
        typeof arg === 'number' ? arg : addressOf(compiled.locate(arg.of)) + arg.offset,
      );
      return { index, args: numbers, barrier, solo };
    });
    team.write(listAddress, encodeCalls(++lists, resolved));
    linkedTo = arena.address;
  }

  const currentVersions = () => compiled.steadyVariables.map((name) => slots.get(name)!.version);

  async function execute(feeds: readonly NumberArray[], timed: boolean) {
    if (disposed) throw new EngineError('wasm: the executable was disposed of');
    variables.slots();
    link();
    inputs.forEach(({ location }, i) => {
      team.write(addressOf(location), feeds[i]!);
    });
    const versions = currentVersions();
    const fresh = seen?.every((version, i) => version === versions[i]);
    const from = fresh ? compiled.first : 0;
    try {
      // With no call left there is no barrier for the helpers to meet the coordinator at.
      const idle = from === calls.length;
      const times = idle ? undefined : await team.run({ calls: listAddress, from, timed });
      seen = versions;
      for (const name of compiled.updatedVariables) slots.get(name)!.version++;
      return times;
    } catch (error) {
      throw error instanceof TrapError ? trapped(error) : error;
    }
  }

  function trapped({ call, message }: TrapError): EngineError {
    const { ops, path } = steps[calls[call]!.step]!;
    const place = path.length === 0 ? '' : ` in ${path.join(' › ')}`;
    return new EngineError(
      `wasm: ${ops.join(' + ')} failed${place} (${message}); create another engine`,
    );
  }

  link();
  return {
    explain: explain(compiled),
    async run(feeds) {
      const arrays = checkFeeds(inputs, feeds);
      return enqueue(async () => {
        await execute(arrays, false);
        const reading = outputs.map(
          async ({ name, location, dtype, shape }): Promise<[string, NumberArray]> => [
            name,
            await team.read(addressOf(location), dtype, sizeOf(shape)),
          ],
        );
        return Object.fromEntries(await Promise.all(reading));
      });
    },
    async profile(feeds) {
      const arrays = checkFeeds(inputs, feeds);
      const times = await enqueue(() => execute(arrays, true));
      const perStep = steps.map(() => 0);
      calls.forEach(({ step }, i) => {
        perStep[step]! += times?.[i] ?? 0;
      });
      return perStep;
    },
    [Symbol.asyncDispose]: () =>
      enqueue(async () => {
        if (disposed) return;
        disposed = true;
        regions.free(own);
        arena.leave(member);
      }),
  };
}

/** The fed arrays in the order of the inputs. */
function checkFeeds(inputs: readonly NamedLocation[], feeds: Arrays): NumberArray[] {
  return inputs.map(({ name, shape, dtype }) => {
    const array = feeds[name];
    if (array === undefined) {
      const hint = didYouMean(name, Object.keys(feeds));
      throw new UsageError(`wasm: input "${name}" was not fed${hint}`);
    }
    if (array.length !== sizeOf(shape)) {
      const rule = `input "${name}" of shape [${shape}] needs ${sizeOf(shape)} numbers`;
      throw new UsageError(`wasm: ${rule}, got ${array.length}`);
    }
    return toArray(array, dtype);
  });
}
