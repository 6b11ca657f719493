/**
 * Schemas: what a task takes, checked by the user's own library. Any that keeps to Standard Schema will do: zod, valibot,
 * arktype and more.
 *
 * @module
 */
import { HueyError } from "./errors.ts";
import { show } from "./time.ts";

/** A schema, by as much of {@link https://standardschema.dev | Standard Schema} as is needed of it. */
export interface Schema {
  /** Under the name that all of them have. */
  readonly "~standard": {
    /** Checks a value. */
    readonly validate: (value: unknown) => Checked | Promise<Checked>;
    /** Never set: carries the types. */
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined;
  };
}

/** What a schema makes of a value. */
export interface Checked {
  /** The value as it is given out, if it fits. */
  readonly value?: unknown;
  /** What is wrong, if it does not. */
  readonly issues?: readonly Issue[] | undefined;
}

/** One thing that is wrong. */
export interface Issue {
  /** What. */
  readonly message: string;
  /** Where. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** One schema for a task of one argument, or a list of them, one per argument. */
export type Schemas = Schema | readonly Schema[];

/** The types of a schema. */
export type SchemaTypes<S> = S extends Schema ? NonNullable<S["~standard"]["types"]> : never;

/** What callers give. */
export type InputsOf<S extends Schemas> = S extends readonly Schema[]
  ? { -readonly [K in keyof S]: SchemaTypes<S[K]>["input"] }
  : [SchemaTypes<S>["input"]];

/** What the function gets. */
export type OutputsOf<S extends Schemas> = S extends readonly Schema[]
  ? { -readonly [K in keyof S]: SchemaTypes<S[K]>["output"] }
  : [SchemaTypes<S>["output"]];

/** Thrown by a call whose arguments do not fit the task's `schema`. */
export class ValidationError extends HueyError {
  /** The class's name; survives minification. */
  override name = "ValidationError";
  /** What the schema says of it. Not in the message, as it may quote the value. */
  readonly issues: readonly Issue[];

  /** Made by the library. */
  constructor(message: string, issues: readonly Issue[] = []) {
    super(message);
    this.issues = issues;
  }
}

/** The schemas, checked. */
export function toSchemas(schema: Schemas | undefined): readonly Schema[] | undefined {
  if (schema === undefined) return undefined;
  const schemas = Array.isArray(schema) ? schema as readonly Schema[] : [schema as Schema];
  for (const one of schemas) {
    if (typeof one?.["~standard"]?.validate === "function") continue;
    const value = show(one);
    throw new TypeError(`'schema' must be Standard Schemas, as those of zod and valibot: current value is ${value}`);
  }
  return schemas;
}

/**
 * The arguments as their schemas give them out.
 *
 * @throws {ValidationError} if they do not fit.
 */
export async function fit(
  name: string,
  schemas: readonly Schema[],
  args: readonly unknown[],
): Promise<unknown[]> {
  if (args.length > schemas.length) {
    throw new ValidationError(
      `Task ${show(name)} was given ${args.length} arguments, and its schema has ${schemas.length}`,
    );
  }
  return await Promise.all(schemas.map(async (schema, i) => {
    const checked = await schema["~standard"].validate(args[i]);
    if (!checked.issues) return checked.value;
    const path = checked.issues[0]?.path?.map((key) => `.${String(typeof key === "object" ? key.key : key)}`) ?? [];
    throw new ValidationError(
      `Argument ${i + 1}${path.join("")} of task ${show(name)} does not fit its schema: see 'issues' of this error`,
      checked.issues,
    );
  }));
}
