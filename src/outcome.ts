/**
 * What a finished task leaves behind, as it is kept in the storage.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { type CanceledStatus, describeError, HueyError, TaskCanceled, TaskException, toText } from "./errors.ts";
import { isRecord } from "./kept.ts";
import { whenReady } from "./ready.ts";
import { toValue } from "./spread.ts";
import type { Write } from "./storage.ts";
import type { Task } from "./task.ts";

/** What a thrown value is kept as; plain data, so that any serialiser can carry it. */
export interface Failure {
  /** The error's class. */
  name: string;
  /** Its message. */
  message: string;
  /** Its stack, if it had one. */
  stack?: string;
}

/** The end of a task, or, if `intermediate`, of an attempt after which it will run again. */
export type Outcome =
  & { at: number; attempt: number; intermediate?: true }
  & (
    | { status: "complete"; value?: unknown }
    | { status: "error"; error: Failure; retries: number }
    | { status: CanceledStatus }
  );

/** What happened, of an {@linkcode Outcome}. */
export type OutcomeStatus = "complete" | "error" | CanceledStatus;

/** The part of an outcome that is not known from the task. */
export type Finish =
  | { status: "complete"; value: unknown }
  | { status: "error"; error: unknown; intermediate?: true }
  | { status: CanceledStatus };

/** The outcome of a task. */
export function toOutcome(core: Core, task: Task, finish: Finish): Outcome {
  const when = { at: core.clock.now(), attempt: task.attempt };
  if (finish.status === "error") return { ...when, ...finish, error: toFailure(finish.error), retries: task.retries };
  if (finish.status !== "complete") return { ...when, ...finish };
  const { status, value } = finish;
  // Left out, `undefined` needs nothing but JSON.
  return value === undefined ? { ...when, status } : { ...when, status, value: toValue(value) };
}

/**
 * The outcome as a write that goes with a settlement, or none where outcomes are not kept. At once, where the serialiser
 * writes at once.
 */
export function outcomeWrites(core: Core, task: Task, finish: Finish): Write[] | Promise<Write[]> {
  if (!core.settings.results) return [];
  const ttl = task.fields.settings.resultTtl ?? core.settings.resultTtl;
  return whenReady(
    core.serializer.encode(toOutcome(core, task, finish)),
    (value): Write[] => [{ space: "results", key: task.id, value, ttl }],
  );
}

/** The outcome that was written as this text. */
export async function readOutcome(core: Core, text: string): Promise<Outcome> {
  const outcome = await core.serializer.decode(text);
  if (isOutcome(outcome)) return outcome;
  throw new HueyError("Cannot read the outcome: it is damaged, or was not written by this library");
}

function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value)) return false;
  const { status } = value;
  return status === "error"
    ? isRecord(value.error)
    : ["complete", "revoked", "expired", "canceled"].includes(status as string);
}

/** The value of an outcome, or what there is to throw instead. */
export function valueOf(outcome: Outcome, taskId: string): unknown {
  if (outcome.status === "complete") return outcome.value;
  if (outcome.status === "error") throw toException(outcome.error, outcome.retries, taskId);
  throw new TaskCanceled(outcome.status, taskId);
}

/** A failure as the caller meets it. */
export function toException(failure: Failure, retries: number, taskId: string): TaskException {
  const cause = new Error(failure.message);
  cause.name = failure.name;
  cause.stack = failure.stack;
  return new TaskException({ error: describeError(cause), traceback: failure.stack ?? "", retries, taskId }, cause);
}

/** What was thrown, as plain data. */
export function toFailure(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return { name: "Error", message: toText(thrown) };
  const failure = { name: toText(thrown.name), message: toText(thrown.message) };
  return typeof thrown.stack === "string" ? { ...failure, stack: thrown.stack } : failure;
}
