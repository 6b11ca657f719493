/**
 * Which links of pipelines, groups and chords compile, and which do not. The lines under `@ts-expect-error` are checked
 * by `deno check`: where one of them would compile, that is an error.
 */
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  chord,
  type ChordResult,
  group,
  Huey,
  type Result,
  type ResultGroup,
  spread,
  type Task,
  type TaskException,
} from "@hq/huey";

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

function same<A, B>(same: Same<A, B>): void {
  assertEquals(same, true);
}

function tasks() {
  const huey = new Huey("tests");
  return {
    huey,
    one: huey.task("one", () => 1),
    add: huey.task("add", (a: number, b: number) => a + b),
    size: huey.task("size", (text: string) => text.length),
    show: huey.task("show", (n: number) => `${n}`),
    nothing: huey.task("nothing", () => {}),
    maybe: huey.task("maybe", (): number | undefined => undefined),
    pair: huey.task("pair", () => spread(1, "a")),
    list: huey.task("list", () => [1, 2]),
    sum: huey.task("sum", (all: number[]) => all.length),
  };
}

test("a stage takes the value of the one before, after the arguments that it is given", () => {
  const { one, add, size, show, list, sum } = tasks();
  one.s().pipe(add, 1);
  one.s().pipe(add.s(1));
  one.s().pipe(show).pipe(size).pipe(add, 5);
  list.s().pipe(sum);
  // @ts-expect-error: a number is no text
  one.s().pipe(size);
  // @ts-expect-error: an argument is missing
  one.s().pipe(add);
  // @ts-expect-error: a text is no number
  one.s().pipe(add, "1");
  // @ts-expect-error: it has all of its arguments already
  one.s().pipe(add, 1, 2);
  // One that wants no more does without the value.
  one.s().pipe(add.s(1, 2));
  // @ts-expect-error: the last link is wrong
  one.s().pipe(show).pipe(size).pipe(size);
  // @ts-expect-error: a list is one argument
  list.s().pipe(add);
  // @ts-expect-error: the last stage of the inner pipeline gives a text
  one.s().pipe(add.s(1).pipe(show)).pipe(add, 1);
});

test("undefined gives no argument, and spread gives several", () => {
  const { one, add, size, nothing, maybe, pair, show, huey } = tasks();
  const both = huey.task("both", (n: number, text: string) => `${n}${text}`);
  const three = huey.task("three", (first: boolean, n: number, text: string) => `${first}${n}${text}`);
  const optional = huey.task("optional", (n?: number) => n ?? 0);
  nothing.s().pipe(one);
  nothing.s().pipe(add, 1, 2);
  pair.s().pipe(both);
  pair.s().pipe(three, true);
  maybe.s().pipe(optional);
  // @ts-expect-error: nothing is given
  nothing.s().pipe(show);
  // One that wants less does without the rest.
  pair.s().pipe(show);
  // @ts-expect-error: they come in the other order
  pair.s().pipe(huey.task("wrong", (text: string, n: number) => `${text}${n}`));
  // @ts-expect-error: it may be missing
  maybe.s().pipe(show);
  void size;
});

test("what a pipeline gives is known stage by stage", async () => {
  const { huey, one, show, size, pair } = tasks();
  const both = huey.task("both", (n: number, text: string) => ({ n, text }));
  const stages = await huey.enqueue(one.s().pipe(show).pipe(size));
  same<typeof stages, ResultGroup<[number, string, number]>>(true);
  const second = stages.at(1);
  same<typeof second, Result<string> | undefined>(true);
  const spreading = await huey.enqueue(pair.s().pipe(both));
  same<typeof spreading, ResultGroup<[[number, string], { n: number; text: string }]>>(true);
  const alone = await huey.enqueue(one.s());
  same<typeof alone, Result<number>>(true);
  const values = async () => await stages.get({ blocking: true });
  same<Awaited<ReturnType<typeof values>>, [number, string, number]>(true);
});

test("a pipeline that was built in a loop can be enqueued", async () => {
  const { huey, add } = tasks();
  let line: Task<[], number, number[]> = add.s(1, 2);
  for (let i = 0; i < 3; i++) line = line.pipe(add, i);
  const stages = await huey.enqueue(line);
  same<typeof stages, Result<number> | ResultGroup<number[]>>(true);
  await huey.drain();
  assertEquals("length" in stages && stages.length, 4);
});

test("a handler takes the error after the arguments that it is given", () => {
  const { huey, one, show, sum } = tasks();
  const handle = huey.task("handle", (error: Error) => error.message);
  const tell = huey.task("tell", (where: string, error: Error) => `${where} ${error.message}`);
  one.s().error(handle);
  one.s().error(tell, "here").error(tell.s("there"));
  one.s().error(huey.task("deaf", () => {}));
  group([one.s()]).error(tell, "here").pipe(sum).error(handle);
  // @ts-expect-error: an error is no number
  one.s().error(show);
  // @ts-expect-error: an argument is missing
  one.s().error(tell);
  // @ts-expect-error: a text is expected before the error
  one.s().error(tell, 5);
  // @ts-expect-error: any error may come
  one.s().error(huey.task("picky", (_error: TaskException) => {}));
});

test("a callback takes the list of its members' values", () => {
  const { huey, one, show, sum, add } = tasks();
  const texts = huey.task("texts", (all: string[]) => all.length);
  const either = huey.task("either", (all: (number | string)[]) => all.length);
  const careful = huey.task("careful", (all: (number | TaskException | undefined)[]) => all.length);
  const label = huey.task("label", (name: string, all: number[]) => `${name} ${all}`);
  chord([one.s(), add.s(1, 2)], sum);
  chord([one.s(), show.s(1)], either);
  chord([one.s(), one.s()], careful);
  chord([one.s()], label.s("x"));
  group([one.s()]).pipe(label, "x").pipe(huey.task("end", (text: string) => text));
  chord([one.s().pipe(show)], texts);
  // @ts-expect-error: a member gives a text
  chord([one.s(), show.s(1)], sum);
  // @ts-expect-error: the members give numbers
  chord([one.s()], texts);
  // @ts-expect-error: it takes a number, not a list
  chord([one.s()], show);
  // @ts-expect-error: an argument is missing
  chord([one.s()], label);
  // @ts-expect-error: the pipeline ends with a text
  chord([one.s().pipe(show)], sum);
  // @ts-expect-error: the stage after the callback gets a number
  chord([one.s()], sum).pipe(huey.task("after", (text: string) => text));
  // @ts-expect-error: a member lacks an argument
  chord([add.s(1)], sum);
  // @ts-expect-error: a task function is no task
  void (() => group([one]));
});

test("what a group and a chord give is known member by member", async () => {
  const { huey, one, show, sum } = tasks();
  const members = await huey.enqueue(group([one.s(), show.s(1), one.s().pipe(show)]));
  same<typeof members, ResultGroup<[number, string, string]>>(true);
  const listed = await huey.enqueue([one.s(), show.s(1)]);
  same<typeof listed, ResultGroup<[number, string]>>(true);
  const whole = await huey.enqueue(chord([one.s(), one.s()], sum).pipe(show));
  same<typeof whole, ChordResult<[number, number], string>>(true);
  const nested = await huey.enqueue(chord([chord([one.s()], sum), one.s()], sum));
  same<typeof nested, ChordResult<[number, number], number>>(true);
  const mapped = await huey.enqueue(group([1, 2, 3].map((n) => show.s(n))));
  same<typeof mapped, ResultGroup<string[]>>(true);
});

test("a nested chord is a member of its callback's type", () => {
  const { huey, one, show, sum } = tasks();
  const texts = huey.task("texts", (all: string[]) => all.length);
  chord([chord([one.s()], sum).pipe(show)], texts);
  // @ts-expect-error: the inner chord gives a number
  chord([chord([one.s()], sum)], texts);
});
