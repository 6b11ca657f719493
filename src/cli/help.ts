import type { Flag } from "./command_line.ts";
import { CONSUME_FLAGS } from "./consume_options.ts";
import { version } from "./version.ts";

const WIDTH = 80;
/** Where the right column begins. */
const INDENT = 35;

/** What `huey --help` shows. */
export function helpText(commands: Record<string, { about: string }>): string {
  return `huey ${version}, a little task queue

Usage: huey <command> [flags]

${Object.entries(commands).map(([name, { about }]) => row(`  ${name}`, about)).join("\n")}

${row("  huey <command> --help", "show what a command does")}
${row("  huey --version", "show the version")}

huey stands for:  deno run -A jsr:@hq/huey/cli`;
}

/** What `huey consume --help` shows. */
export function consumeHelpText(): string {
  return `Runs the tasks of a module, until it is told to stop.

Usage: huey consume [module[#export] ...] [flags]

The modules (paths or URLs) define the tasks, and one of them exports the Huey
instance. If there are several instances, #export picks one.

${CONSUME_FLAGS.map(({ title, flags }) => `${title}\n${flags.map(flagRow).join("\n")}`).join("\n\n")}

TIME is in seconds, or has its unit: 250ms, 30s, 5m, 2h, 7d.

Examples
  huey consume main.ts                   one task at a time
  huey consume main.ts -k process -w 4   4 processes, for tasks that compute
  huey consume main.ts -w 32 -q          32 at a time, logging only trouble
  huey consume main.ts#mail -l mail.log  the instance that is exported as mail,
                                         logging to a file

Signals
  SIGINT, SIGTERM  let running tasks end within the grace period; abort the
                   others, and give them back; a second signal aborts at once
  SIGHUP           stop likewise, then start again with the code as it is then;
                   the process stays, and the consumer runs in a child of it

Exit codes
  0         stopped, after the first signal
  1         the module cannot be used, or the consumer cannot be started
  2         the command line cannot be read
  130, 143  stopped at once, after a second SIGINT or SIGTERM`;
}

/** A flag in a help. */
export function flagRow({ name, alias, short, value, about }: Flag): string {
  const names = [`--${name}`, ...(alias ? [`--${alias}`] : [])].join(", ");
  return row(`  ${short ? `-${short}, ` : "    "}${names}${value ? ` ${value}` : ""}`, about);
}

/** Two columns; the right one is wrapped, and begins a line of its own if the left one is too long. */
export function row(left: string, right: string, indent: number = INDENT): string {
  const lines = [left.length < indent - 1 ? left.padEnd(indent) : `${left}\n${" ".repeat(indent)}`];
  let column = indent;
  for (const word of right.split(" ")) {
    if (column > indent && column + word.length > WIDTH) {
      lines.push(" ".repeat(indent));
      column = indent;
    }
    lines[lines.length - 1] += `${word} `;
    column += word.length + 1;
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
