import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A Redis of the tests' own, which nobody else uses. */
export interface RedisServer {
  port: number;
  /** Kills it as `kill -9` does, and starts it again on the same port and the same files. */
  restart(): Promise<void>;
  /** Ends it, and removes its files. */
  stop(): Promise<void>;
}

/** Whether the machine has a program. */
export async function hasProgram(program: string): Promise<boolean> {
  return await promisify(execFile)("which", [program]).then(() => true, () => false);
}

/** For {@linkcode startRedis}. */
interface ServerOptions {
  /** Whether its port speaks TLS, and nothing else. */
  tls?: boolean;
  /** Whether it is a node of a cluster. */
  isNode?: boolean;
  program?: string;
}

/** How often a server is started on other ports, since somebody may take one between its choice and the start. */
const STARTS = 5;

/**
 * Starts `redis-server`, or another program of its kind, with these settings besides. It ends with this process, however
 * that ends, and does not keep it from ending.
 */
export async function startRedis(settings: string[] = [], options: ServerOptions = {}): Promise<RedisServer> {
  for (let left = STARTS;; left--) {
    try {
      return await start(settings, options);
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

async function start(
  settings: string[],
  { tls = false, isNode = false, program = "redis-server" }: ServerOptions,
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "huey-redis-"));
  const port = await freePort();
  const ports = tls ? ["--port", "0", "--tls-port", `${port}`] : ["--port", `${port}`];
  // The bus would listen on this port and 10,000, which may be beyond the last one.
  if (isNode) ports.push("--cluster-enabled", "yes", "--cluster-port", `${await freePort()}`);
  const args = [program, ...ports, "--bind", "127.0.0.1", "--dir", directory, "--save", "", ...settings];
  let child = await launch(directory, args);
  return {
    port,
    restart: async () => {
      await kill(child, "restart");
      child = await launch(directory, args);
    },
    stop: () => kill(child, "stop"),
  };
}

/** Starts a cluster of three nodes, on three ports. */
export async function startCluster(): Promise<{ ports: number[]; stop(): Promise<void> }> {
  const settings = ["--cluster-node-timeout", "2000"];
  const servers = await Promise.all([1, 2, 3].map(() => startRedis(settings, { isNode: true })));
  const ports = servers.map(({ port }) => port);
  const run = promisify(execFile);
  const nodes = ports.map((port) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...nodes, "--cluster-yes"]);
  for (const port of ports) {
    while (!(await run("redis-cli", ["-p", `${port}`, "cluster", "info"])).stdout.includes("cluster_state:ok"));
  }
  return { ports, stop: async () => void await Promise.all(servers.map((server) => server.stop())) };
}

/** Kills the server as soon as a word comes, or nobody is left who could send one; in the latter case the files go too. */
const GUARD = `
  directory=$1; shift; exec 3<&0
  "$@" & server=$!
  exec 2>/dev/null
  { read -r word <&3; kill -9 $server; [ "$word" = restart ] || rm -rf "$directory"; } &
  wait $server`;

function launch(directory: string, args: string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", GUARD, "guard", directory, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    let log = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${args[0]} did not start:\n${log}`)));
    child.stdout.on("data", (chunk) => {
      log = (log + chunk).slice(-10_000);
      if (!log.includes("Ready to accept connections")) return;
      child.unref();
      for (const pipe of [child.stdin, child.stdout]) (pipe as Partial<Socket>).unref?.();
      resolve(child);
    });
  });
}

function kill(child: ChildProcess, word: "restart" | "stop"): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.ref();
    child.stdin!.end(`${word}\n`);
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}
