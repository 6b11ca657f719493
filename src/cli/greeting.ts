import process from "node:process";
import type { ConsumerOptions } from "../consumer.ts";
import type { Huey } from "../huey.ts";
import type { Definition } from "../registry.ts";
import type { ConsumeOptions } from "./consume_options.ts";
import { durationText } from "./duration_text.ts";
import { dim } from "./log.ts";
import { storageKind } from "./storage_kind.ts";
import { version } from "./version.ts";

/** What is shown at the start: what runs where, and the tasks. */
export function greeting(huey: Huey, { modules, consumer, log }: ConsumeOptions): string {
  const definitions = huey.core.registry.list();
  const rows = [
    ["queue", huey.core.name],
    [modules.length === 1 ? "module" : "modules", modules.join(" ")],
    ["storage", storageKind(huey)],
    ["workers", workers(consumer)],
    ["log", log.file],
    ["pid", String(process.pid)],
  ].filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...definitions.map(({ name }) => name.length));
  return [
    `huey ${version} on ${runtime()}`,
    "",
    ...rows.map(([name, value]) => `  ${dim(name!.padEnd(8))}  ${value}`),
    "",
    definitions.length > 0
      ? `  ${dim("tasks")}`
      : "  There are no tasks: does the module import the modules that define them?",
    ...definitions.map((definition) =>
      `    ${definition.name.padEnd(width)}  ${dim(nextRun(huey, definition, consumer.periodic))}`.trimEnd()
    ),
    "",
  ].join("\n");
}

function workers({ workers = 1, kind = "async", concurrency = 1 }: ConsumerOptions): string {
  return `${workers}, ${kind}${concurrency > 1 ? `, ${concurrency} tasks each` : ""}`;
}

function runtime(): string {
  const { deno, bun, node } = process.versions;
  return deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
}

function nextRun({ core }: Huey, { schedule }: Definition, isOffered = true): string {
  if (!schedule) return "";
  if (!isOffered) return "periodic, left to other consumers";
  const timeZone = "timeZone" in schedule && typeof schedule.timeZone === "string" ? schedule.timeZone : "UTC";
  try {
    const next = schedule.next(core.clock.now());
    if (next === undefined) return "never again";
    // Sweden writes dates as ISO 8601 does.
    const at = new Date(next).toLocaleString("sv-SE", { timeZone });
    return `next ${at} ${timeZone}, in ${durationText(next - core.clock.now())}`;
  } catch {
    // The scheduler logs what is wrong with it.
    return "next unknown: its schedule fails";
  }
}
