import { existsSync } from "node:fs";
import { command } from "./command.ts";

/** Programs that tests need and npm has not: each is a package of Debian's, by its name, and is found at one of these. */
const PROGRAMS = {
  "redis-server": ["/usr/bin/redis-server", "/usr/local/bin/redis-server"],
  chromium: ["/usr/bin/chromium", "/usr/bin/google-chrome"],
};

/**
 * Installs a program that is missing, where that can be done without asking anybody: by apt-get, as root or in CI.
 * Elsewhere the tests that need it say so. Gives nothing if there is nothing to wait for.
 */
export function installProgram(name: keyof typeof PROGRAMS): Promise<void> | undefined {
  const isRoot = Deno.uid() === 0;
  const isThere = PROGRAMS[name].some((path) => existsSync(path));
  if (!isThere && existsSync("/usr/bin/apt-get") && (isRoot || Deno.env.has("CI"))) return aptInstall(name, isRoot);
}

async function aptInstall(name: string, isRoot: boolean): Promise<void> {
  console.log(`Installing ${name} by apt-get`);
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
  for (const what of [["update"], ["install", "--no-install-recommends", "--yes", name]]) {
    const { ok, output } = await command([...(isRoot ? [] : ["sudo", "-n"]), ...apt, ...what]);
    if (!ok) throw new Error(`Cannot install ${name}: do it yourself, and run the tests again\n${output}`);
  }
}
