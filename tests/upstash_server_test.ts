import { after, before, test } from "node:test";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Redis as NodeRedis } from "@upstash/redis";
import { Redis } from "@upstash/redis/cloudflare";
import { type HttpListener, listen } from "./http_listener.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";
import { UpstashServer } from "./upstash_server.ts";

const token = "a-token";
let redis: RedisServer;
let server: UpstashServer;
let listener: HttpListener;

before(async () => {
  redis = await startRedis();
  server = new UpstashServer({ redis, token });
  listener = await listen(server.fetch);
});

after(async () => {
  await listener.close();
  server.close();
  await redis.stop();
});

interface Sent {
  path?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A request with the token, and its answer. */
async function send(
  { path = "/", method = "POST", body, headers = {} }: Sent,
): Promise<{ status: number; text: string }> {
  const response = await fetch(listener.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function json(sent: Sent): Promise<unknown> {
  return JSON.parse((await send(sent)).text);
}

function sdk(options: Partial<ConstructorParameters<typeof Redis>[0]> = {}): Redis {
  return new Redis({ url: listener.url, token, enableTelemetry: false, ...options });
}

test("a command in the body is executed", async () => {
  assertEquals(await json({ body: ["SET", "body", "bar", "EX", 100] }), { result: "OK" });
  assertEquals(await json({ body: ["GET", "body"] }), { result: "bar" });
  assertEquals(await json({ body: ["GET", "body-none"] }), { result: null });
  assertEquals(await json({ body: ["RPUSH", "body-list", "a", "b"] }), { result: 2 });
  assertEquals(await json({ body: ["LRANGE", "body-list", 0, -1] }), { result: ["a", "b"] });
});

test("a command in the path takes the body after its words, and the query after the body", async () => {
  assertEquals(await json({ path: "/set/path/a%2Fb/EX/100", method: "GET" }), { result: "OK" });
  assertEquals(await json({ path: "/get/path", method: "GET" }), { result: "a/b" });
  assertEquals(await json({ path: "/set/path?EX=100&NX", body: "c" }), { result: null });
  assertEquals(await json({ path: "/set/path?EX=100", body: "c", method: "PUT" }), { result: "OK" });
  assertEquals(await json({ path: "/get/path", method: "GET" }), { result: "c" });
  assertEquals(await send({ path: "/get/path", method: "HEAD" }), { status: 200, text: "" });
});

test("a failure is status 400 with the words of Redis", async () => {
  await json({ body: ["SET", "text", "bar"] });
  const { status, text } = await send({ body: ["LPUSH", "text", "a"] });
  assertEquals(status, 400);
  assertMatch(JSON.parse(text).error, /^WRONGTYPE /);
  assertEquals(await send({ body: ["EVALSHA", "0".repeat(40), 0] }), {
    status: 400,
    text: JSON.stringify({ error: "NOSCRIPT No matching script. Please use EVAL." }),
  });
  assertEquals((await send({ body: "{" })).status, 400);
  assertEquals((await send({ body: ["SET", "text", null] })).status, 400);
});

test("a request without the token is refused on every endpoint", async () => {
  for (const path of ["/", "/pipeline", "/multi-exec", "/get/foo", "/subscribe/foo"]) {
    const { status, text } = await send({ path, body: [], headers: { authorization: "Bearer wrong" } });
    assertEquals({ status, text }, {
      status: 401,
      text: JSON.stringify({ error: "WRONGPASS invalid or missing auth token" }),
    });
  }
  assertEquals(await fetch(`${listener.url}/echo/a?_token=${token}`).then((response) => response.json()), {
    result: "a",
  });
});

test("only HEAD, GET, POST and PUT are allowed", async () => {
  assertEquals((await send({ path: "/get/foo", method: "DELETE" })).status, 405);
});

test("a pipeline answers each command, also the failed", async () => {
  const body = [["SET", "pipe", "x"], ["LPUSH", "pipe", "y"], ["NOSUCH"], ["GET", "pipe"]];
  const answers = await json({ path: "/pipeline", body }) as Record<string, string>[];
  assertEquals(answers.map((answer) => answer.result ?? answer.error.split(" ")[0]), ["OK", "WRONGTYPE", "ERR", "x"]);
});

test("a transaction is atomic, and is discarded whole", async () => {
  const body = [["SET", "multi", "x"], ["LPUSH", "multi", "y"], ["GET", "multi"]];
  const answers = await json({ path: "/multi-exec", body }) as Record<string, string>[];
  assertEquals(answers.map((answer) => answer.result ?? answer.error.split(" ")[0]), ["OK", "WRONGTYPE", "x"]);
  for (const wrong of [["NOSUCH"], ["GET"], ["BLPOP", "multi", 0]]) {
    const { status, text } = await send({ path: "/multi-exec", body: [["SET", "multi", "z"], wrong] });
    assertEquals(status, 400);
    assertMatch(JSON.parse(text).error, /^ERR /);
  }
  assertEquals(await json({ body: ["GET", "multi"] }), { result: "x" });
});

test("base64 is for every string, but for a bare OK", async () => {
  const headers = { "upstash-encoding": "base64" };
  assertEquals(await json({ headers, body: ["SET", "b64", "OK"] }), { result: "OK" });
  assertEquals(await json({ headers, body: ["GET", "b64"] }), { result: btoa("OK") });
  assertEquals(await json({ headers, body: ["PING"] }), { result: btoa("PONG") });
  assertEquals(await json({ headers, body: ["EVAL", "return {1, 'a', {'b', false}}", 0] }), {
    result: [1, btoa("a"), [btoa("b"), null]],
  });
  assertEquals(await json({ headers, path: "/pipeline", body: [["SET", "b64", "a"], ["LPUSH"]] }), [
    { result: "OK" },
    { error: "ERR wrong number of arguments for 'lpush' command" },
  ]);
});

test("resp2 is what Redis has written, and goes with no other format", async () => {
  const headers = { "upstash-response-format": "resp2" };
  assertEquals(await send({ headers, body: ["EVAL", "return {1, 'ab', false}", 0] }), {
    status: 200,
    text: "*3\r\n:1\r\n$2\r\nab\r\n$-1\r\n",
  });
  assertEquals((await send({ headers: { ...headers, "upstash-encoding": "base64" }, body: ["PING"] })).status, 400);
  assertEquals((await send({ headers: { "upstash-response-format": "resp3" }, body: ["PING"] })).status, 400);
});

test("commands that need a connection of their own are refused", async () => {
  const commands = ["MULTI", "WATCH a", "BLPOP a 0", "XREAD BLOCK 0 STREAMS a $", "CLIENT LIST", "subscribe a"];
  for (const command of commands) {
    const { status, text } = await send({ body: command.split(" ") });
    assertEquals(status, 400);
    assertMatch(text, /ERR Command is not available/);
  }
});

test("a request beyond the limit is refused", async () => {
  const { status, text } = await send({ body: ["SET", "large", "x".repeat(10 * 1024 * 1024)] });
  assertEquals(status, 400);
  assertMatch(text, /ERR max request size exceeded/);
  assertEquals((await send({ body: ["SET", "large", "x".repeat(10 * 1024 * 1024 - 30)] })).status, 200);
  assertEquals((await json({ body: ["GET", "large"] }) as { result: string }).result.length, 10 * 1024 * 1024 - 30);
});

test("a script that asks for key locking runs under the digest that its client knows", async () => {
  const script = "#!lua flags=allow-key-locking\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])";
  const client = sdk();
  const digest = await client.scriptLoad(script);
  assertEquals(await client.scriptExists(digest), [1]);
  assertEquals(await client.evalsha(digest, ["locking"], ["2"]), 2);
  assertEquals(await client.createScript<number>(script).exec(["locking"], ["3"]), 5);
  assertEquals(await client.multi().evalsha(digest, ["locking"], ["4"]).exec(), [9]);
});

test("a script that asks for key locking may touch declared keys only", async () => {
  const body = "redis.call('TIME') return redis.call('EXISTS', KEYS[1], ARGV[1])";
  assertEquals(await json({ body: ["EVAL", body, 1, "declared", "undeclared"] }), { result: 0 });
  for (const flags of ["allow-key-locking", "no-writes,allow-key-locking"]) {
    const script = `#!lua flags=${flags}\n${body}`;
    assertEquals(await json({ body: ["EVAL", script, 2, "declared", "other", "other"] }), { result: 0 });
    const { error } = await json({ body: ["EVAL", script, 1, "declared", "undeclared"] }) as { error: string };
    assertStringIncludes(
      error,
      "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set.",
    );
    assertStringIncludes(error, "Key was: undeclared");
  }
});

test("the SDK's commands, pipelines and transactions work, from both of its entries", async () => {
  for (const client of [sdk(), new NodeRedis({ url: listener.url, token }), sdk({ responseEncoding: false })]) {
    await client.del("sdk");
    assertEquals(await client.hset("sdk", { name: "äöü €", count: 1 }), 2);
    assertEquals(await client.hgetall("sdk"), { name: "äöü €", count: 1 });
    assertEquals(await client.pipeline().hget("sdk", "name").hlen("sdk").exec(), ["äöü €", 2]);
    assertEquals(await client.multi().hincrby("sdk", "count", 4).hdel("sdk", "name").exec(), [5, 1]);
    assertEquals(await client.exec(["HGET", "sdk", "count"]), 5);
    await assertRejects(() => client.lpush("sdk", "x"), Error, "WRONGTYPE");
    assertMatch(client.readYourWritesSyncToken ?? "", /./);
  }
});

test("the SDK's subscription receives what is published", async () => {
  const client = sdk();
  const subscriber = client.subscribe<string>("news");
  const message = new Promise((resolve) => subscriber.on("message", resolve));
  await new Promise((resolve) => subscriber.on("subscribe", resolve));
  await client.publish("news", "hello, world");
  assertEquals(await message, { channel: "news", message: "hello, world" });
  await subscriber.unsubscribe();
});
