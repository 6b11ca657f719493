import { getLogger } from "@logtape/logtape";
import { describeError } from "../errors.ts";
import type { Huey } from "../huey.ts";
import type { Signal } from "../signals.ts";
import type { Task } from "../task.ts";
import { durationText } from "./duration_text.ts";
import { userFrames } from "./stack.ts";

/** Of the signals that are seen most; so the names of the tasks are below each other. */
const WIDTH = "executing".length;

/**
 * Logs the life of each task, as its signals tell it. Arguments and values are not logged, as they may be
 * secrets.
 */
export function logTasks(huey: Huey): void {
  const log = getLogger(["huey", "task"]);
  // By task and not by id, so that one whose lease was lost, which sends no further signal, is forgotten with its task.
  const started = new WeakMap<Task, number>();

  function tell(
    level: "debug" | "info" | "warn" | "error",
    signal: Signal,
    task: Task,
    more = "",
    error?: unknown,
  ): void {
    log[level](`${signal.padEnd(WIDTH)} {name} {id}${more}${error === undefined ? "" : ": {error}"}`, {
      name: task.name,
      id: task.id,
      ...(error === undefined ? {} : { error: describeError(error), frames: userFrames(error) }),
    });
  }

  function took(task: Task): string {
    const since = started.get(task);
    return since === undefined ? "" : ` ${durationText(performance.now() - since)}`;
  }

  huey.signal((signal, task, error) => {
    switch (signal) {
      case "executing":
        started.set(task, performance.now());
        return tell("info", signal, task, task.attempt > 1 ? ` attempt ${task.attempt}` : "");
      case "complete":
        return tell("info", signal, task, took(task));
      case "error":
      case "timeout":
        return tell("error", signal, task, took(task), error);
      case "retrying":
        return tell("info", signal, task, ` ${wait(task, huey)}, ${retriesLeft(task)}`);
      case "interrupted":
        return tell("warn", signal, task, `${took(task)}, given back`);
      case "expired":
      case "redelivered":
        return tell("warn", signal, task);
      case "enqueued":
      case "scheduled":
        return tell("debug", signal, task);
      case "dead":
        return; // The library logs it by itself, with the reason.
      default:
        return tell("info", signal, task);
    }
  });
}

function wait({ fields, eta }: Task, { core }: Huey): string {
  const ms = fields.delay ?? (eta === undefined ? 0 : eta - core.clock.now());
  return ms > 0 ? `in ${durationText(ms)}` : "at once";
}

function retriesLeft({ retries }: Task): string {
  return retries === 1 ? "1 retry left" : `${retries} retries left`;
}
