/** How a command ended, and all it printed. */
export interface Ended {
  ok: boolean;
  output: string;
  seconds: number;
}

export interface CommandOptions {
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Seconds after which it is killed, with all it has started. */
  limit?: number;
}

/** What ends us, and so must end what we have started, which is in a group that hears none of it. */
const ENDS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a command to its end or its limit, whichever is first. */
export async function command([program, ...args]: string[], options: CommandOptions = {}): Promise<Ended> {
  const { cwd, env, limit = 1_200 } = options;
  const began = performance.now();
  // A group of its own, so that what a test has started and left behind can be ended with it, and only that.
  const child = new Deno.Command(program, {
    args,
    cwd,
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).spawn();
  const timer = setTimeout(() => kill(child.pid), limit * 1000);
  const interrupt = () => {
    kill(child.pid);
    Deno.exit(130);
  };
  for (const signal of ENDS) Deno.addSignalListener(signal, interrupt);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const read = Promise.all([child.stdout, child.stderr].map((stream) => collect(stream, chunks)));
  const { success } = await child.status;
  const seconds = (performance.now() - began) / 1000;
  clearTimeout(timer);
  for (const signal of ENDS) Deno.removeSignalListener(signal, interrupt);
  kill(child.pid);
  // Not for ever: what left the group may hold the pipes open.
  await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 1000))]);
  const output = await new Blob(chunks).text();
  return { ok: success, output: seconds < limit ? output : `${output}\nKilled after ${limit} seconds`, seconds };
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  chunks: Uint8Array<ArrayBuffer>[],
): Promise<void> {
  for await (const chunk of stream) chunks.push(chunk);
}

/** Kills a process group; it is gone already if all went well. */
function kill(group: number): void {
  try {
    Deno.kill(-group, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}
