/** Ends a gate: prints each problem on a line of its own, and fails the gate if there is one. */
export function verdict(problems: string[]): void {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exitCode = 1;
}
