/**
 * The task functions of one Huey instance, by name. The name is what travels in messages.
 *
 * @module
 */
import type { Schedule } from "./crontab.ts";
import { ConfigurationError } from "./errors.ts";
import type { TaskSettings } from "./task_options.ts";
import { show } from "./time.ts";

/** A task function as a worker needs it. */
export interface Definition {
  /** Unique within the instance. */
  readonly name: string;
  /** What the user wrote. */
  readonly fn: (...args: never[]) => unknown;
  /** Its options, checked. */
  readonly settings: TaskSettings;
  /** Of a periodic task: its slots. */
  readonly schedule?: Schedule;
}

/** The task functions of one Huey instance. */
export class Registry {
  readonly #definitions = new Map<string, Definition>();

  /**
   * Adds a task function.
   *
   * @throws {ConfigurationError} if the name is empty or taken.
   */
  add(definition: Definition): void {
    const { name, fn } = definition;
    if (typeof name !== "string" || name.trim() === "") {
      throw new ConfigurationError(
        `A task needs a name that is not empty: current value is ${show(name)}; ` +
          `it travels in messages, as in huey.task("sendEmail", (to: string) => …)`,
      );
    }
    if (typeof fn !== "function") {
      throw new TypeError(`Task ${show(name)} needs a function: current value is ${show(fn)}`);
    }
    if (this.#definitions.has(name)) {
      throw new ConfigurationError(`There is a task named ${show(name)} already: give this one another name`);
    }
    this.#definitions.set(name, definition);
  }

  /** The task function of this name. */
  get(name: string): Definition | undefined {
    return this.#definitions.get(name);
  }

  /** Forgets a task function; tells whether it was there. Its messages become dead letters. */
  remove(name: string): boolean {
    return this.#definitions.delete(name);
  }

  /** All of them, in the order in which they were added. */
  list(): Definition[] {
    return [...this.#definitions.values()];
  }
}
