import { crontab, every, Huey, memory } from "@hq/huey";
import { recordHistory } from "@hq/huey/dashboard";
import { TestClock } from "@hq/huey/testing";
import { Random } from "./random.ts";

/** A shop after some time of work, with something of everything that a dashboard shows. */
export interface BusyShop {
  huey: Huey;
  clock: TestClock;
  /** The task that has run as the first of a pipeline, and one that has failed more than once. */
  pipelineId: string;
  failedId: string;
  close(): Promise<void>;
}

const CITIES = ["berlin", "oslo", "lyon", "porto", "gent"];

class CardDeclined extends Error {
  override name = "CardDeclined";
  /** As on the shop's own machine, whatever this one is called. */
  override stack: string = `CardDeclined: ${this.message}
    at Gateway.charge (file:///srv/shop/payments/gateway.ts:88:11)
    at async chargeCard (file:///srv/shop/tasks.ts:41:20)`;
}

/** Lets a shop work for so many minutes of its own time. */
export async function busyShop(minutes: number): Promise<BusyShop> {
  const clock = new TestClock("2026-03-03T09:00:00Z");
  const random = new Random(7);
  const storage = memory();
  const open = () => {
    const huey = new Huey("shop", { storage, clock, random: random.next });
    const takes = (ms: number) => clock.sleep(ms * (0.6 + random.next() ** 3 * 3));
    const sendEmail = huey.task("sendEmail", { retries: 3, retryDelay: "2m" }, async (to: string, _subject: string) => {
      await takes(180);
      if (random.chance(0.05)) throw new Error(`SMTP 451: the mailbox of ${to} is busy, try again later`);
    });
    const resizeImage = huey.task("resizeImage", async (path: string, { width }: { width: number; format: string }) => {
      await takes(420);
      return { path: path.replace(".jpg", `@${width}.webp`), bytes: 20_000 + random.below(90_000) };
    });
    const chargeCard = huey.task(
      "chargeCard",
      { retries: 1, retryDelay: "30s" },
      async (order: { id: number; total: bigint; currency: string; cardToken: string }) => {
        await takes(650);
        if (order.id % 19 === 0) throw new CardDeclined(`Order ${order.id}: do_not_honor`);
        return { charged: true, at: new Date(clock.now()) };
      },
    );
    const fetchFeed = huey.task("fetchFeed", async (url: URL) => {
      await takes(900);
      return { url: url.href, items: 200 + random.below(400) };
    });
    const parseFeed = huey.task("parseFeed", async (feed: { items: number }) => {
      await takes(300);
      return feed.items;
    });
    const storeItems = huey.task("storeItems", async (table: string, count: number) => {
      await takes(1_300);
      return `${count} rows into ${table}`;
    });
    const indexDocument = huey.task("indexDocument", { timeout: "20s" }, async (id: string) => {
      await (random.chance(0.01) ? clock.sleep(60_000) : takes(90));
      return id;
    });
    const buildReport = huey.task("buildReport", async (_city: string) => await clock.sleep(3_600_000));
    huey.periodicTask("expireCarts", every("5m"), () => takes(250));
    huey.periodicTask(
      "nightlyBackup",
      crontab({ hour: "3", minute: "0", timeZone: "Europe/Berlin" }),
      () => takes(9_000),
    );
    huey.periodicTask("weeklyDigest", crontab("0 8 * * MON", { timeZone: "Europe/Berlin" }), () => takes(900));
    return {
      huey,
      tasks: { sendEmail, resizeImage, chargeCard, fetchFeed, parseFeed, storeItems, indexDocument, buildReport },
    };
  };

  const { huey, tasks } = open();
  const hosts = ["worker-eu-1", "worker-eu-2", "worker-us-1"].map((worker) => {
    const { huey } = open();
    recordHistory(huey, { worker });
    return huey.createConsumer({ workers: 8, maxDelay: 1 });
  });
  for (const host of hosts) await host.start();

  let pipelineId = "";
  let failedId = "";
  for (let minute = 0; minute < minutes; minute++) {
    const load = 1 + Math.sin(minute / 7) * 0.5 + (minute > 40 && minute < 46 ? 1.8 : 0);
    const some = (many: number) => Array.from({ length: Math.round(many * load * (0.7 + random.next() * 0.6)) });
    const order = 1_000 + minute * 3;
    await tasks.sendEmail.map(
      some(7).map(() => [`${random.pick(["ada", "grace", "linus"])}@example.com`, "Your order"]),
    );
    await tasks.resizeImage.map(some(5).map((_, i) => [`uploads/${order}-${i}.jpg`, { width: 640, format: "webp" }]));
    await tasks.indexDocument.map(some(9).map(() => [`doc-${random.below(9_000)}`]));
    const charged = await tasks.chargeCard.map(
      some(2).map((_, i) => [{ id: order + i, total: 4_990n, currency: "EUR", cardToken: "tok_4242" }]),
    );
    for (const [i, result] of [...charged].entries()) if ((order + i) % 19 === 0) failedId = result.id;
    if (minute % 6 === 4) {
      const feed = new URL(`https://feeds.example.com/${random.pick(CITIES)}.xml`);
      const stages = await huey.enqueue(
        tasks.fetchFeed.s(feed).pipe(tasks.parseFeed).pipe(tasks.storeItems, "products"),
      );
      pipelineId = [...stages][1].id;
    }
    await clock.advance("1m");
  }

  for (const city of ["berlin", "lyon", "porto"]) await tasks.buildReport(city);
  const legacy = huey.task("legacyExport", (_format: string, _since: Date) => {});
  for (const format of ["csv", "xml"]) await legacy(format, new Date(clock.now()));
  await clock.advance("7s");
  // Not awaited: time has to pass for it.
  void hosts[1].stop();
  await clock.advance("1s");
  const digest = huey.task("digest", (_to: string) => {});
  await huey.schedules.put(
    "digest for ada",
    crontab("30 7 * * 1-5", { timeZone: "Europe/London" }),
    digest.s("ada@example.com"),
  );
  await huey.schedules.put("digest for linus", every("6h"), digest.s("linus@example.com"));
  await huey.schedules.pause("digest for linus");
  for (const name of CITIES) await tasks.buildReport.schedule([name], { delay: "2h" });
  await tasks.sendEmail.map(Array.from({ length: 36 }, (_, i) => [`customer-${i}@example.com`, "Spring sale"]));
  await huey.enqueue(
    tasks.chargeCard.s({ id: 4_711, total: 129_900n, currency: "EUR", cardToken: "tok_1881" }).with({ priority: 50 }),
  );
  return { huey, clock, pipelineId, failedId, close: () => huey.close() };
}
