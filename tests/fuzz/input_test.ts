/** Whatever is typed, sent or asked for: an answer or a clear error, soon, and nothing else. */
import { test } from "node:test";
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  compressed,
  ConfigurationError,
  crontab,
  type CrontabFields,
  encrypted,
  Huey,
  HueyError,
  json,
  rich,
  signed,
} from "@hq/huey";
import { createHandler } from "@hq/huey/http";
import { TestClock } from "@hq/huey/testing";
import fc from "fast-check";
import { UsageError } from "../../src/cli/command_line.ts";
import { CONSUME_FLAGS, readConsumeArguments, readConsumeOptions } from "../../src/cli/consume_options.ts";
import { scheduleFrom, type ScheduleSpec } from "../../src/crontab.ts";
import { type Duration, toMilliseconds } from "../../src/time.ts";
import { isUnpolluted, SPECIAL_NAMES, text, value } from "./hostile.ts";

const RUNS = { numRuns: 500 };
/** Longer than anything here takes on a slow machine, and far less than what grows with the square. */
const SOON = 2_000;

/** Fails unless the error is one of these. */
function expect(error: unknown, ...kinds: (new (...args: never[]) => Error)[]): void {
  assert(kinds.some((kind) => error instanceof kind), `${(error as Error).stack}`);
}

test("whatever arguments the command line is given, it has options or says what is wrong in a line", () => {
  const names = CONSUME_FLAGS.flatMap(({ flags }) => flags.flatMap(({ name, short }) => [`--${name}`, `-${short}`]));
  const words = fc.oneof(
    fc.constantFrom(...names, ...SPECIAL_NAMES, "--", "-", "--no-", "--=", "-wk", "1", "0", "1e9", "-1", "30s"),
    fc.tuple(fc.constantFrom(...names), fc.string()).map(([name, text]) => `${name}=${text}`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 6 }), (args) => {
      try {
        const { consumer } = readConsumeOptions(readConsumeArguments(args));
        assert(consumer.workers === undefined || consumer.workers >= 1);
      } catch (error) {
        expect(error, UsageError);
        assertEquals((error as Error).message.split("\n").length, 1);
      }
      assert(isUnpolluted());
    }),
    RUNS,
  );
});

test("whatever request comes, it is answered, and only who knows the secret drains", async () => {
  const clock = new TestClock();
  const huey = new Huey("fuzz", { clock });
  let ran = 0;
  const work = huey.task("work", () => void ran++);
  const qstash = { currentSigningKey: "current", nextSigningKey: "next" };
  const handle = createHandler(huey, { secret: "a-long-secret", qstash });
  await work();
  const header = fc.oneof(
    fc.string(),
    fc.string().map((text) => `Bearer ${text}`),
    fc.constantFrom("Bearer a-long-secre", "a.b.c", "..", "a.e30.c"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"),
      fc.webPath(),
      header,
      header,
      fc.string(),
      async (method, path, authorization, signature, body) => {
        const headers = new Headers();
        for (const [name, shown] of [["authorization", authorization], ["upstash-signature", signature]]) {
          // A server would have refused it.
          if (/^[\x20-\x7e]*$/.test(shown)) headers.set(name, shown);
        }
        const hasBody = method !== "GET" && method !== "HEAD";
        const request = new Request(`https://example.com/${encodeURI(path)}`, {
          method,
          headers,
          body: hasBody ? body : null,
        });
        const { status } = await handle(request);
        assertEquals(status, method === "GET" || method === "POST" ? 401 : 405);
        assertEquals(ran, 0);
      },
    ),
    RUNS,
  );
  const response = await handle(
    new Request("https://example.com/", { headers: { authorization: "Bearer a-long-secret" } }),
  );
  assertEquals([response.status, ran], [200, 1]);
});

test("whatever crontab is given, it is a schedule that goes on or an error that quotes no more than a little", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "*",
      "*/5",
      "1-5",
      "L",
      "W",
      "15W",
      "?",
      "FRI#2",
      "1,2,3",
      "0",
      "60",
      "-1",
      "@daily",
      "1-",
      "*/0",
      "5-1",
      ",",
      "1/1/1",
    ),
    fc.string({ maxLength: 5 }),
    fc.nat().map(String),
  );
  const pattern = fc.oneof(fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(" ")), fc.string());
  const fields = fc.dictionary(
    fc.constantFrom("minute", "hour", "day", "month", "dayOfWeek", "second", "timeZone", ...SPECIAL_NAMES),
    fc.oneof(part, fc.integer(), value),
    { maxKeys: 4 },
  );
  fc.assert(
    fc.property(fc.oneof(pattern, fields), (from) => {
      try {
        const schedule = crontab(from as CrontabFields);
        const next = schedule.next(0);
        assert(next === undefined || next > 0);
        assertEquals(scheduleFrom(schedule.toJSON()).next(0), next);
      } catch (error) {
        expect(error, ConfigurationError);
        assertLess((error as Error).message.length, 400);
      }
      assert(isUnpolluted());
    }),
    RUNS,
  );
});

test("whatever schedule is kept, it is one or it is refused", () => {
  const spec = fc.oneof(
    fc.record({ cron: value, bothDays: value, timeZone: value }),
    fc.record({ every: value }),
    fc.dictionary(fc.constantFrom("every", "cron"), value),
  );
  fc.assert(
    fc.property(spec, (spec) => {
      try {
        const next = scheduleFrom(spec as ScheduleSpec).next(0);
        assert(next === undefined || next > 0);
      } catch (error) {
        expect(error, ConfigurationError, TypeError, RangeError);
      }
    }),
    RUNS,
  );
});

test("whatever text a serialiser is given, it has a value or says that it cannot be read, and quotes nothing", async () => {
  const key = btoa("0123456789abcdef0123456789abcdef");
  const serializers = [rich(), json(), signed(key), compressed(), encrypted(key)];
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom(...serializers), async (text, { decode }) => {
      try {
        await decode(text);
      } catch (error) {
        expect(error, HueyError);
        assert(text.length < 5 || !(error as Error).message.includes(text));
      }
      assert(isUnpolluted());
    }),
    RUNS,
  );
});

test("whatever value is carried comes back as it was, or is refused", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(value, fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true })),
      async (value) => {
        const { encode, decode } = rich();
        let text: string;
        try {
          text = await encode(value);
        } catch (error) {
          return expect(error, HueyError);
        }
        const back = await decode(text);
        assertEquals(await encode(back), text);
        assert(isUnpolluted());
      },
    ),
    RUNS,
  );
});

test("whatever duration is given, it is one or it is refused", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.double(),
        value,
        fc.tuple(fc.double(), fc.constantFrom("ms", "s", "m", "h", "d")).map((parts) => parts.join("")),
      ),
      (given) => {
        try {
          const ms = toMilliseconds("delay", given as Duration);
          assert(Number.isFinite(ms) && ms >= 0);
        } catch (error) {
          expect(error, TypeError, RangeError);
        }
      },
    ),
    RUNS,
  );
});

/** What takes how long for so many characters. */
const LARGE: [what: string, run: (size: number) => unknown][] = [
  ["a list in a crontab", (size) => crontab(`${"1,".repeat(size / 2)}1 * * * *`)],
  ["a crontab of commas", (size) => crontab(`${",".repeat(size)} * * * *`)],
  ["a crontab of blanks", (size) => crontab(`*${" ".repeat(size)}* * * *`)],
  ["a crontab of names", (size) => crontab(`* * * * ${"MON".repeat(size / 3)}`)],
  ["a field of a crontab", (size) => crontab({ minute: `${" ,".repeat(size / 2)}` })],
  ["a duration of digits", (size) => toMilliseconds("delay", `${"1".repeat(size)}x` as Duration)],
  ["a text of brackets", (size) => rich().decode(`~${"[".repeat(size)}`)],
  ["a rich text of brackets", (size) => rich().decode(`r${"[".repeat(size)}`)],
  ["a rich text that repeats itself", (size) => rich().decode(`r[[1,1],[${"2,".repeat(size / 2)}2],"x",["Map"]]`)],
  ["arguments of the command line", (size) => readConsumeOptions(readConsumeArguments(["-w", "1".repeat(size)]))],
  ["a name of a flag", (size) => readConsumeArguments([`--${"a".repeat(size)}`])],
];

for (const [what, run] of LARGE) {
  test(`${what} that is very long takes no time`, () => {
    const began = performance.now();
    try {
      run(200_000);
    } catch (error) {
      expect(error, HueyError, UsageError, TypeError, RangeError);
      assertLess((error as Error).message.length, 1_000);
    }
    assertLess(performance.now() - began, SOON);
  });
}

test("a name, a key and an option that cannot be are refused by what is wrong with them", () => {
  for (const name of ["", "a b", "é", "x".repeat(65), ...SPECIAL_NAMES.map((name) => `${name}!`)]) {
    assertThrows(() => new Huey(name), TypeError, "A name must be");
  }
  for (const name of SPECIAL_NAMES) {
    const huey = new Huey(name);
    assertEquals(huey.task(name, () => {}).name, name);
    assertThrows(() => huey.task("other", { [`${name}s`]: 1 } as never, () => {}), ConfigurationError);
  }
});
