import { trainTinyNet } from './tiny-net.ts';

Object.assign(globalThis, { trainTinyNet });
