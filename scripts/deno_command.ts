/** Runs a command of Deno's own on the same binary; the gate fails if it does. */
export async function deno(args: string[], options?: { cwd?: string }): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args, ...options }).spawn().status;
  if (code !== 0) Deno.exitCode = code;
}
