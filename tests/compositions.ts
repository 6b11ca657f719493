/**
 * Trees of pipelines, groups and chords that fail, retry, are revoked and expire: how they are made up, what a reader of
 * the documentation would expect of each, and how one is played and compared with that.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  CancelExecution,
  Chord,
  chord,
  group,
  type Huey,
  type Member,
  type OutcomeStatus,
  RetryTask,
  type Task,
  TaskCanceled,
  TaskException,
} from "@hq/huey";
import { runAll, type TestClock } from "@hq/huey/testing";
import * as fc from "fast-check";

/** What becomes of one task. */
export interface Plan {
  /** How it is meant to end, apart from `fails`. Only what is there from the start can expire or be cancelled. */
  fate: "runs" | "revoked" | "expired" | "canceled" | "quits" | "unknown";
  /** How many of its attempts fail. */
  fails: number;
  retries: number;
  /** Seconds. */
  retryDelay: number;
  /** Whether its first attempt asks to be run again. */
  asks: boolean;
  /** Seconds. */
  delay: number;
  priority: number;
  /** Whether it has a handler for its failure. */
  handled: boolean;
  /** Its id. */
  label: string;
}

/** Tasks one after the other, or a chord with stages after its callback. */
export type Tree = { stages: Plan[] } | { members: Tree[]; after: Plan[] };

/** What is played at once. */
export interface Play {
  trees: Tree[];
  /** Whether they are enqueued as one group. */
  together: boolean;
  /** How many deliveries go to workers that die. */
  deaths: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  fate: fc.oneof(
    { weight: 12, arbitrary: fc.constant("runs" as const) },
    { weight: 5, arbitrary: fc.constantFrom("revoked", "expired", "canceled", "quits", "unknown") },
  ),
  fails: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) }),
  retries: fc.integer({ min: 0, max: 2 }),
  retryDelay: fc.constantFrom(0, 60),
  asks: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  delay: fc.constantFrom(0, 0, 0, 5),
  priority: fc.integer({ min: -1, max: 1 }),
  handled: fc.boolean(),
  label: fc.constant(""),
});

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: fc.record({ stages: fc.array(plan, { minLength: 1, maxLength: 4 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        members: fc.array(tie("tree"), { maxLength: 4 }),
        after: fc.array(plan, { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
}));

/** Anything that can be played. */
export const plays: fc.Arbitrary<Play> = fc.record({
  trees: fc.array(tree, { minLength: 1, maxLength: 3 }),
  together: fc.boolean(),
  deaths: fc.constantFrom(0, 0, 1, 2),
});

/** How a task is to end. */
interface End {
  status: OutcomeStatus;
  value?: unknown;
  /** How often its function is called. */
  calls: number;
  /** How often its handler is. */
  handlings: number;
}

/** What a chord is given for a member: its value, its error, or nothing. */
type Part = { value: unknown } | { error: string } | undefined;

class Model {
  readonly ends = new Map<string, End>();

  tree(tree: Tree): Part {
    if ("stages" in tree) return this.#line(tree.stages, undefined, true);
    return this.#line(tree.after, [tree.members.map((member) => this.#part(this.tree(member)))], true);
  }

  /** The tasks of a line one after the other; those after one that does not succeed are cancelled. */
  #line([first, ...later]: Plan[], inputs: unknown[] = [], isThere: boolean): Part {
    const end = this.#one(first, inputs, isThere);
    this.ends.set(first.label, end);
    if (end.status === "complete") {
      return later.length > 0 ? this.#line(later, [end.value], false) : { value: end.value };
    }
    for (const { label } of later) this.ends.set(label, { status: "canceled", calls: 0, handlings: 0 });
    return end.status === "error" ? { error: first.label } : undefined;
  }

  #one(plan: Plan, inputs: unknown[], isThere: boolean): End {
    const { label, fails, retries, delay } = plan;
    const asked = plan.asks ? 1 : 0;
    const never = { calls: 0, handlings: 0 };
    const failed = { status: "error", handlings: plan.handled ? 1 : 0 } as const;
    switch (plan.fate) {
      case "canceled":
        if (isThere) return { ...never, status: "canceled" };
        break;
      case "revoked":
        return { ...never, status: "revoked" };
      case "expired":
        // A callback's time counts from the call, too, but when it comes depends on its members.
        if (isThere && inputs.length === 0 && delay === 0) return { ...never, status: "expired" };
        break;
      case "unknown":
        return { ...failed, calls: 0 };
      case "quits":
        return { status: "canceled", calls: 1, handlings: 0 };
    }
    if (fails > retries) return { ...failed, calls: retries + 1 + asked };
    return { status: "complete", value: { label, inputs }, calls: fails + 1 + asked, handlings: 0 };
  }

  #part(part: Part): unknown {
    return part && ("value" in part ? part.value : { failed: part.error });
  }
}

/** Plays on an instance, again and again. */
export class Stage {
  readonly #huey: Huey;
  readonly #clock: TestClock;
  readonly #work;
  readonly #gone;
  readonly #handle;
  #calls: string[] = [];
  #handlings: string[] = [];
  #plays = 0;

  constructor(huey: Huey, clock: TestClock) {
    this.#huey = huey;
    this.#clock = clock;
    this.#work = huey.task("work", { context: true }, (context, plan: Plan, ...inputs: unknown[]) => {
      this.#calls.push(plan.label);
      if (plan.fate === "quits") throw new CancelExecution({ retry: false });
      const attempt = context.attempt - (plan.asks ? 1 : 0);
      if (attempt === 0) throw new RetryTask({ delay: plan.retryDelay });
      if (attempt <= plan.fails) throw new RangeError(`${plan.label} ${attempt}`);
      return { label: plan.label, inputs: inputs.map(seen) };
    });
    this.#gone = huey.task("gone", (_plan: Plan, ..._inputs: unknown[]) => {});
    this.#gone.unregister();
    this.#handle = huey.task("handle", (label: string, error: Error) => {
      this.#handlings.push(error instanceof Error ? label : `${label} without an error`);
    });
  }

  /** Plays one, and throws unless everything in it ends as it should. */
  async play({ trees, together, deaths }: Play): Promise<void> {
    const huey = this.#huey;
    await huey.flush();
    this.#calls = [];
    this.#handlings = [];
    const plans = label(trees, `${this.#plays++}`);
    const model = new Model();
    for (const tree of trees) model.tree(tree);

    for (const { label, fate } of plans) if (fate === "revoked") await huey.revoke(label);
    const members = trees.map((tree) => this.#build(tree));
    const tails = together
      ? Array.from(await huey.enqueue(group(members)), ({ id }) => id)
      : await Promise.all(members.map((member) => this.#enqueue(member)));
    assertEquals(tails, trees.map((tree) => ("stages" in tree ? tree.stages : tree.after).at(-1)!.label));
    for (const { label, fate } of plans) if (fate === "canceled") await huey.cancel(label);
    await this.#clock.advance("2s");
    const claim = { limit: deaths, lease: huey.core.settings.lease };
    await huey.core.storage.exchange({ now: this.#clock.now(), claim });
    await runAll(huey);

    for (const [label, { status, value }] of model.ends) {
      const result = huey.result(label);
      const got = await result.get({ blocking: true, timeout: 0 }).then((value) => ({ value }), (error) => error);
      assertEquals([label, await result.status()], [label, status]);
      if (status === "complete") assertEquals(got.value, value);
      else assertEquals([label, got instanceof (status === "error" ? TaskException : TaskCanceled)], [label, true]);
    }
    const times = (count: (end: End) => number) =>
      [...model.ends].flatMap(([label, end]) => Array.from({ length: count(end) }, () => label)).sort();
    assertEquals(this.#calls.sort(), times(({ calls }) => calls));
    assertEquals(this.#handlings.sort(), times(({ handlings }) => handlings));
    const { queued, scheduled, running, dead } = await huey.counts();
    const unknown = [...model.ends].filter(([id, { status, calls }]) => status === "error" && calls === 0 && id);
    assertEquals({ queued, scheduled, running, dead }, { queued: 0, scheduled: 0, running: 0, dead: unknown.length });
  }

  async #enqueue(member: Member): Promise<string> {
    if (member instanceof Chord) return (await this.#huey.enqueue(member)).callback.id;
    const handle = await this.#huey.enqueue(member as Task<[], unknown, [unknown, unknown]>);
    // Of one stage it is the handle on that, and not on several.
    return "at" in handle ? handle.at(-1)!.id : (handle as { id: string }).id;
  }

  #build(tree: Tree): Member {
    if ("stages" in tree) return this.#line(tree.stages);
    return chord(tree.members.map((member) => this.#build(member)), this.#line(tree.after) as never);
  }

  #line(plans: Plan[]): Task {
    return plans.map((plan, i) => this.#task(plan, i === 0)).reduce((line, next) => line.pipe(next as never) as Task);
  }

  #task(plan: Plan, isFirst: boolean): Task {
    const { label, retries, retryDelay, delay, priority, fate } = plan;
    const made = (fate === "unknown" ? this.#gone : this.#work).s(plan).with({
      ...{ id: label, retries, retryDelay, priority },
      ...(delay > 0 ? { delay } : {}),
      ...(fate === "expired" && isFirst && delay === 0 && plan.label.endsWith("h") ? { expires: 1 } : {}),
    });
    return (plan.handled ? made.error(this.#handle, label) : made) as unknown as Task;
  }
}

/** Gives each task its id; that of the head of a line which waits for nobody ends with "h". */
function label(trees: Tree[], prefix: string): Plan[] {
  const plans: Plan[] = [];
  const add = (plan: Plan, isHead: boolean): void => {
    plan.label = `${prefix}-${plans.length}${isHead ? "h" : ""}`;
    plans.push(plan);
  };
  const visit = (tree: Tree): void => {
    if ("stages" in tree) return tree.stages.forEach((plan, i) => add(plan, i === 0));
    tree.members.forEach(visit);
    tree.after.forEach((plan) => add(plan, false));
  };
  trees.forEach(visit);
  return plans;
}

/** An input as it can be compared: of an error, whose it is. */
function seen(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(seen);
  return input instanceof TaskException ? { failed: input.metadata.taskId } : input;
}
