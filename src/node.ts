/**
 * What needs Node: data on disk, run folders, training with them.
 *
 * @module
 */
export * from './data/node.ts';
export * from './image/node.ts';
export * from './train/node.ts';
