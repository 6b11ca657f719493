import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { readJunit } from "./junit.ts";

/** Each report, cut down to its tags, with what is in it. */
function states(xml: string): Record<string, string> {
  return Object.fromEntries(readJunit(xml).map(({ path, state }) => [path.join(" > "), state]));
}

test("a report of Deno lists what holds subtests beside them", () => {
  const report = `<testsuites name="deno test">
    <testsuite name="./tests/a_test.ts">
      <testcase name="holds" classname="./tests/a_test.ts"><failure message="1 test step failed">x</failure></testcase>
      <testcase name="holds &gt; a &quot;quoted&quot; one" classname="./tests/a_test.ts"></testcase>
      <testcase name="holds &gt; fails" classname="./tests/a_test.ts">
        <failure message="Uncaught Error: &lt;testcase name=&quot;no&quot;&gt;">Error</failure>
      </testcase>
      <testcase name="waits" classname="./tests/a_test.ts"><skipped/></testcase>
      <testcase name="exits" classname="./tests/a_test.ts"><error message="Cancelled"/></testcase>
    </testsuite>
  </testsuites>`;
  assertEquals(states(report), {
    'holds > a "quoted" one': "passed",
    "holds > fails": "failed",
    waits: "skipped",
    exits: "failed",
  });
});

test("a report of Bun has a suite for each file and for each describe", () => {
  const report = `<testsuites name="bun test" tests="2">
    <testsuite name="tests/a_test.ts" file="tests/a_test.ts">
      <testcase name="alone" classname="" assertions="0" />
      <testsuite name="holds" file="tests/a_test.ts">
        <testcase name="within" classname="holds" assertions="0"><skipped message="TODO" /></testcase>
      </testsuite>
      <testcase name="fails" classname=""><failure type="Error" message="a&#10;b">Error</failure></testcase>
    </testsuite>
  </testsuites>`;
  assertEquals(states(report), { alone: "passed", "holds > within": "skipped", fails: "failed" });
});

test("a report of Node has a suite for each test that holds others, and escapes quotes twice", () => {
  const report = `<testsuites>
    <testcase name="a &amp;quot;quoted&amp;quot; > one" time="0.1" classname="test"/>
    <testsuite name="holds" tests="1">
      <testcase name="within" classname="test" failure="x"><failure type="testCodeFailure" message="x > y">E</failure></testcase>
      <!-- <testcase name="comment"/> -->
    </testsuite>
    <testcase name="waits" classname="test"><skipped type="skipped" message="true"/></testcase>
    <testcase name="tests/without_a_test.ts" time="0.1" classname="test"/>
  </testsuites>`;
  assertEquals(states(report), {
    'a "quoted" > one': "passed",
    "holds > within": "failed",
    waits: "skipped",
    "tests/without_a_test.ts": "failed",
  });
});
