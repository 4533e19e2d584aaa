import { test } from 'vitest';
import { onednnEngine, onednnStatus } from '../../src/engines/onednn/engine.ts';
import { conformance } from './run.ts';

const { available, reason, remedy } = onednnStatus();

if (!available) {
  test(`onednn: ${reason}; ${remedy}`, (context) => context.skip(reason));
} else {
  conformance('onednn, 1 thread', () => onednnEngine({ threads: 1 }));
  conformance('onednn, 2 threads', () => onednnEngine({ threads: 2 }));
}
