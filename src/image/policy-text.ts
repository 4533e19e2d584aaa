import { UsageError } from '../graph/errors.ts';

/** A name with what stands in parentheses after it. */
export interface Call {
  readonly call: string;
  /** Without a name, in order: plain JSON, or calls. */
  readonly values: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

export const isCall = (value: unknown): value is Call =>
  typeof value === 'object' && value !== null && 'call' in value && 'values' in value;

const TOKEN =
  /\s*(?:(?<mark>[()[\]{},=:])|(?<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])|(?<string>"(?:[^"\\]|\\.)*"|'[^']*')|(?<word>[A-Za-z_]\w*))\s*/y;

interface Token {
  readonly kind: 'mark' | 'number' | 'string' | 'word' | 'end';
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

const MOST_NESTED = 8;
const LONGEST = 10_000;

const words: Readonly<Record<string, boolean | null>> = {
  true: true,
  false: false,
  null: null,
  none: null,
};

function tokensOf(text: string): Token[] {
  if (text.length > LONGEST) {
    throw new UsageError(`policy: has ${text.length} characters; the most is ${LONGEST}`);
  }
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) throw complaint(text, at, 'cannot be read');
    const [kind, value] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    tokens.push({ kind: kind as Token['kind'], text: value!, at });
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function complaint(text: string, at: number, what: string): UsageError {
  const before = text.slice(Math.max(0, at - 20), at).trim();
  const rest = text.slice(at, at + 20).trim();
  const where = rest === '' ? 'the end' : `"${rest}"`;
  const after = before === '' ? '' : `, after "${before}"`;
  return new UsageError(
    `policy: ${where} ${what}${after}; write names with options in parentheses: flip, crop(200, scale=[0.1, 1])`,
  );
}

/**
 * Reads calls that are separated by commas: `a, b(1, c=[2, 3]), d({"e": "f"})`. Round brackets make
 * lists too, as in Python.
 *
 * @throws UsageError for text that is nothing of the kind
 */
export function parseCalls(text: string): Call[] {
  const tokens = tokensOf(text);
  let next = 0;
  let depth = 0;
  const peek = (mark: string) => tokens[next]!.kind === 'mark' && tokens[next]!.text === mark;
  const take = (mark: string): boolean => {
    if (!peek(mark)) return false;
    next++;
    return true;
  };
  const fail = (what: string) => complaint(text, tokens[next]!.at, what);

  /** Items up to a closing mark, with commas between them. */
  function list(close: string, item: () => void): void {
    if (++depth > MOST_NESTED) throw fail('lies in too many brackets');
    while (!take(close)) {
      item();
      if (!take(',') && !peek(close)) throw fail(`should be "," or "${close}"`);
    }
    depth--;
  }

  function values(close: string): unknown[] {
    const all: unknown[] = [];
    list(close, () => all.push(value()));
    return all;
  }

  function object(): Record<string, unknown> {
    const all: [string, unknown][] = [];
    list('}', () => {
      const { kind, text: key } = tokens[next++]!;
      if ((kind !== 'string' && kind !== 'word') || !take(':')) {
        next--;
        throw fail('should be "name": value');
      }
      all.push([kind === 'string' ? key.slice(1, -1) : key, value()]);
    });
    return Object.fromEntries(all);
  }

  function value(): unknown {
    const { kind, text: said } = tokens[next]!;
    if (kind === 'word' && !(said.toLowerCase() in words)) return nameOrCall();
    if (take('[')) return values(']');
    if (take('(')) return values(')');
    if (take('{')) return object();
    next++;
    if (kind === 'number') return Number(said);
    if (kind === 'string') return said.slice(1, -1);
    if (kind === 'word') return words[said.toLowerCase()];
    next--;
    throw fail('should be a value');
  }

  function nameOrCall(): string | Call {
    const name = tokens[next++]!.text;
    if (!take('(')) return name;
    const found: unknown[] = [];
    const options = new Map<string, unknown>();
    list(')', () => {
      const named = tokens[next]!.kind === 'word' && tokens[next + 1]!.text === '=';
      if (named) {
        const key = tokens[next]!.text;
        next += 2;
        if (options.has(key)) throw fail(`gives ${key} a second time`);
        options.set(key, value());
      } else if (take('{')) {
        for (const [key, one] of Object.entries(object())) options.set(key, one);
      } else {
        found.push(value());
      }
    });
    return { call: name, values: found, options: Object.fromEntries(options) };
  }

  const calls: Call[] = [];
  while (tokens[next]!.kind !== 'end') {
    if (tokens[next]!.kind !== 'word') throw fail('should be the name of a transform');
    const said = nameOrCall();
    calls.push(typeof said === 'string' ? { call: said, values: [], options: {} } : said);
    if (!take(',') && tokens[next]!.kind !== 'end') throw fail('should be ","');
  }
  return calls;
}
