import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { convCases, gigaflops } from '../../bench/conv-cases.ts';
import { nets } from '../../bench/nets.ts';
import { isWanted, parseOptions } from '../../bench/options.ts';
import { startLinePeer } from '../../bench/peers/line-peer.ts';
import { jsonLine, rowTable, short } from '../../bench/report.ts';
import { alternate, type Side, stepsPerRound } from '../../bench/rounds.ts';
import { perSecond, plainRow, timedRow } from '../../bench/rows.ts';
import { quantile, ratioOf, summarize } from '../../bench/statistics.ts';
import { wasmPeak } from '../../bench/wasm-peak.ts';
import { parameterCount } from '../../src/nn/index.ts';

afterEach(() => vi.restoreAllMocks());

describe('options', () => {
  it('has defaults', () => {
    expect(parseOptions(['--threads', '2'])).toEqual({
      suites: ['conv', 'train', 'infer', 'augment', 'data', 'start', 'memory'],
      cases: [],
      engines: undefined,
      precisions: ['float32'],
      rounds: 15,
      seconds: 6,
      threads: 2,
      json: false,
      peers: true,
    });
  });

  it('takes suites, lists and numbers', () => {
    const args = 'train infer --case lenet,nin --engine wasm,onednn --quick --seconds 2 --no-peers';
    expect(parseOptions(args.split(' '))).toMatchObject({
      suites: ['train', 'infer'],
      cases: ['lenet', 'nin'],
      engines: ['wasm', 'onednn'],
      rounds: 5,
      seconds: 2,
      peers: false,
    });
  });

  it.each([
    ['--engine', 'wsm'],
    ['--rounds', '0'],
    ['--threads', 'two'],
    ['--cas', 'lenet'],
    ['trian'],
  ])('refuses %s %s', (...args) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(() => parseOptions(args)).toThrow(CommanderError);
  });

  it('finds cases by the beginnings of words', () => {
    const wants = (part: string, name: string) => isWanted({ cases: [part] }, name);
    expect(wants('lenet', 'lenet')).toBe(true);
    expect(wants('LeNet', 'bn-lenet')).toBe(true);
    expect(wants('lenet', 'googlenet@96')).toBe(false);
    expect(wants('3×3 64', 'resnet 3×3 64 @56 forward')).toBe(true);
    expect(isWanted({ cases: [] }, 'nin')).toBe(true);
  });
});

describe('statistics', () => {
  it('interpolates quantiles', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([4, 1, 3, 2], 0)).toBe(1);
    expect(quantile([5], 0.9)).toBe(5);
  });

  it('compares round by round, so that a disturbance of both does not count', () => {
    const ours = [
      [1, 1],
      [10, 10],
      [1, 1],
    ];
    const theirs = [
      [2, 2],
      [20, 20],
      [2, 2],
    ];
    expect(ratioOf(ours, theirs)).toBe(2);
    expect(summarize(ours)).toMatchObject({ median: 1, least: 1 });
  });
});

describe('rounds', () => {
  it('lets sides take turns, another one first each time', async () => {
    const order: string[] = [];
    const side = (name: string, seconds: number): Side => ({
      async run(steps) {
        order.push(name);
        return Array.from({ length: steps }, () => seconds);
      },
    });
    const sides = [side('a', 0.1), side('b', 10)];
    const [a, b] = await alternate(sides, { rounds: 3, seconds: 3 });
    expect(order.slice(4)).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(a!.map((round) => round.length)).toEqual([5, 5, 5]);
    expect(b!.map((round) => round.length)).toEqual([1, 1, 1]);
  });

  it('runs at least one step, and not too many', () => {
    expect(stepsPerRound(5, 0.1)).toBe(1);
    expect(stepsPerRound(1e-6, 1)).toBe(50);
  });
});

describe('report', () => {
  const subject = {
    suite: 'train',
    case: 'lenet',
    engine: 'wasm',
    precision: 'float32',
    threads: 2,
  } as const;
  const peer = { name: 'torch', rounds: [[0.04], [0.05], [0.04]] };
  const row = timedRow(subject, perSecond(256, 'images/s'), [[0.02], [0.02], [0.02]], peer);

  it('has what was promised in each row', () => {
    const { machine, rows } = JSON.parse(jsonLine({ cpu: 'x' }, [row]));
    expect(machine).toEqual({ cpu: 'x' });
    expect(rows[0]).toMatchObject({
      suite: 'train',
      case: 'lenet',
      engine: 'wasm',
      precision: 'float32',
      value: 12_800,
      unit: 'images/s',
      peer: 'torch',
      peerValue: 6_400,
      ratio: 2,
    });
  });

  it('says so where there is no peer', () => {
    const alone = timedRow(subject, perSecond(256, 'images/s'), [[0.02]]);
    expect(alone).toMatchObject({ peer: null, peerValue: null, ratio: null });
    expect(rowTable([alone])[1]).toContain('–');
  });

  it('counts less memory as better', () => {
    const memory = plainRow(subject, 'MiB', 100, { name: 'torch', value: 250 });
    expect(memory.ratio).toBe(2.5);
  });

  it('aligns columns', () => {
    const [head, line] = rowTable([row]);
    expect(head!.indexOf('unit')).toBe(line!.indexOf('images/s'));
    expect(line).toContain('2.00×');
    expect(head).not.toContain('of peak');
  });

  it.each([
    [12_345.6, '12,346'],
    [99.94, '99.9'],
    [1.234, '1.23'],
    [0.01234, '0.0123'],
  ])('shortens %d', (value, text) => expect(short(value)).toBe(text));
});

describe('cases', () => {
  it('are the nets that PyTorch has', () => {
    const script = readFileSync(new URL('../../bench/peers/nets.py', import.meta.url), 'utf8');
    const rows = script.matchAll(/"([\w@, -]+)": Net\(\w+, \(([\d, ]+)\), (\d+), ([\d_]+)/g);
    const expected = [...rows].map(([, name, input, batch, parameters]) => [
      name,
      input!.split(', ').map(Number),
      Number(batch),
      Number(parameters!.replaceAll('_', '')),
    ]);
    const ours = Object.entries(nets).map(([name, { input, batch, build }]) => [
      ...[name, input, batch, parameterCount(build())],
    ]);
    expect(ours).toEqual(expected);
  });

  it('count the operations of a convolution', () => {
    expect(gigaflops(convCases['lenet 5×5 6→16 @14']!)).toBeCloseTo(2e-9 * 256 * 16 * 100 * 150);
  });
});

describe('line peer', () => {
  const peer = (script: string) => startLinePeer('peer', process.execPath, ['-e', script]);

  it('asks, and passes on what is wrong', async () => {
    await using echo = peer(`
      console.log('greetings');
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) =>
        console.log(line.includes('bad') ? '{"error": "no"}' : line));
    `);
    expect(await echo.ask({ id: 1 })).toEqual({ id: 1 });
    await expect(echo.ask({ bad: true })).rejects.toThrow('peer: no');
  });

  it('tells when the peer is gone', async () => {
    await using dying = peer(`process.stdin.once('data', () => { throw new Error('lost'); })`);
    await expect(dying.ask({})).rejects.toThrow(/peer: it ended with exit code 1\n[\s\S]*lost/);
  });
});

it.each([true, false])('measures the peak of SIMD, relaxed %s', async (relaxed) => {
  expect(await wasmPeak(relaxed, 1, 10)).toBeGreaterThan(0.1);
});
