import { EngineError } from '../../graph/index.ts';

export interface Region {
  readonly address: number;
  readonly bytes: number;
}

/** Hands out the engine's memory in regions: first fit, neighbours that are free become one. */
export interface Regions {
  /** Bytes handed out. */
  readonly used: number;
  /** Throws EngineError when there is not so much left. */
  allocate(bytes: number): Region;
  free(region: Region): void;
}

const ALIGNMENT = 64;
const GIB = 2 ** 30;

/** `reserve` makes memory below an address usable, or throws. */
export function createRegions(
  start: number,
  limit: number,
  reserve: (end: number) => void,
): Regions {
  let used = 0;
  /** Free regions by address. The last one reaches up to the limit. */
  let free: Region[] = [{ address: start, bytes: limit - start }];

  return {
    get used() {
      return used;
    },
    allocate(bytes) {
      const rounded = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
      const found = free.findIndex((region) => region.bytes >= rounded);
      try {
        if (found === -1) throw new RangeError('the address space is full');
        reserve(free[found]!.address + rounded);
      } catch (cause) {
        throw new EngineError(notEnough(rounded, used), { cause });
      }
      const { address, bytes: size } = free[found]!;
      const rest = { address: address + rounded, bytes: size - rounded };
      free.splice(found, 1, ...(rest.bytes > 0 ? [rest] : []));
      used += rounded;
      return { address, bytes: rounded };
    },
    free(region) {
      used -= region.bytes;
      const sorted = [...free, region].sort((a, b) => a.address - b.address);
      free = [];
      for (const next of sorted) {
        const last = free.at(-1);
        if (last !== undefined && last.address + last.bytes === next.address) {
          free[free.length - 1] = { address: last.address, bytes: last.bytes + next.bytes };
        } else free.push(next);
      }
    },
  };
}

const gib = (bytes: number): string => (bytes / GIB).toFixed(2);

const notEnough = (bytes: number, used: number): string =>
  `wasm: not enough memory: this program needs ${gib(bytes)} GiB beside ${gib(used)} GiB in use, ` +
  '32-bit WebAssembly has 4 GiB at most; use a smaller batch or another engine';
