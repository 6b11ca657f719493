import { existsSync } from "node:fs";
import { command } from "./command.ts";

/** Programs that the tests need and npm has not: where each is found, and the package of Debian's that has it. */
const PROGRAMS = [
  { name: "redis-server", at: ["/usr/bin/redis-server", "/usr/local/bin/redis-server"] },
  { name: "chromium", at: ["/usr/bin/chromium", "/usr/bin/google-chrome"] },
];

/**
 * Installs what of them is missing, where that can be done without asking anybody: by apt-get, as root or in CI. Elsewhere
 * the tests that need them say so.
 */
export async function installPrograms(): Promise<void> {
  const missing = PROGRAMS.filter(({ at }) => !at.some((path) => existsSync(path))).map(({ name }) => name);
  const isRoot = Deno.uid() === 0;
  if (missing.length === 0 || !existsSync("/usr/bin/apt-get") || !(isRoot || Deno.env.has("CI"))) return;
  console.log(`Installing ${missing.join(" and ")} by apt-get`);
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
  for (const what of [["update"], ["install", "--no-install-recommends", "--yes", ...missing]]) {
    const { ok, output } = await command([...(isRoot ? [] : ["sudo", "-n"]), ...apt, ...what]);
    if (!ok) {
      throw new Error(`Cannot install ${missing.join(" and ")}: do it yourself, and run the tests again\n${output}`);
    }
  }
}
