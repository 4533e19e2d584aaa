import { describe, expect, it } from 'vitest';
import { duplicateProblems, sameContent } from './duplicates.ts';
import { excludedSamples } from './exclusions.ts';
import { type CheckedSample, emptyFacts } from './facts.ts';
import { emptyClasses } from './report.ts';

/** Samples that can all be decoded, with their content in a letter. */
function factsOf(rows: readonly (readonly [path: string, content: string])[]) {
  const samples = rows.map(([path]): CheckedSample => {
    const [first, second] = path.split('/') as [string, string];
    const part = (['train', 'val', 'test'] as const).find((name) => name === first);
    return { path, part, label: part ? second : first };
  });
  const facts = emptyFacts(samples);
  facts.widths.fill(1);
  rows.forEach(([, content], i) => {
    facts.digests[i] = content;
  });
  return facts;
}

describe('copies', () => {
  const facts = factsOf([
    ['test/cat/1', 'a'],
    ['train/cat/1', 'a'],
    ['train/cat/2', 'a'],
    ['train/cat/3', 'b'],
    ['train/dog/1', 'b'],
    ['train/dog/2', 'c'],
    ['val/dog/1', 'c'],
    ['train/dog/3', 'd'],
    ['train/dog/4', 'd'],
    ['train/dog/5', 'e'],
  ]);
  const problems = duplicateProblems(facts, sameContent(facts));

  it('are told apart by labels and splits', () => {
    expect(problems).toEqual([
      { kind: 'leak', samples: [0, 1, 2], detail: 'test, train' },
      { kind: 'duplicate', samples: [0, 1, 2], detail: '2 copies in train' },
      { kind: 'conflict', samples: [3, 4], detail: 'cat, dog' },
      { kind: 'leak', samples: [5, 6], detail: 'train, val' },
      { kind: 'duplicate', samples: [7, 8], detail: '2 copies in train' },
    ]);
  });

  it('are left out but for one, that of the test split before others', () => {
    expect(excludedSamples(problems, facts.samples)).toEqual([
      { sample: 1, reason: 'same picture in several splits: test/cat/1' },
      { sample: 2, reason: 'same picture in several splits: test/cat/1' },
      { sample: 3, reason: 'same picture, different labels: cat, dog' },
      { sample: 4, reason: 'same picture, different labels: cat, dog' },
      { sample: 5, reason: 'same picture in several splits: val/dog/1' },
      { sample: 8, reason: 'exact duplicate: train/dog/3' },
    ]);
  });

  it('leave nothing to complain of', () => {
    const out = new Set(excludedSamples(problems, facts.samples).map(({ sample }) => sample));
    const rows = facts.samples
      .map(({ path }, i) => [path, facts.digests[i]!] as const)
      .filter((_, i) => !out.has(i));
    const rest = factsOf(rows);
    expect(duplicateProblems(rest, sameContent(rest))).toEqual([]);
  });
});

it('emptyClasses names the splits that lack a class', () => {
  const facts = factsOf([
    ['train/cat/1', 'a'],
    ['test/cat/1', 'b'],
    ['train/dog/1', 'c'],
  ]);
  facts.widths[2] = 0;
  expect(emptyClasses(facts, ['cat', 'dog']).map(({ detail }) => detail)).toEqual([
    'dog: none in train, test',
  ]);
  const flat = factsOf([['cat/1', 'a']]);
  expect(emptyClasses(flat, ['cat', 'fish']).map(({ detail }) => detail)).toEqual(['fish']);
});
