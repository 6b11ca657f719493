import { chord, group } from "@hq/huey";
import type { Chord, Task } from "@hq/huey";
import type { Call } from "./plan.ts";
import type { Program } from "./program.ts";

/** How a task may end, and with what value if it is to be complete. */
export interface Expected {
  status: "complete" | "error" | "expired" | "canceled";
  value?: unknown;
  /** How often its function is begun where nothing fails. */
  starts: number;
}

/** A call, made into tasks. */
export interface Made {
  enqueue(): Promise<unknown>;
  /** By id. */
  expected: Map<string, Expected>;
  /** The task that it is all for. */
  last: string;
}

type Any = Task<[], unknown, [unknown]>;

/** Makes the tasks of a call. */
export function makeCall(program: Program, { kind, n, ms, priority, delay }: Call): Made {
  const { huey, quick, flaky, failing, handle, gather } = program;
  const expected = new Map<string, Expected>();
  const complete = (value: unknown, starts = 1): Expected => ({ status: "complete", value, starts });
  const error: Expected = { status: "error", starts: 1 };
  const options = { priority, delay };
  const one = (task: Any, end: Expected): Made => {
    const set = task.with(options);
    expected.set(set.id, end);
    return { enqueue: () => huey.enqueue(set), expected, last: set.id };
  };
  const pipeline = (task: Task, ends: Expected[]): void => {
    [task, ...task.fields.stages ?? []].forEach(({ id }, i) => expected.set(id, ends[i]));
  };
  const whole = (made: Chord, value: string): Made => {
    expected.set(made.callback.id, complete(value));
    return { enqueue: () => huey.enqueue(made), expected, last: made.callback.id };
  };

  switch (kind) {
    case "slow":
      return one(program.slow.s(ms), complete(ms));
    case "flaky":
      return one(flaky.s(n), complete(n, 2));
    case "failing":
      return one(failing.s(n), error);
    case "hasty":
      return one(program.hasty.s(n), complete(n, 2));
    case "once":
      return one(program.once.s("key"), complete("key"));
    case "locked":
      return one(program.locked.s(n), complete(n));
    case "narrow":
      return one(program.narrow.s(n), complete(n));
    case "limited":
      return one(program.limited.s(n), complete(n));
    case "expiring":
      return one(program.expiring.s(n), { status: "expired", value: n, starts: 1 });
    case "handled": {
      const task = failing.s(n).error(handle);
      expected.set(task.fields.handler!.id, complete("never"));
      return one(task, error);
    }
    case "pipeline": {
      const task = quick.s(n).with(options).pipe(flaky).pipe(quick);
      pipeline(task, [complete(n), complete(n, 2), complete(n)]);
      return { enqueue: () => huey.enqueue(task), expected, last: task.fields.stages!.at(-1)!.id };
    }
    case "cut pipeline": {
      const task = quick.s(n).with(options).pipe(failing).pipe(quick);
      pipeline(task, [complete(n), error, { status: "canceled", starts: 0 }]);
      return { enqueue: () => huey.enqueue(task), expected, last: task.fields.stages!.at(-1)!.id };
    }
    case "chord": {
      const members = [quick.s(n), flaky.s(n + 1), failing.s(n), quick.s(n).pipe(quick)] as const;
      [complete(n), complete(n + 1, 2), error].forEach((end, i) => expected.set(members[i].id, end));
      pipeline(members[3], [complete(n), complete(n)]);
      return whole(group([...members]).pipe(gather), `${n} ${n + 1} error ${n}`);
    }
    case "nested chord": {
      const inner = [quick.s(1), flaky.s(2)] as const;
      const members = [quick.s(n), chord([...inner], gather)] as const;
      expected.set(inner[0].id, complete(1)).set(inner[1].id, complete(2, 2)).set(members[0].id, complete(n));
      expected.set(members[1].callback.id, complete("1 2"));
      return whole(group([...members]).pipe(gather), `${n} 1 2`);
    }
    case "many": {
      const tasks = Array.from({ length: 8 }, (_, i) => quick.s(i).with({ priority: i % 3 }));
      tasks.forEach(({ id }, i) => expected.set(id, complete(i)));
      return { enqueue: () => huey.enqueue(tasks), expected, last: tasks[7].id };
    }
    default:
      return one(quick.s(n), complete(n));
  }
}
