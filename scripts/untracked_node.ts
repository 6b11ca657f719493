/**
 * Keeps Node's test runner from following every promise, which it does to tell what was left behind by which test, and
 * which makes tests with many promises take more than twice as long: `node --require ./scripts/untracked_node.ts --test …`.
 *
 * @module
 */

import { type AsyncHook, createHook } from "node:async_hooks";

const hooks: AsyncHook = Object.getPrototypeOf(createHook({}));
const { enable } = hooks;

/** The runner's own hook is the first; all that come after it are as ever. */
hooks.enable = function () {
  hooks.enable = enable;
  return this;
};
