import process from "node:process";
import { ConfigurationError } from "../errors.ts";
import { type Call, type Command, DONE, expectWords, queueCommand } from "./command.ts";
import { readFlag, toCountOrNone } from "./flag_values.ts";
import { listenToSignals } from "./os_signals.ts";
import { say, sayJson } from "./output.ts";
import { serve } from "./serve.ts";

/** HUEY, on a telephone. */
const PORT = 4839;
const USERNAME = "huey";

/** `huey dashboard`: serves the dashboard. */
export const dashboard: Command = queueCommand({
  name: "dashboard",
  about: "serve the dashboard",
  usage: "",
  text: `Serves the dashboard of a queue until it is told to stop, and shows its address.
Throughput and finished tasks are there if the consumers call recordHistory.

The browser asks for a name and a password: huey, and that of the environment
variable HUEY_PASSWORD, or else one that is made up and shown.`,
  flags: [
    { name: "port", short: "p", value: "N", about: `the port (${PORT}); 0: any that is free` },
    { name: "host", value: "ADDRESS", about: "where to listen (127.0.0.1: for this machine only)" },
    { name: "read-only", about: "only show, with no buttons" },
    { name: "no-auth", about: "let everybody in, as something in front of it checks" },
  ],
  examples: [
    ["main.ts", "for this machine"],
    ["main.ts --host 0.0.0.0", "for others, too: put TLS in front"],
  ],
  check: ({ words, flags }) => {
    expectWords(words, 0, "the module alone");
    readFlag(flags, "port", toCountOrNone);
  },
  run: serveDashboard,
});

async function serveDashboard({ huey, flags }: Call): Promise<number> {
  const host = flags.get("host") ?? "127.0.0.1";
  const given = process.env.HUEY_PASSWORD;
  const password = given || crypto.randomUUID().replaceAll("-", "");
  const isOpen = flags.has("no-auth");
  const { dashboard } = await load();
  const app = dashboard(huey, {
    auth: isOpen ? "none" : { username: USERNAME, password },
    readOnly: flags.has("read-only"),
  });
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const unlisten = listenToSignals(() => resolve());
  const { port, close } = await serve(app.fetch, { host, port: readFlag(flags, "port", toCountOrNone) ?? PORT });
  const at = `${host.includes(":") ? `[${host}]` : host}:${port}/`;
  const url = isOpen || given ? `http://${at}` : `http://${USERNAME}:${password}@${at}`;
  if (flags.has("json")) sayJson({ url });
  else say(`The dashboard of ${huey.core.name} is at ${url}`);
  await stopped;
  close();
  unlisten();
  return DONE;
}

/** Loaded only here, as it wants hono, which from npm comes only to those who ask for it. */
async function load(): Promise<typeof import("../../adapters/dashboard.ts")> {
  try {
    return await import("../../adapters/dashboard.ts");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConfigurationError("The dashboard wants the package hono: npm install hono", { cause: error });
  }
}
