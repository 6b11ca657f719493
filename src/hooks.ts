/**
 * Hooks: functions run around tasks and workers that may change what happens.
 *
 * @module
 */
import { CancelExecution, describeError } from "./errors.ts";
import { log } from "./log.ts";
import type { Task } from "./task.ts";
import { show } from "./time.ts";

/** Run before a task. Throwing {@linkcode CancelExecution} cancels it; any other error is logged, and the task runs. */
export type PreExecuteHook = (task: Task) => void | Promise<void>;

/** Run after a task: with its value, or with what it threw. */
export type PostExecuteHook = (task: Task, value: unknown, error: unknown) => void | Promise<void>;

/** Run once per worker when it starts, or when it stops. */
export type WorkerHook = () => void | Promise<void>;

/** The hooks of one Huey instance. */
export class Hooks {
  readonly #preExecute: PreExecuteHook[] = [];
  readonly #postExecute: PostExecuteHook[] = [];
  readonly #startup: WorkerHook[] = [];
  readonly #shutdown: WorkerHook[] = [];

  /** Adds a hook; gives the function that removes it. */
  addPreExecute(hook: PreExecuteHook): () => void {
    return add(this.#preExecute, hook);
  }

  /** Adds a hook; gives the function that removes it. */
  addPostExecute(hook: PostExecuteHook): () => void {
    return add(this.#postExecute, hook);
  }

  /** Adds a hook; gives the function that removes it. */
  addStartup(hook: WorkerHook): () => void {
    return add(this.#startup, hook);
  }

  /** Adds a hook; gives the function that removes it. */
  addShutdown(hook: WorkerHook): () => void {
    return add(this.#shutdown, hook);
  }

  /** Runs the hooks one after the other; the first one that cancels ends it. No promise where there is none. */
  preExecute(task: Task): Promise<CancelExecution | undefined> | undefined {
    return this.#preExecute.length > 0 ? this.#runBefore(task) : undefined;
  }

  async #runBefore(task: Task): Promise<CancelExecution | undefined> {
    for (const hook of [...this.#preExecute]) {
      try {
        await hook(task);
      } catch (error) {
        if (error instanceof CancelExecution) return error;
        logFailure("preExecute", error, task);
      }
    }
  }

  /** Runs the hooks one after the other; what one throws does not stop the others. No promise where there is none. */
  postExecute(task: Task, value: unknown, error: unknown): Promise<void> | undefined {
    return this.#postExecute.length > 0 ? this.#runAfter(task, value, error) : undefined;
  }

  async #runAfter(task: Task, value: unknown, error: unknown): Promise<void> {
    for (const hook of [...this.#postExecute]) {
      try {
        await hook(task, value, error);
      } catch (thrown) {
        logFailure("postExecute", thrown, task);
      }
    }
  }

  /** Runs the hooks of one worker that starts. */
  startup(): Promise<void> {
    return runAll("onStartup", this.#startup);
  }

  /** Runs the hooks of one worker that stops. */
  shutdown(): Promise<void> {
    return runAll("onShutdown", this.#shutdown);
  }
}

function add<T>(hooks: T[], hook: T): () => void {
  if (typeof hook !== "function") throw new TypeError(`A hook must be a function: it is ${show(hook)}`);
  hooks.push(hook);
  return () => {
    const at = hooks.indexOf(hook);
    if (at >= 0) hooks.splice(at, 1);
  };
}

async function runAll(kind: string, hooks: WorkerHook[]): Promise<void> {
  for (const hook of [...hooks]) {
    try {
      await hook();
    } catch (error) {
      logFailure(kind, error);
    }
  }
}

function logFailure(kind: string, error: unknown, task?: Task): void {
  log("hooks")?.error("A {kind} hook failed{where}: {error}", {
    kind,
    where: task ? ` for task ${task.name} ${task.id}` : "",
    error: describeError(error),
  });
}
