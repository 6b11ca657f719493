import type { Huey } from "../huey.ts";

/** From the name of its class, as a storage says nothing of itself; nothing if that is not telling (as when minified). */
export function storageKind({ core }: Huey): string | undefined {
  const kind = /^(\w+)Storage$/.exec(core.storage.constructor.name)?.[1].replace(/\B[A-Z]/g, " $&").toLowerCase();
  return kind === "memory" ? "memory: no other process sees its tasks" : kind;
}
