/** A test as a runner reports it: `path` is its name, and before it the names of the tests it is in. */
export interface TestCase {
  path: string[];
  state: "passed" | "failed" | "skipped";
}

const TAG = /<(\/?)(testsuite|testcase|failure|error|skipped)((?:\s+[\w:]+="[^"]*")*)\s*(\/?)>/g;

/** Reads the JUnit report of `deno test`, `bun test` or `node --test`, which differ in what they nest. */
export function readJunit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  const suites: string[] = [];
  for (const [, end, tag, attributes, empty] of xml.replace(/<!--[^]*?-->/g, "").matchAll(TAG)) {
    if (end) {
      if (tag === "testsuite") suites.pop();
      continue;
    }
    const name = decode(/ name="([^"]*)"/.exec(attributes)?.[1] ?? "");
    if (tag === "testsuite" && !empty) suites.push(name);
    if (tag === "testcase") {
      const path = [...suites.filter((suite) => !isFile(suite)), ...name.split(" > ")];
      cases.push({ path, state: isFile(name) ? "failed" : "passed" });
    }
    if (tag === "failure" || tag === "error") cases.at(-1)!.state = "failed";
    if (tag === "skipped") cases.at(-1)!.state = "skipped";
  }
  return leaves(cases);
}

/**
 * Deno and Bun make a suite of each file. Node makes a test of one, and only if it crashed or has no test in it: a
 * failure, though Node lets the latter pass.
 */
export function isFile(name: string): boolean {
  return name.endsWith(".ts");
}

/** Without the tests that only hold others, which Deno lists beside them. */
function leaves(cases: TestCase[]): TestCase[] {
  const holders = new Set(cases.map(({ path }) => path.slice(0, -1).join(" > ")));
  return cases.filter(({ path, state }) => state === "skipped" || !holders.has(path.join(" > ")));
}

/** Node escapes a quote twice (`&amp;quot;`), so the ampersands go first. */
function decode(text: string): string {
  return text.replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&apos;", "'")
    .replaceAll("&quot;", '"');
}
