import { describeError } from "../errors.ts";
import type { Failure, Outcome } from "../outcome.ts";
import { DONE, NO_SUCCESS } from "./command.ts";
import { say, sayJson, showValue, warn } from "./output.ts";

/** Tells how a task has ended: its value on standard output, all else on standard error. Gives the exit code. */
export function tellOutcome(id: string, outcome: Outcome, asJson: boolean): number {
  const code = outcome.status === "complete" ? DONE : NO_SUCCESS;
  if (asJson) {
    sayJson({ id, ...outcome, at: new Date(outcome.at) });
    return code;
  }
  if (outcome.status === "complete") return say(showValue(outcome.value));
  if (outcome.status !== "error") warn(`Task ${id} was not run to its end: it is ${outcome.status}`);
  else warn(`Task ${id} has failed: ${failureText(outcome.error)}`);
  return code;
}

function failureText({ name, message, stack }: Failure): string {
  const error = Object.assign(new Error(message), { name });
  return stack?.includes(message) ? stack : describeError(error);
}
