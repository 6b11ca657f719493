/**
 * Groups and chords: tasks that belong together, and what is called with all of their values.
 *
 * @module
 */
import type { Result } from "./result.ts";
import type { ResultGroup } from "./result_group.ts";
import { type Step, Task, type TaskFields, toFields } from "./task.ts";

/** A member: a task that lacks nothing, with or without further stages, or a chord. */
export type Member<R = unknown> = Task<[], R> | Chord<unknown[], R>;

/** The value of each member. */
export type MemberValues<Members extends readonly unknown[]> = {
  -readonly [K in keyof Members]: Members[K] extends Task<never, infer R> ? R
    : Members[K] extends Chord<unknown[], infer R> ? R
    : never;
};

/** Tasks that are enqueued together. */
export class Group<Values extends unknown[] = unknown[]> {
  /** The members. */
  readonly members: readonly Member[];

  /** Never set: carries the types. */
  declare readonly values: Values;

  /** Made by {@linkcode group}. */
  constructor(members: readonly Member[]) {
    this.members = members;
  }

  /** A chord: once all members have ended, `callback` is called with the given arguments and then the list of their values. */
  pipe<Given extends unknown[], R>(callback: Step<[...Given, Values[number][]], R>, ...args: Given): Chord<Values, R> {
    // One that is a member in several places is a chord of its own in each. Its ids are fixed here, since enqueuing the
    // same chord again, as after an answer that was lost, must be enqueuing the same messages.
    const members = this.members.map((member) =>
      member instanceof Chord ? new Chord(member.members, new Task(member.callback.attach([]))) : member
    );
    return new Chord(members, new Task(toFields(callback, args)));
  }

  /** Gives each member a handler for its failure. */
  error<Given extends unknown[]>(handler: Step<[...Given, Error], unknown>, ...args: Given): Group<Values> {
    return new Group(this.members.map((member) => {
      return member instanceof Chord ? member.error(handler, ...args) : member.error(handler, ...args);
    }));
  }
}

/** A group, and the callback that gets the values of all of its members. */
export class Chord<Values extends unknown[] = unknown[], R = unknown> {
  /** The members. */
  readonly members: readonly Member[];
  /** What is called with their values, and the stages after it. */
  readonly callback: Task<never, R>;

  /** Never set: carries the types. */
  declare readonly values: Values;

  /** Made by {@linkcode chord}. */
  constructor(members: readonly Member[], callback: Task<never, unknown>) {
    this.members = members;
    this.callback = callback as Task<never, R>;
  }

  /** A further stage after the callback. */
  pipe<Given extends unknown[], R2>(next: Step<[...Given, R], R2>, ...args: Given): Chord<Values, R2> {
    return new Chord<Values, R2>(this.members, (this.callback as Task).pipe(next as Step<never>, ...args as never));
  }

  /** A handler for the failure of the callback. */
  error<Given extends unknown[]>(handler: Step<[...Given, Error], unknown>, ...args: Given): Chord<Values, R> {
    return new Chord<Values, R>(this.members, (this.callback as Task).error(handler, ...args));
  }
}

/** The handles on a chord. */
export interface ChordResult<Values extends unknown[] = unknown[], R = unknown> {
  /** The handles on the members. */
  readonly results: ResultGroup<Values>;
  /** The handle on the callback, or on the last stage after it. */
  readonly callback: Result<R>;
  /** The value of the callback; see `Result.get`. */
  readonly get: Result<R>["get"];
}

/**
 * Tasks that are enqueued together.
 *
 * @example
 * ```ts
 * import { group, Huey } from "@hq/huey";
 *
 * const huey = new Huey("docs", { immediate: true });
 * const square = huey.task("square", (n: number) => n * n);
 * const sum = huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0));
 *
 * const squares = await huey.enqueue(group([square.s(1), square.s(2)]));
 * console.log(await squares.get()); // [1, 4]
 *
 * const total = await huey.enqueue(group([square.s(1), square.s(2)]).pipe(sum));
 * console.log(await total.get()); // 5
 * ```
 */
export function group<const Members extends readonly Member[]>(members: Members): Group<MemberValues<Members>> {
  if (!Array.isArray(members)) {
    throw new TypeError(
      "A task made with s(), a group, a chord, or a list of tasks is expected: call s() on a task function",
    );
  }
  for (const member of members) {
    if (!(member instanceof Task || member instanceof Chord)) {
      throw new TypeError("A member of a group must be a task made with s(), a pipeline or a chord");
    }
  }
  return new Group<MemberValues<Members>>([...members]);
}

/**
 * A group and its callback, which is called with the values of all members in their order. In the place of a member that
 * has failed for good stands its `TaskException`, of one that was revoked, has expired or was cancelled `undefined`.
 */
export function chord<const Members extends readonly Member[], R>(
  members: Members,
  callback: Step<[MemberValues<Members>[number][]], R>,
): Chord<MemberValues<Members>, R> {
  return group(members).pipe(callback);
}

/** Every task of a chord, the callbacks before those they wait for, each member's last stage knowing where its value goes. */
export function flatten({ members, callback }: Chord, join?: TaskFields["join"]): { task: Task; parts?: number }[] {
  // Whoever makes it a member after this gets a chord of its own.
  callback.attach([]);
  const { id } = callback;
  const waiting = { task: joined(callback as Task, join), parts: members.length };
  return [
    waiting,
    ...members.flatMap((member, index) => {
      const place = { id, index };
      return member instanceof Chord ? flatten(member, place) : [{ task: joined(member, place) }];
    }),
  ];
}

/** The task whose outcome is that of the whole pipeline. */
export function tailId(member: Member): string {
  const { fields } = member instanceof Chord ? member.callback : member;
  return fields.stages?.at(-1)?.id ?? fields.id;
}

/** Where the value of a task, or of the pipeline that it begins, goes. */
export function joinOf({ stages, join }: TaskFields): TaskFields["join"] {
  return join ?? stages?.at(-1)?.join;
}

function joined({ fields }: Task, join: TaskFields["join"]): Task {
  const { stages = [] } = fields;
  if (!join) return new Task(fields);
  if (stages.length === 0) return new Task({ ...fields, join });
  return new Task({ ...fields, stages: stages.with(-1, { ...stages.at(-1)!, join }) });
}
