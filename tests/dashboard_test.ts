import { test } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertMatch, assertThrows } from "@std/assert";
import { ConfigurationError, crontab, every, group, Huey, memory, type State, type Storage } from "@hq/huey";
import { dashboard, type DashboardOptions, recordHistory } from "@hq/huey/dashboard";
import { TestClock } from "@hq/huey/testing";
import { Hono } from "hono";
import { busyShop } from "./busy_shop.ts";
import { inTime } from "./eventually.ts";

const HOST = "http://shop.test";
const OWN = { "sec-fetch-site": "same-origin" };
const PAGES = ["/", "/?range=day", "/tasks", "/names", "/dead", "/schedules", "/workers", "/nowhere"].concat(
  ["queued", "scheduled", "waiting", "running", "finished", "failed", "dead", "odd"].map((s) => `/tasks?state=${s}`),
);

function create(options: DashboardOptions = {}) {
  const clock = new TestClock();
  const huey = new Huey("tests", { clock });
  recordHistory(huey, { worker: "w" });
  return { clock, huey, ...open(huey, options) };
}

function open(huey: Huey, options: DashboardOptions = {}) {
  const app = dashboard(huey, { auth: "none", ...options });
  const send = async (path: string, init?: RequestInit) => await app.fetch(new Request(HOST + path, init));
  return {
    send,
    // Each from a dashboard of its own: what one has read answers again for a second, and the clock stands still.
    page: async (path: string) => {
      const app = dashboard(huey, { auth: "none", ...options });
      return await (await app.fetch(new Request(HOST + path))).text();
    },
    post: (path: string, headers: Record<string, string> = OWN) => send(path, { method: "POST", headers }),
  };
}

function basic(username: string, password: string): RequestInit {
  return { headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` } };
}

test("without auth it lets nobody in, whatever is asked for, and says what to do", async () => {
  const { send, post } = create({ auth: undefined });
  for (const path of [...PAGES, "/events"]) assertEquals((await send(path)).status, 403, path);
  assertEquals((await post("/dead/delete")).status, 403);
  assertMatch(await (await send("/")).text(), /auth: &quot;none&quot;|auth: "none"/);
});

test("with a name and a password it lets in who knows both", async () => {
  const { send } = create({ auth: { username: "ada", password: "correct horse" } });
  const refused = [{}, basic("ada", ""), basic("ada", "correct hors"), basic("ad", "correct horse"), {
    headers: { authorization: "Bearer correct horse" },
  }];
  for (const init of refused) {
    const response = await send("/", init);
    assertEquals(response.status, 401);
    assertMatch(response.headers.get("www-authenticate")!, /^Basic realm="Huey"/);
  }
  assertEquals((await send("/", basic("ada", "correct horse"))).status, 200);
  assertThrows(
    () => dashboard(new Huey("x"), { auth: { username: "ada", password: "" } }),
    ConfigurationError,
    "password",
  );
});

test("a check of one's own may let in, refuse, let look, or answer by itself", async () => {
  const verdicts: Record<string, boolean | "read-only" | Response> = {
    "/": true,
    "/tasks": false,
    "/dead": Response.redirect("https://login.test/"),
  };
  const { huey, send, post } = create({ auth: (request) => verdicts[new URL(request.url).pathname] ?? "read-only" });
  await huey.task("work", () => {})();
  assertEquals((await send("/")).status, 200);
  assertEquals((await send("/tasks")).status, 401);
  assertEquals((await send("/dead")).headers.get("location"), "https://login.test/");
  assertEquals((await send("/schedules")).status, 200);
  assertEquals((await post("/dead/delete")).status, 403);
  assertEquals(await (await post("/dead/delete")).text(), "This dashboard only shows");
});

test("a check of one's own sees the request as it came", async () => {
  const seen: [string, string | null][] = [];
  const auth = (request: Request) => {
    seen.push([request.url, request.headers.get("cookie")]);
    return true;
  };
  const app = new Hono().route("/admin/huey", dashboard(new Huey("x"), { auth }));
  await app.request(`${HOST}/admin/huey/tasks?state=dead`, { headers: { cookie: "session=1" } });
  assertEquals(seen, [[`${HOST}/admin/huey/tasks?state=dead`, "session=1"]]);
});

test("options that cannot be are refused", () => {
  const huey = new Huey("x");
  assertThrows(() => dashboard(huey, { readonly: true } as DashboardOptions), ConfigurationError, "'readonly'");
  assertThrows(() => dashboard(huey, { basePath: "admin/" }), ConfigurationError, '"admin/"');
});

test("read-only, there is no button, and nothing can be changed", async () => {
  const { huey, page, post } = create({ readOnly: true });
  huey.task("gone", () => {}).unregister();
  const gone = huey.task("gone", () => {});
  const { id } = await gone();
  gone.unregister();
  await huey.drain();
  huey.periodicTask("tick", every("1m"), () => {});
  for (const path of ["/dead", "/schedules", `/tasks/${id}`, "/tasks?state=dead"]) {
    const text = await page(path);
    assert(!/method="post"/.test(text), path);
    assert(text.includes("Read-only"));
  }
  for (const path of ["/dead/retry", `/tasks/${id}/delete`, "/schedules/tick/run"]) {
    assertEquals((await post(path)).status, 403, path);
  }
  assertEquals((await huey.dead()).length, 1);
});

test("every page is served under a policy that lets only its own style sheet and script in", async () => {
  const { huey, page, send } = create();
  await huey.task("work", () => {})();
  await huey.drain();
  for (const path of PAGES) {
    const response = await send(path);
    const policy = response.headers.get("content-security-policy")!;
    assertMatch(policy, /default-src 'none'/);
    assertMatch(policy, /script-src 'self'(;|$)/);
    assertMatch(policy, /style-src 'self'(;|$)/);
    assertMatch(policy, /frame-ancestors 'none'/);
    assertEquals(response.headers.get("x-frame-options"), "DENY");
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    assertEquals(response.headers.get("cache-control"), "no-store");
    const text = await response.text();
    assert(!/ style=| on\w+=|<style|javascript:/i.test(text), path);
    assertEquals([...text.matchAll(/<script([^>]*)>/g)].map(([, attributes]) => /src="\/assets\//.test(attributes)), [
      true,
    ]);
    assert(!/(src|href|action)="https?:/.test(text), "nothing comes from elsewhere");
  }
  const assets = [...(await page("/")).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assertEquals(assets.length, 3);
  for (const path of assets) {
    const response = await send(path);
    assertEquals([path, response.status], [path, 200]);
    assertMatch(response.headers.get("cache-control")!, /immutable/);
  }
});

const ATTACKS = [
  `<script>globalThis.pwned = 1</script>`,
  `"><img src=x onerror="globalThis.pwned = 1">`,
  `'><svg/onload=globalThis.pwned=1>`,
  `</title></textarea></style></script><script>globalThis.pwned=1</script>`,
  `javascript:globalThis.pwned=1`,
  `\u2028<b>&lt;script&gt;`,
];

test("markup in names, ids, arguments, errors, results and searches is shown as text", async () => {
  const { huey, page, clock } = create();
  const ids: string[] = [];
  for (const [i, attack] of ATTACKS.entries()) {
    const fail = huey.task(`${attack} ${i}`, (_value: unknown) => {
      const error = new Error(attack);
      error.name = attack;
      error.stack = `${attack}\n    at ${attack}`;
      throw error;
    });
    const give = huey.task(`give ${attack} ${i}`, { context: true }, async (context, value: unknown) => {
      await context.progress({ [attack]: attack });
      return value;
    });
    ids.push((await fail({ [attack]: attack })).id);
    ids.push((await give.schedule([new Map([[attack, new Error(attack)]])], { id: `${attack}${i}` })).id);
    huey.task(`lost ${attack}`, (_: string) => {});
    await huey.schedules.put(attack, every("1h"), give.s(attack));
    huey.periodicTask(`periodic ${attack}`, crontab("0 3 * * *"), () => {});
  }
  await huey.drain();
  await clock.advance("1s");
  const paths = [...PAGES, ...ids.map((id) => `/tasks/${encodeURIComponent(id)}`)].concat(
    ATTACKS.flatMap((attack) => {
      const text = encodeURIComponent(attack);
      return [
        `/tasks?q=${text}`,
        `/tasks?name=${text}&state=${text}`,
        `/?done=${text}&range=${text}`,
        `/tasks/${text}`,
      ];
    }),
  );
  let shown = 0;
  for (const path of paths) {
    const text = await page(path);
    if (text.includes("globalThis.pwned")) shown++;
    assertEquals([...text.matchAll(/<script/g)].length, 1, path);
    assert(!/<(img|b|svg\/)[\s>]/.test(text.replaceAll(/<b>(Huey|[A-Z][\w ]+|w)<\/b>/g, "")), path);
    assert(!/(href|action|src)="\s*javascript:/i.test(text), path);
    // No attribute ends early: without what stands in quotes, no tag has a handler.
    for (const [tag] of text.matchAll(/<[a-z][^<>]*>/g)) {
      assert(!/\son\w+\s*=/i.test(tag.replaceAll(/"[^"]*"/g, "")), tag);
    }
  }
  assert(shown > ATTACKS.length, `attacks are shown as text on ${shown} pages`);
});

test("what changes something must come from a page of ours", async () => {
  const { huey, post } = create();
  const { id } = await huey.task("work", () => {}).schedule([], { delay: "1h" });
  const foreign: Record<string, string>[] = [
    {},
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
    { origin: "https://evil.test" },
    { origin: "null" },
    { origin: "http://shop.test.evil.test" },
    { origin: HOST, "sec-fetch-site": "cross-site" },
    { "content-type": "application/json" },
    { "content-type": "text/plain", origin: "https://evil.test" },
  ];
  for (const headers of foreign) {
    assertEquals((await post(`/tasks/${id}/cancel`, headers)).status, 403, JSON.stringify(headers));
  }
  assertEquals((await huey.counts()).scheduled, 1);
  // A browser without Sec-Fetch-Site, behind a proxy that speaks TLS for us.
  const old = { origin: "https://shop.test", host: "shop.test" };
  assertEquals((await post(`/tasks/${id}/cancel`, old)).status, 303);
  assertEquals((await huey.counts()).scheduled, 0);
});

test("a request that reads changes nothing", async () => {
  const { huey, send } = create();
  const { id } = await huey.task("work", () => {}).schedule([], { delay: "1h" });
  for (const path of [`/tasks/${id}/cancel`, "/dead/delete", "/schedules/x/delete"]) {
    assertEquals((await send(path)).status, 404, path);
  }
  assertEquals((await huey.counts()).scheduled, 1);
});

test("fields that call themselves secret are hidden, and what the user's own function says", async () => {
  const asked: string[] = [];
  const { huey, page } = create({
    redact: (value, { kind, task, index }) => {
      asked.push(`${kind} ${task} ${index ?? ""}`.trim());
      if (kind === "progress") throw new Error("no");
      if (kind === "error") return { ...(value as object), message: "hidden by me", stack: "at nowhere" };
      return typeof value === "string" ? value.replace(/\d/g, "#") : value;
    },
  });
  const work = huey.task("work", { context: true }, async (context, _card: string, _options: object) => {
    await context.progress({ at: "my-progress" });
    return "paid 42";
  });
  const fail = huey.task("fail", () => {
    throw new Error("card 4242 was declined");
  });
  const done = await work("4242", { apiKey: "k-1", user: { password: "p-1", name: "ada" } });
  const failed = await fail();
  await huey.drain();
  const text = await page(`/tasks/${done.id}`) + await page("/tasks?state=finished") + await page("/");
  for (const shown of ["####", "paid ##", "ada"]) assert(text.includes(shown), shown + text);
  for (const hidden of ["4242", "k-1", "p-1", "my-progress"]) assert(!text.includes(hidden), hidden);
  const error = await page(`/tasks/${failed.id}`) + await page("/tasks?state=failed");
  assert(error.includes("hidden by me") && !error.includes("4242"));
  assertEquals(
    (await page("/tasks?state=failed&q=4242")).includes('class="name" href'),
    false,
    "nor can one search for it",
  );
  for (const one of ["argument work 0", "argument work 1", "result work", "progress work", "error fail"]) {
    assert(asked.includes(one), one);
  }
});

test("a task is found by its name, its function, its error and its id", async () => {
  const { huey, page } = create();
  const work = huey.task("sendMail", (_to: string) => {});
  const fail = huey.task("chargeCard", () => {
    throw new Error("insufficient funds");
  });
  await fail();
  await huey.drain();
  const [first] = [...await work.map(Array.from({ length: 120 }, (_, i): [string] => [`m${i}`]))];
  await huey.task("other", () => {})();
  const names = async (path: string) =>
    [...(await page(path)).matchAll(/class="name"[^>]*>(\w+)</g)].map(([, name]) => name);
  assertEquals(new Set(await names("/tasks?state=queued&name=other")), new Set(["other"]));
  assertEquals((await names("/tasks?state=queued&q=SENDM")).length, 50);
  assertEquals((await names("/tasks?state=queued&q=sendm&from=100")).length, 20);
  assertEquals((await names("/tasks?state=queued&page=2")).length, 50);
  assertEquals(await names("/tasks?state=failed&q=insufficient"), ["chargeCard"]);
  assertEquals(await names(`/tasks?state=queued&q=${first.id}`), ["sendMail"]);
  assertEquals(await names(`/tasks?state=scheduled&q=${first.id}`), ["sendMail"], "wherever it is");
  assertEquals(await names("/tasks?state=queued&q=nothing-like-it"), []);
});

test("dead letters are retried and deleted, one or all", async () => {
  const { huey, page, post } = create();
  const lost = huey.task("lost", (_n: number) => {});
  await lost.map([[1], [2], [3], [4]]);
  lost.unregister();
  await huey.drain();
  assertMatch(await page("/dead"), /there is no task named/);
  const [one, other] = await huey.dead();
  const retried = await post(`/tasks/${one.id}/retry`);
  assertEquals([retried.status, retried.headers.get("location")], [303, `/tasks/${one.id}?done=retried`]);
  assertMatch(await page(retried.headers.get("location")!), /Back in the queue/);
  assertEquals(
    (await post(`/tasks/${one.id}/delete`)).headers.get("location"),
    "/dead?done=nothing",
    "it is dead no more",
  );
  assertEquals((await huey.counts()).queued, 1);
  await post(`/tasks/${other.id}/delete`);
  assertEquals((await huey.counts()).dead, 2);
  await post("/dead/retry");
  assertEquals((await huey.counts()).queued, 3);
  await huey.drain();
  await post("/dead/delete");
  assertEquals(await huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results: 4 });
  assertEquals((await post("/dead/everything")).status, 404);
});

test("a task is cancelled, revoked and restored", async () => {
  const { huey, page, post } = create();
  const result = await huey.task("work", () => {}).schedule([], { delay: "1h" });
  await post(`/tasks/${result.id}/revoke`);
  assertEquals(await result.isRevoked(), true);
  assertMatch(await page(`/tasks/${result.id}`), /Take revocation back/);
  await post(`/tasks/${result.id}/restore`);
  assertEquals(await result.isRevoked(), false);
  await post(`/tasks/${result.id}/cancel`);
  assertEquals(await result.status(), "canceled");
  assertMatch(await page(`/tasks/${result.id}`), /canceled/);
  assertEquals((await post("/tasks/unheard-of/cancel")).headers.get("location"), "/tasks/unheard-of?done=nothing");
  assertEquals((await post(`/tasks/${result.id}/explode`)).status, 404);
});

test("schedules are listed with their next runs, paused, resumed, run and deleted", async () => {
  const { huey, page, post } = create();
  const greet = huey.task("greet", (who: string) => `hello ${who}`);
  const shout = huey.task("shout", (text: string) => text.toUpperCase());
  huey.periodicTask("nightly", crontab("0 3 * * *", { timeZone: "Europe/Berlin" }), () => "done");
  huey.periodicTask("broken", {
    next: () => {
      throw new Error("no");
    },
  }, () => {});
  await huey.schedules.put("for ada", every("1h"), greet.s("ada").pipe(shout));
  const text = await page("/schedules");
  for (
    const part of ["0 3 * * * Europe/Berlin", "in 2 h", "for ada", "every 1 h", "greet(&quot;ada&quot;)", "broken"]
  ) {
    assert(text.includes(part), part);
  }
  await post("/schedules/for%20ada/pause");
  assertEquals((await huey.schedules.list())[0].paused, true);
  assertMatch(await page("/schedules"), /paused/);
  await post("/schedules/for%20ada/run");
  await post("/schedules/for%20ada/run");
  await post("/schedules/nightly/run");
  assertEquals((await huey.counts()).queued, 3);
  const { executed } = await huey.drain();
  assertEquals(executed, 5, "each run has its own pipeline");
  await post("/schedules/for%20ada/resume");
  assertEquals((await huey.schedules.list())[0].paused, false);
  await post("/schedules/for%20ada/delete");
  assertEquals(await huey.schedules.list(), []);
  for (const action of ["pause", "resume", "run", "delete"]) {
    assertEquals((await post(`/schedules/unheard-of/${action}`)).headers.get("location"), "/schedules?done=nothing");
  }
});

test("a task's page tells its whole life: attempts, errors with stacks, pipeline, values", async () => {
  const { huey, page, clock } = create();
  const fetchFeed = huey.task("fetchFeed", { retries: 2, retryDelay: "1m" }, (_url: URL) => {
    if (clock.now() < Date.parse("2026-01-01T00:01:00Z")) throw new RangeError("too early");
    return new Map([["items", 3n]]);
  });
  const store = huey.task("store", (_table: string, _items: Map<string, bigint>) => "stored");
  const mourn = huey.task("mourn", (_error: Error) => {});
  const stages = await huey.enqueue(
    fetchFeed.s(new URL("https://ada:pw@example.com/")).pipe(store, "feeds").error(mourn),
  );
  const [first, second] = [...stages];
  await clock.advance("1s");
  const fresh = await page(`/tasks/${first.id}`);
  for (const part of ["queued", "if it fails", "mourn", "store", "still to come"]) assert(fresh.includes(part), part);
  await huey.drain();
  const retrying = await page(`/tasks/${first.id}`);
  for (const part of ["retrying", "Attempt 2", "RangeError: too early", "dashboard_test.ts", "waited 1.0 s"]) {
    assert(retrying.includes(part), part);
  }
  await clock.advance("1m");
  await huey.drain();
  const done = await page(`/tasks/${first.id}`);
  for (const part of ["complete", "Map {", "3n", "Attempt 1", "Attempt 2", "hidden@example.com"]) {
    assert(done.includes(part), part);
  }
  assert(!done.includes("pw@"), "no password of an address");
  const last = await page(`/tasks/${second.id}`);
  for (const part of [`/tasks/${first.id}`, "fetchFeed", "aria-current", "stored"]) assert(last.includes(part), part);
});

test("a chord shows where its members lead", async () => {
  const { huey, page } = create();
  const part = huey.task("part", (n: number) => n);
  const whole = huey.task("whole", (_ns: number[]) => {});
  const { results } = await huey.enqueue(group([part.s(1), part.s(2)]).pipe(whole));
  const text = await page(`/tasks/${results.at(1)!.id}`);
  assertMatch(text, /whole/);
  assertMatch(text, /callback of a chord, part 2/);
  assertMatch(await page("/tasks?state=waiting"), /whole/);
});

test("it is mounted anywhere, and every address follows", async () => {
  const { huey } = create();
  await huey.task("work", () => {})();
  const addresses = (text: string) =>
    [...text.matchAll(/(?:href|src|action|data-events)="([^"#]*)"/g)].map(([, to]) => to);
  const routed = new Hono().route("/admin/huey", dashboard(huey, { auth: "none" }));
  const proxied = dashboard(huey, { auth: "none", basePath: "/admin/huey" });
  for (const path of ["", "/", "/tasks", "/dead", "/schedules"]) {
    const pages = [
      await routed.request(`${HOST}/admin/huey${path}`),
      await proxied.request(`${HOST}${path || "/"}`),
      await proxied.request(`${HOST}/admin/huey${path}`),
    ];
    for (const page of pages) {
      assertEquals(page.status, 200, path);
      const all = addresses(await page.text());
      assert(all.length > 8);
      assertEquals(all.filter((to) => !/^\/admin\/huey(\/|$)/.test(to)), [], path);
    }
  }
  const asset = addresses(await (await routed.request(`${HOST}/admin/huey`)).text()).find((to) => to.endsWith(".js"))!;
  assertEquals((await routed.request(HOST + asset)).status, 200);
  const posted = await routed.request(`${HOST}/admin/huey/dead/delete`, { method: "POST", headers: OWN });
  assertEquals(posted.headers.get("location"), "/admin/huey/dead?done=deleted");
});

test("who listens is told of changes, and the listening ends with the connection", async () => {
  const { huey, clock, send } = create();
  const work = huey.task("work", () => {});
  const response = await send("/events");
  assertMatch(response.headers.get("content-type")!, /^text\/event-stream/);
  const reader = response.body!.getReader();
  const text = async () => new TextDecoder().decode((await inTime(reader.read())).value);
  assertMatch(await text(), /event: hello/);
  await clock.advance("5s");
  await work();
  const told = text();
  await clock.advance("3s");
  assertMatch(await told, /event: change/);
  await reader.cancel();
  await clock.advance("3s");
  const before = huey.core.storage.requests;
  await clock.advance("1m");
  assertEquals(huey.core.storage.requests, before, "nobody listens, so nothing is asked");
});

test("a storage that does not answer is a page that says so, without a word of why", async () => {
  const { huey, send } = create();
  await huey.close();
  for (const path of PAGES) {
    const response = await send(path);
    assertEquals([path, response.status], [path, 503]);
    assert(!(await response.text()).includes("closed"));
  }
  const reader = (await send("/events")).body!.getReader();
  assertMatch(new TextDecoder().decode((await inTime(reader.read())).value), /event: hello/);
  await reader.cancel();
});

test("without events, pages are told to ask now and then", async () => {
  const { send, page } = create({ events: false });
  assertEquals((await send("/events")).status, 503);
  assertMatch(await page("/"), /data-events=""/);
});

test("what lies in the storage may be anything", async () => {
  const { huey, page, clock } = create();
  const { storage } = huey.core;
  await storage.exchange({ now: clock.now(), enqueue: [{ id: "odd", name: "odd", body: "not a message" }] });
  const junk = ["", "x", "[]", "{}", "null", "[[1,2]]", '{"name":1}', '[{"id":"x"}]', '["[[]]"]'];
  for (const [i, text] of junk.entries()) {
    for (const space of ["workers", "history", "results", "progress"] as const) {
      await storage.put(space, `${space}${i}`, text, { now: clock.now() });
    }
  }
  await storage.put("results", "odd", "junk", { now: clock.now() });
  for (const path of [...PAGES, "/tasks/odd", "/tasks/results1"]) {
    assert((await page(path)).includes("</html>"), path);
  }
  assertMatch(await page("/tasks?state=queued"), /odd/);
});

test("a busy shop is shown on every page", async () => {
  const { huey, pipelineId, failedId, close } = await busyShop(12);
  const { page, send } = open(huey);
  assertMatch(await page("/"), /worker-us-1/);
  for (const path of [...PAGES.filter((path) => path !== "/nowhere"), `/tasks/${pipelineId}`, `/tasks/${failedId}`]) {
    assertEquals((await send(path)).status, 200, path);
  }
  assertMatch(await page(`/tasks/${failedId}`), /CardDeclined/);
  await close();
});

test("a page of 100,000 tasks asks for no more than it shows, and takes no time", async () => {
  const clock = new TestClock();
  const asked: { state: State; limit?: number }[] = [];
  const storage = memory()("large");
  const watched = new Proxy(storage, {
    get: (target, key) => {
      const member = Reflect.get(target, key, target);
      if (key === "list") {
        return (state: State, options: { limit?: number }) => {
          asked.push({ state, ...options });
          return target.list(state, options);
        };
      }
      return typeof member === "function" ? member.bind(target) : member;
    },
  }) as Storage;
  const huey = new Huey("large", { clock, storage: () => watched });
  const work = huey.task("work", (_n: number) => {});
  await work(0);
  const [{ message }] = await storage.list("queued");
  for (let from = 0; from < 100_000; from += 1_000) {
    const enqueue = Array.from({ length: 1_000 }, (_, i) => ({ ...message, id: `${message.id}${from + i}` }));
    await storage.exchange({ now: clock.now(), enqueue });
  }
  const times: number[] = [];
  for (let round = 0; round < 8; round++) {
    const { page } = open(huey);
    const began = performance.now();
    assertMatch(await page("/"), /100,001/);
    times.push(performance.now() - began);
    assertMatch(await page("/tasks?state=queued"), /1 to 50/);
  }
  assert(asked.every(({ limit = Infinity }) => limit <= 50), JSON.stringify(asked));
  assertLessOrEqual(Math.min(...times), 100);
});
