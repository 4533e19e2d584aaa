import { didYouMean, UsageError } from '../graph/index.ts';
import { augmentation } from './augmentation.ts';
import { batchnorm } from './batchnorm.ts';
import { degradation } from './degradation.ts';
import { denseShareStudy } from './dense-share.ts';
import { gradients } from './gradients.ts';
import { kernels } from './kernels.ts';
import { oneByOne } from './one-by-one.ts';
import type { Study } from './study.ts';

/** Every study, in the order of the list. */
export const studies: readonly Study[] = [
  gradients,
  degradation,
  batchnorm,
  oneByOne,
  denseShareStudy,
  kernels,
  augmentation,
];

/** @throws UsageError for an unknown name, with the closest one */
export function studyNamed(name: string): Study {
  const found = studies.find((study) => study.name === name);
  if (found !== undefined) return found;
  const names = studies.map((study) => study.name);
  throw new UsageError(
    `there is no study "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
  );
}
