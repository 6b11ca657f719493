import type { Flag } from "./command_line.ts";
import { flagRow, row } from "./help.ts";

/** What the help of a command is made of. */
export interface HelpParts {
  name: string;
  usage: string;
  text: string;
  examples: [typed: string, about: string][];
  exitCodes?: [code: number, about: string][];
}

/** What `huey <command> --help` shows. */
export function commandHelpText({ name, usage, text, examples, exitCodes = [] }: HelpParts, flags: Flag[]): string {
  const codes: [number, string][] = [
    [0, "done"],
    [1, "the module cannot be used, or the storage cannot be reached"],
    [2, "the command line cannot be read"],
    ...exitCodes,
  ];
  const indent = Math.max(...examples.map(([typed]) => `  huey ${name} ${typed}  `.length)) + 1;
  return `${text}

Usage: huey ${name} module[#export] ${usage ? `${usage} ` : ""}[flags]

Flags
${flags.map(flagRow).join("\n")}

Examples
${examples.map(([typed, about]) => row(`  huey ${name} ${typed}`, about, indent)).join("\n")}

Exit codes
${codes.map(([code, about]) => `  ${code}  ${about}`).join("\n")}`;
}
