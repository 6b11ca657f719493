import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { assertEquals, assertRejects } from "@std/assert";
import { storageContract } from "@hq/huey/testing";
import { redis, RedisError } from "../adapters/redis.ts";
import { clients } from "./redis_clients.ts";
import { hasProgram, startRedis } from "./redis_server.ts";
import { ownShare } from "./shares.ts";

const run = promisify(execFile);
const server = await startRedis();
const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing) await close();
  await server.stop();
});

// The user whom the guide describes, as it describes him.
const guide = await readFile(new URL("../docs/redis.md", import.meta.url), "utf8");
const [line] = /^ACL SETUSER .*$/m.exec(guide)!;
await run("redis-cli", ["-p", `${server.port}`, ...line.split(" ")]);
const limited = { port: server.port, username: "huey", password: "secret" };

for (const name of ownShare(["ioredis 6", "node-redis"])) {
  const { client, close } = await clients[name](limited);
  closing.push(close);
  storageContract(`${name}, with the rights of the guide`, redis(client));
}

for (const name of ["ioredis 6", "node-redis"]) {
  test(`${name} says what a user without rights is refused, and not what was sent`, async () => {
    await run("redis-cli", ["-p", `${server.port}`, "ACL", "SETUSER", "poor", "on", ">secret", "~*", "-@all", "+info"]);
    const { client, close } = await clients[name]({ ...limited, username: "poor" });
    try {
      const storage = redis(client)("refused");
      const refused = () => storage.exchange({ enqueue: [{ id: "a", name: "task", body: "a secret payload" }] });
      const error = await assertRejects(refused, RedisError, "Could not settle, add or claim messages in Redis: ");
      assertEquals(error.code, "NOPERM");
      assertEquals(error.cause, undefined);
      assertEquals(error.stack?.includes("payload"), false);
    } finally {
      await close();
    }
  });
}

const noOpenssl = await hasProgram("openssl") ? false : "there is no openssl to make a certificate with";

test("the clients speak TLS", { skip: noOpenssl }, async () => {
  const directory = await mkdtemp(join(tmpdir(), "huey-tls-"));
  const [key, certificate] = ["key.pem", "certificate.pem"].map((file) => join(directory, file));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2"];
  await run("openssl", ["req", "-x509", ...made, ...subject]);
  const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
  const secure = await startRedis([...files, "--tls-auth-clients", "no"], { tls: true });
  try {
    for (const [name, open] of Object.entries(clients)) {
      const { client, close } = await open({ port: secure.port, ca: await readFile(certificate, "utf8") });
      const storage = redis(client)(`tls-${name.replace(/\W/g, "")}`);
      await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
      const { signal } = new AbortController();
      await storage.waitForWork!(signal);
      await storage.exchange({ enqueue: [{ id: "a", name: "task", body: "{}" }] });
      await storage.waitForWork!(signal);
      const { deliveries } = await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
      assertEquals(deliveries.map(({ message }) => message.body), ["{}"], name);
      await storage.close!();
      await close();
    }
  } finally {
    await secure.stop();
    await rm(directory, { recursive: true });
  }
});
