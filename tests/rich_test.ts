import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { rich } from "../src/rich.ts";
import { json, SerializationError } from "../src/serializer.ts";

const { encode, decode } = rich() as { encode(value: unknown): string; decode(text: string): unknown };
const trip = <T>(value: T): T => decode(encode(value)) as T;

const KEPT: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "a nested undefined": { a: undefined, b: [undefined] },
  "an empty array": [],
  "an empty string": "",
  "an empty key": { "": 1 },
  "a negative zero": { zero: -0 },
  "NaN and both infinities": [NaN, Infinity, -Infinity],
  "the largest and smallest numbers": [Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER],
  "a bigint": 2n ** 100n,
  "a negative bigint": [-1n],
  "a Date": new Date(1_700_000_000_123),
  "a RegExp": /a"b</gi,
  "a URL": new URL("https://user@host.test/path?q=1#f"),
  "a Map with objects as keys": new Map<unknown, unknown>([[{ a: 1 }, new Date(0)], ["k", undefined]]),
  "a Set of Sets": new Set([new Set([1]), new Set(["1"])]),
  "bytes": new Uint8Array([0, 127, 128, 255]),
  "no bytes": new Uint8Array(0),
  "floats": new Float64Array([0.1, -0]),
  "a hole in an array": [1, , 3], // deno-lint-ignore-line no-sparse-arrays
  "an object without prototype": Object.assign(Object.create(null), { a: 1 }),
  "text that looks like a format": ["~", "r[]", "[1,2]", "null", '{"a":1}'],
  "lone surrogates": ["\ud800", { "\udfff": "\udc00x" }],
  "lone surrogates beside a Date": [new Date(0), "\ud800", { "\udfff": "\udc00x" }],
  "separators and control characters": "\u2028\u2029\0\x7f\ufeff</script>",
  "keys that name methods": { constructor: 1, toString: "x", hasOwnProperty: null, valueOf: [] },
  "data under toJSON": { toJSON: "not a function" },
};

for (const [what, value] of Object.entries(KEPT)) {
  test(`rich keeps ${what}`, () => assertEquals(trip(value), value));
}

test("rich keeps the sign of zero", () => assert(Object.is(trip(-0), -0)));

test("rich keeps an invalid Date invalid", () => assert(Number.isNaN(trip(new Date(NaN)).getTime())));

test("rich keeps references that repeat, and circles", () => {
  const shared = { a: 1 };
  const circle: Record<string, unknown> = { shared, again: [shared], self: undefined };
  circle.self = circle;
  const copy = trip(circle) as { shared: unknown; again: unknown[]; self: unknown };
  assertStrictEquals(copy.self, copy);
  assertStrictEquals(copy.again[0], copy.shared);
});

test("rich writes a value that repeats itself sixty times over in a length that grows with the sixty", () => {
  let value: unknown[] = [];
  for (let i = 0; i < 60; i++) value = [value, value];
  assert(encode(value).length < 2_000);
});

test("rich sends only the visible part of a buffer", () => {
  const pool = new TextEncoder().encode("secret visible secret");
  const text = encode({ view: pool.subarray(7, 14), data: new DataView(pool.buffer, 7, 7) });
  assertNotMatch(text, new RegExp(btoa("secret").slice(0, 6)));
  const copy = decode(text) as { view: Uint8Array; data: DataView };
  assertEquals(new TextDecoder().decode(copy.view), "visible");
  assertEquals(copy.view.buffer.byteLength, 7);
  assertEquals(copy.data.getUint8(0), "v".charCodeAt(0));
});

for (const type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
  test(`rich revives a ${type.name} as its class, with message, stack and cause`, () => {
    const error = new type("broken", { cause: { code: 42, at: new Date(0) } });
    const copy = trip(error);
    assertStrictEquals(Object.getPrototypeOf(copy), type.prototype);
    assertEquals([copy.name, copy.message, copy.stack], [type.name, "broken", error.stack]);
    assertEquals(copy.cause, { code: 42, at: new Date(0) });
    assertEquals(Object.keys(copy), [], "as on any error, nothing is enumerable");
  });
}

test("rich revives an error of a class of one's own as the nearest built-in class, under its own name", () => {
  class PaymentRefused extends TypeError {
    override name = "PaymentRefused";
    card = "4242";
  }
  const copy = trip(new PaymentRefused("no funds"));
  assertInstanceOf(copy, TypeError);
  assertEquals([copy.name, copy.message, "card" in copy], ["PaymentRefused", "no funds", false]);
});

test("rich tells a cause of undefined from no cause, and keeps the errors of an AggregateError", () => {
  assert(Object.hasOwn(trip(new Error("x", { cause: undefined })), "cause"));
  assert(!Object.hasOwn(trip(new Error("x")), "cause"));
  const copy = trip(new AggregateError([new RangeError("a"), "b"], "both"));
  assertInstanceOf(copy, AggregateError);
  assertInstanceOf(copy.errors[0], RangeError);
  assertEquals([copy.message, copy.errors[1]], ["both", "b"]);
});

test("rich keeps an error that is in its own cause", () => {
  const error = new Error("x");
  error.cause = { again: [error] };
  const copy = trip(error) as Error & { cause: { again: unknown[] } };
  assertStrictEquals(copy.cause.again[0], copy);
});

class Money {
  amount = 1;
}

const REFUSED: [what: string, value: unknown, error: RegExp][] = [
  ["a function", { args: [{ user: { callback() {} } }] }, /a function at args\[0\]\.user\.callback;/],
  ["a function at the top", () => 1, /a function at the top;/],
  ["a symbol", [1, { s: Symbol("secret") }], /a symbol at \[1\]\.s;/],
  ["a promise", { p: Promise.resolve("secret") }, /an instance of Promise at p;/],
  ["a WeakMap", { args: [new WeakMap()] }, /an instance of WeakMap at args\[0\];/],
  ["an instance of a class", { args: [new Money()] }, /an instance of Money at args\[0\];/],
  ["a function in a Map", { m: new Map([["k", () => 1]]) }, /a function at m\.get\("k"\);/],
  ["a function in a cause", new Error("secret", { cause: { f() {} } }), /a function at \(error\)\.cause\[0\]\.f;/],
  ["a symbol as key", { a: { [Symbol("secret")]: 1 } }, /an object with a symbol key.* at a;/],
  ["an own __proto__", JSON.parse('{"a":{"__proto__":1}}'), /a __proto__ key.* at a;/],
  ["a thenable", { a: { then() {} } }, /a then method at a;/],
  ["an ArrayBuffer that is shared", { b: new SharedArrayBuffer(1) }, /an instance of SharedArrayBuffer at b;/],
  ["a getter that throws", Object.defineProperty({}, "a", { enumerable: true, get: fail }), /reading .* threw/],
  ["a hundred thousand levels", nested(100_000), /nested too deeply/],
];

function fail(): never {
  throw new Error("secret");
}

function nested(levels: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < levels; i++) value = [value];
  return value;
}

for (const [what, value, message] of REFUSED) {
  test(`rich refuses ${what}, says where and does not quote it`, () => {
    const error = assertThrows(() => encode(value), SerializationError);
    assertMatch(error.message, message);
    assertNotMatch(error.message, /secret/);
    assertStrictEquals(error.cause, undefined);
  });
}

test("rich writes a thousand levels as JSON and more of them flat", () => {
  assertEquals(trip(nested(1_000)), nested(1_000));
  assertMatch(encode(nested(1_000)), /^~/);
  assertMatch(encode(nested(1_001)), /^r/);
  let depth = 0;
  for (let value = trip(nested(1_200)); Array.isArray(value); value = value[0]) depth++;
  assertEquals(depth, 1_200);
});

test("rich reads what json wrote", () => {
  assertEquals(decode(json().encode({ a: [1, null] }) as string), { a: [1, null] });
});

const LEVELS = 100_000;
const HOSTILE: Record<string, string> = {
  "no text": "",
  "an unknown mark": "x{}",
  "JSON without a mark": "{}",
  "the mark alone": "r",
  "half of a text": encode({ a: [new Date(0), 1n] }).slice(0, -3),
  "JSON cut short": '~{"a":',
  "an empty list": "r[]",
  "an index that leads nowhere": "r[[7,1]]",
  "an index that is no number": 'r[["1",1]]',
  "something that is no pair": "r[1]",
  "details that are no Map": "r[[1,2],1,[]]",
  "details of something that is no error": 'r[[1,2],1,["Map",1,3],{}]',
  "an unknown type": 'r[["Function","return 1"]]',
  "a Date that is an object of its own": 'r[["BigInt",{}],1]',
  "a number that is no bigint": 'r[[1,2],["BigInt","1e9"],["Map"]]',
  "a view of something that is no buffer": 'r[[1,3],["Uint8Array",2],4294967296,["Map"]]',
  "an array longer than there are": 'r[[1,2],[-7,4294967297],["Map"]]',
  "an own __proto__": 'r[[1,2],{"__proto__":1},["Map"]]',
  "an error inside its own parts": 'r[[1,2],["Error",1],["Map"]]',
  "a hundred thousand levels": `~${"[".repeat(LEVELS)}${"]".repeat(LEVELS)}`,
  "a hundred thousand levels in objects": `~${'{"a":'.repeat(LEVELS)}1${"}".repeat(LEVELS)}`,
  "a hundred thousand flat levels": `r[${Array.from({ length: LEVELS }, (_, i) => `[${i + 1}]`)},1]`,
};

for (const [what, text] of Object.entries(HOSTILE)) {
  test(`rich refuses to decode ${what}`, () => {
    const error = assertThrows(() => decode(text), SerializationError);
    assert(error.message.length < 150, "the text is not quoted");
    assertStrictEquals(error.cause, undefined);
  });
}

test("rich does not allocate what a text only claims", () => {
  const value = decode('r[[1,2],[-7,4294967295],["Map"]]') as unknown[];
  assertEquals(value.length, 4_294_967_295);
});

test("keys named __proto__, constructor and prototype are inert", () => {
  const texts = [
    '~{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    'r[[1,5],{"constructor":2,"prototype":3},{"prototype":3},{"polluted":4},1,["Map"]]',
  ];
  for (const text of texts) {
    const value = decode(text) as object;
    assertStrictEquals(Object.getPrototypeOf(value), Object.prototype);
    assert(!("polluted" in value) && !("polluted" in {}));
    assert(Object.hasOwn(value, "constructor"));
  }
});
