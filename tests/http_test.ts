import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError, Huey } from "@hq/huey";
import { createHandler, type HandlerOptions } from "@hq/huey/http";
import { TestClock } from "@hq/huey/testing";
import { inTime } from "./eventually.ts";

const URL = "https://example.com/drain";
const secret = "a-long-secret";
const qstash = { currentSigningKey: "sig_current", nextSigningKey: "sig_next" };

function create(options: HandlerOptions = { secret }) {
  const clock = new TestClock();
  const huey = new Huey("tests", { clock });
  return { clock, huey, handle: createHandler(huey, options) };
}

function withSecret(shown: string, method = "GET"): Request {
  return new Request(URL, { method, headers: { authorization: `Bearer ${shown}` } });
}

test("who knows the secret drains, by GET or by POST, and is told what was done", async () => {
  const { huey, handle } = create();
  const add = huey.task("add", (a: number, b: number) => a + b);
  for (const method of ["GET", "POST"]) {
    const result = await add(1, 2);
    const response = await handle(withSecret(secret, method));
    assertEquals(response.status, 200);
    assertMatch(response.headers.get("content-type")!, /^application\/json/);
    const { executed, remaining, stoppedBy } = await response.json();
    assertEquals([executed, remaining, stoppedBy, await result.get()], [1, 0, "empty", 3]);
  }
});

test("the options of a drain hold", async () => {
  const { huey, handle } = create({ secret, maxTasks: 2 });
  await huey.task("work", () => {}).map([[], [], []]);
  const { executed, stoppedBy } = await (await handle(withSecret(secret))).json();
  assertEquals([executed, stoppedBy], [2, "tasks"]);
});

test("who does not show the secret is refused, and nothing runs", async () => {
  const { huey, handle } = create();
  await huey.task("work", () => {})();
  const refused = [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${secret.slice(0, -1)}`,
    `Bearer ${secret}!`,
    `Bearer ${secret.toUpperCase()}`,
    `Basic ${secret}`,
    secret,
  ];
  for (const authorization of refused) {
    const response = await handle(new Request(URL, { headers: authorization === undefined ? {} : { authorization } }));
    assertEquals([response.status, response.headers.get("www-authenticate")], [401, "Bearer"], authorization);
    const { error } = await response.json();
    assert(!error.includes(secret));
  }
  assertEquals((await huey.counts()).queued, 1);
});

test("a secret in the URL is none", async () => {
  const { handle } = create();
  assertEquals((await handle(new Request(`${URL}?secret=${secret}&token=${secret}`))).status, 401);
});

test("other methods are refused, whoever sends them", async () => {
  const { handle } = create();
  for (const method of ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    const response = await handle(withSecret(secret, method));
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, POST"]);
  }
});

test("while a secret is replaced, the old one and the new one are good", async () => {
  const { handle } = create({ secret: ["new", "old"] });
  for (const [word, status] of [["new", 200], ["old", 200], ["older", 401], ["", 401]] as const) {
    assertEquals((await handle(withSecret(word))).status, status, word);
  }
});

test("each guess costs the same work, however much of it is right", async () => {
  const { handle } = create({ secret: ["first-secret", "second-secret"] });
  let compared = 0;
  const { digest } = crypto.subtle;
  crypto.subtle.digest = (algorithm, data) => {
    compared++;
    return digest.call(crypto.subtle, algorithm, data);
  };
  try {
    for (const guess of ["first-secret", "first-secreT", "second-secret", "xxxxxxxxxxxx"]) {
      compared = 0;
      await handle(withSecret(guess));
      assertEquals(compared, 4, guess);
    }
  } finally {
    crypto.subtle.digest = digest;
  }
});

test("one drain at a time: others are told to come back", async () => {
  const { huey, handle } = create();
  const started = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await huey.task("work", async () => {
    started.resolve();
    await gate.promise;
  })();
  const first = handle(withSecret(secret));
  await inTime(started.promise);
  const second = await handle(withSecret(secret));
  assertEquals([second.status, second.headers.get("retry-after")], [429, "10"]);
  assertEquals((await handle(withSecret("a guess"))).status, 401);
  gate.resolve();
  assertEquals((await inTime(first)).status, 200);
  assertEquals((await handle(withSecret(secret))).status, 200);
});

test("a drain that its platform has stopped keeps others out for no longer than its budget", async () => {
  const { clock, huey, handle } = create({ secret, budget: "20s" });
  const { drain } = huey;
  const begun = new Promise<void>((resolve) => {
    huey.drain = () => {
      huey.drain = drain;
      resolve();
      return new Promise(() => {});
    };
  });
  void handle(withSecret(secret));
  await inTime(begun);
  assertEquals((await handle(withSecret(secret))).status, 429);
  await clock.advance("20s");
  assertEquals((await handle(withSecret(secret))).status, 200);
});

test("a storage that cannot be reached is 503, and the next drain may come at once", async () => {
  const { huey, handle } = create();
  const { exchange } = huey.core.storage;
  huey.core.storage.exchange = () => Promise.reject(new Error("connect to 10.0.0.1 as admin:hunter2"));
  const response = await handle(withSecret(secret));
  assertEquals(response.status, 503);
  assert(!(await response.text()).includes("hunter2"));
  huey.core.storage.exchange = exchange;
  assertEquals((await handle(withSecret(secret))).status, 200);
});

test("what is wrong in the program is thrown, for the platform's log", async () => {
  const { handle } = create({ secret, tasks: 5 } as HandlerOptions);
  await assertRejects(() => handle(withSecret(secret)), ConfigurationError, '"tasks"');
});

test("without a secret there is no handler", () => {
  const huey = new Huey("tests");
  for (const options of [{}, { secret: "" }, { secret: [] }, { secret: ["a", ""] }, { secret: undefined }]) {
    assertThrows(() => createHandler(huey, options), ConfigurationError);
  }
  assertThrows(() => createHandler(huey, { secret, budget: "5 min" as never }), TypeError, "'budget'");
});

const NOW = Date.parse("2026-01-01T00:00:00Z") / 1_000;

/** Base64 as JWTs have it. */
function base64Url(bytes: Uint8Array | string): string {
  return btoa(typeof bytes === "string" ? bytes : String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A request as QStash sends it, signed with a key; `claims` are put over its own. */
async function fromQStash(key: string, claims: object = {}, body = '{"a":1}'): Promise<Request> {
  const encoder = new TextEncoder();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(body)));
  const standard = { iss: "Upstash", sub: URL, iat: NOW, nbf: NOW, exp: NOW + 300, body: `${base64Url(digest)}=` };
  const parts = [{ alg: "HS256", typ: "JWT" }, { ...standard, jti: "jwt_1", ...claims }];
  const signed = parts.map((part) => base64Url(JSON.stringify(part))).join(".");
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), hmac, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(signed)));
  const headers = { "upstash-signature": `${signed}.${base64Url(signature)}` };
  return new Request(URL, { method: "POST", body, headers });
}

async function statusOf(request: Request, options: HandlerOptions = { qstash }): Promise<number> {
  return (await create(options).handle(request)).status;
}

test("what QStash has signed is let in, by the current key and by the next", async () => {
  assertEquals(await statusOf(await fromQStash("sig_current")), 200);
  assertEquals(await statusOf(await fromQStash("sig_next")), 200);
  assertEquals(await statusOf(await fromQStash("sig_current", {}, "")), 200);
  assertEquals(await statusOf(await fromQStash("sig_current"), { secret, qstash }), 200);
});

test("what QStash has not signed, or not for this, is refused", async () => {
  assertEquals(await statusOf(await fromQStash("sig_old")), 401);
  assertEquals(await statusOf(await fromQStash("sig_current", { sub: "https://example.com/other" })), 401);
  assertEquals(await statusOf(await fromQStash("sig_current", { iss: "Somebody" })), 401);
  assertEquals(await statusOf(await fromQStash("sig_current", { exp: NOW })), 401);
  assertEquals(await statusOf(await fromQStash("sig_current", { exp: undefined })), 401);
  assertEquals(await statusOf(await fromQStash("sig_current", { nbf: NOW + 60 })), 401);
  assertEquals(await statusOf(await fromQStash("sig_current", { body: undefined })), 401);
  assertEquals(await statusOf(await fromQStash("sig_current"), { secret }), 401);
  const sent = await fromQStash("sig_current");
  assertEquals(await statusOf(new Request(sent, { body: '{"a":2}' })), 401);
  const [header, payload] = sent.headers.get("upstash-signature")!.split(".");
  for (const nonsense of ["", "a", "a.b.c", `${header}.${payload}.`, `${header}.${payload}`, "ä.ö.ü"]) {
    const headers = { "upstash-signature": encodeURIComponent(nonsense) };
    assertEquals(await statusOf(new Request(URL, { method: "POST", headers })), 401);
  }
});

test("clocks may differ by seconds, and a proxy may change the URL", async () => {
  assertEquals(await statusOf(await fromQStash("sig_current", { nbf: NOW + 20 })), 200);
  const inside = new Request("http://10.0.0.1:8080/drain", await fromQStash("sig_current"));
  assertEquals(await statusOf(inside.clone()), 401);
  assertEquals(await statusOf(inside, { qstash: { ...qstash, url: URL } }), 200);
});
