import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { compressed } from "../src/compressed.ts";
import { encrypted } from "../src/encrypted.ts";
import { HueyError } from "../src/errors.ts";
import { rich } from "../src/rich.ts";
import { json, SerializationError, type Serializer } from "../src/serializer.ts";
import { signed } from "../src/signed.ts";

const KEY = new Uint8Array(32).fill(7);

const STACKS: Record<string, Serializer> = {
  "rich": rich(),
  "json": json(),
  "signed": signed("secret"),
  "compressed": compressed(),
  "encrypted": encrypted(KEY),
  "signed(json)": signed("secret", { inner: json() }),
  "signed(encrypted(compressed))": signed("secret", { inner: encrypted(KEY, { inner: compressed() }) }),
  "compressed(signed(encrypted(json)))": compressed({
    inner: signed("secret", { inner: encrypted(KEY, { inner: json() }) }),
  }),
};

const LONG = Array.from({ length: 500 }, (_, i) => ({ id: i, name: `row ${i}` }));

for (const [name, serializer] of Object.entries(STACKS)) {
  test(`${name} brings plain data back, and its text is not JSON`, async () => {
    for (const value of [undefined, null, 0, 1, true, "", "1", "null", "{}", [], {}, [1, ["ü😀", { a: null }]], LONG]) {
      const text = await serializer.encode(value);
      assertEquals(await serializer.decode(text), value);
      assertThrows(() => JSON.parse(text), SyntaxError);
      assert(text.isWellFormed());
    }
  });

  test(`${name} brings a lone surrogate back`, async () => {
    assertEquals(await serializer.decode(await serializer.encode(["\ud800"])), ["\ud800"]);
  });

  test(`${name} refuses the texts of the others by name`, async () => {
    for (const [other, { encode }] of Object.entries(STACKS)) {
      const text = await encode("payload");
      const mine = await serializer.encode("payload");
      if (text[0] === mine[0]) continue;
      const error = await Promise.resolve().then(() => serializer.decode(text)).then(() => undefined, (error) => error);
      assert(error instanceof SerializationError, other);
      assertMatch(error.message, /looks as if (json\(\) or rich|signed|compressed|encrypted)\(\) wrote it/);
    }
  });
}

test("a SerializationError is a HueyError", () => {
  const error = assertThrows(() => rich().encode(() => {}), SerializationError);
  assert(error instanceof HueyError);
  assertEquals(error.name, "SerializationError");
});

test("an inner serialiser of one's own is used", async () => {
  const inner: Serializer = { encode: (value) => `x${value}`, decode: (text) => Promise.resolve(text.slice(1)) };
  for (const outer of [signed("s", { inner }), compressed({ inner }), encrypted(KEY, { inner })]) {
    assertEquals(await outer.decode(await outer.encode("text")), "text");
  }
});

const through = (value: unknown): unknown => json().decode(json().encode(value) as string);

test("json follows JSON where JSON has a rule", () => {
  assertEquals(through({ a: undefined, b: [undefined], c: NaN, d: -0, e: new Date(0) }), {
    b: [null],
    c: null,
    d: 0,
    e: "1970-01-01T00:00:00.000Z",
  });
  assertEquals(through({ toJSON: () => "called" }), "called");
  assertStrictEquals(through({ toJSON: () => undefined }), undefined);
  assertEquals(
    through(
      new class Point {
        x = 1;
      }(),
    ),
    { x: 1 },
  );
  const shared = { a: 1 };
  assertEquals(through([shared, shared]), [{ a: 1 }, { a: 1 }]);
});

const circle: Record<string, unknown> = {};
circle.inside = [circle];

const LOST: [what: string, value: unknown, error: RegExp][] = [
  ["a function", { args: [1, { f() {} }] }, /a function at args\[1\]\.f;/],
  ["a symbol", [Symbol("s")], /a symbol at \[0\];/],
  ["a bigint", { a: [[], { b: 1n }] }, /a bigint at a\[1\]\.b;/],
  ["a Map", { a: { x: {} }, b: new Map() }, /an instance of Map at b;/],
  ["an Error", new Error("x"), /an instance of Error at the top;/],
  ["bytes", { a: new Uint8Array(1) }, /an instance of Uint8Array at a;/],
  ["a promise", { a: Promise.resolve() }, /an instance of Promise at a;/],
  ["a circle", { circle }, /a circle of references at circle\.inside\[0\];/],
];

for (const [what, value, message] of LOST) {
  test(`json refuses ${what} and says where`, () => {
    assertMatch(assertThrows(() => json().encode(value), SerializationError).message, message);
  });
}

test("json reads any depth that it writes", () => {
  const nested = (levels: number): unknown => {
    let value: unknown = [new Date(0)];
    for (let i = 1; i < levels; i++) value = [value];
    return value;
  };
  assert(Array.isArray(through(nested(1_000))));
  assertThrows(() => through(nested(1_001)), SerializationError);
});

/** A generator of values, from a seed (mulberry32). */
function generator(seed: number): (depth?: number) => unknown {
  const random = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(random() * below);
  const text = (): string => String.fromCharCode(...Array.from({ length: int(6) }, () => int(0x10000)));
  const many = <T>(make: () => T): T[] => Array.from({ length: int(5) }, make);
  const seen: unknown[] = [];
  return function make(depth = 4): unknown {
    const leaves = [
      () => int(1_000) - 500,
      () => random() * 10 ** int(300),
      () => [NaN, Infinity, -Infinity, undefined, null, true, false][int(7)],
      text,
      () => BigInt(int(2 ** 31)) ** BigInt(int(5)),
      () => new Date(int(2 ** 31) * 1_000),
      () => Uint8Array.from(many(() => int(256))),
      () => new RangeError(text()),
      () => seen[int(seen.length)],
    ];
    const branches = [
      () => many(() => make(depth - 1)),
      () => Object.fromEntries(many(() => [text(), make(depth - 1)])),
      // Bun's deep equality does not find objects as keys again.
      () => new Map(many(() => [text(), make(depth - 1)])),
      () => new Set(many(text)),
    ];
    const options = depth === 0 ? leaves : [...leaves, ...branches, ...branches];
    const value = options[int(options.length)]();
    if (typeof value === "object") seen.push(value);
    return value;
  };
}

test("whatever the generator makes comes back, through every stack that ends in rich", async () => {
  const first = Date.now() % 1_000_000;
  for (let seed = first; seed < first + 300; seed++) {
    const value = generator(seed)();
    const stacks = seed % 10 === 0
      ? Object.entries(STACKS).filter(([name]) => !name.includes("json"))
      : [["rich", rich()]];
    for (const [name, serializer] of stacks as [string, Serializer][]) {
      assertEquals(await serializer.decode(await serializer.encode(value)), value, `seed ${seed} through ${name}`);
    }
  }
});
