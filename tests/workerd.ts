import { bundle, requireTool } from "../scripts/bundle.ts";

/** A Worker in a real workerd. */
export interface Worker {
  /** Sends it a request. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends it the event of its cron trigger; gives `ok`, or how it failed. */
  scheduled(time: number): Promise<string>;
  /** Ends workerd, whatever the Worker is doing. */
  stop(): Promise<void>;
}

interface Miniflare {
  ready: Promise<URL>;
  getWorker(): Promise<{ scheduled(event: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }> }>;
  dispose(): Promise<void>;
}

/** Starts a Worker out of a module of this repository, or out of text, bundled as wrangler would. */
export async function startWorker(
  module: string,
  { env = {}, flags = [] }: { env?: Record<string, string>; flags?: string[] } = {},
): Promise<Worker> {
  const { Miniflare } = requireTool<{ Miniflare: new (options: object) => Miniflare }>("miniflare");
  const source = module.endsWith(".ts") ? `export { default } from "./${module}";` : module;
  const { code } = await bundle(source);
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.js", contents: code }],
    compatibilityDate: "2026-04-01",
    compatibilityFlags: flags,
    bindings: env,
    // What is wrong is in the error; the Worker's own output would be lost among that of the tests.
    handleRuntimeStdio: () => {},
  });
  try {
    const url = await miniflare.ready;
    const worker = await miniflare.getWorker();
    return {
      fetch: (path, init) => fetch(new URL(path, url), init),
      scheduled: async (time) => (await worker.scheduled({ cron: "* * * * *", scheduledTime: new Date(time) })).outcome,
      stop: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}
