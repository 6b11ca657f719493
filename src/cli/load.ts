import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { describeError } from "../errors.ts";
import { Huey } from "../huey.ts";
import { syntaxPlace, userFrames } from "./stack.ts";

/** The module that was named cannot be used. Its message is for the person who named it. */
export class LoadError extends Error {
  override name = "LoadError";
}

/**
 * The Huey instance that these modules export: the only one, or the one that `#export` picks, or the one of a queue.
 * The others are loaded for the tasks that they define.
 *
 * @throws {LoadError} if a module cannot be loaded, or it is not clear which instance is meant.
 */
export async function loadHuey(modules: readonly string[], queue?: string): Promise<Huey> {
  const found = new Map<string, Huey>();
  const picked = new Set<Huey>();
  for (const module of modules) {
    const [path, name] = split(module);
    const exports = await load(path);
    const instances = Object.entries(exports).filter((entry): entry is [string, Huey] => isHuey(entry[1]));
    for (const [name, huey] of instances) found.set(`${path}#${name}`, huey);
    if (name !== undefined) picked.add(pick(path, name, exports, instances.map(([name]) => name)));
  }
  const where = list(modules.map((module) => split(module)[0]), "and");
  const candidates = new Set(picked.size > 0 ? picked : found.values());
  const [huey, ...others] = [...candidates].filter(({ core }) => queue === undefined || core.name === queue);
  const verb = modules.length === 1 ? "exports" : "export";
  if (!huey) {
    const wanted = queue === undefined ? "no Huey instance" : `no Huey instance named ${queue}`;
    throw new LoadError(
      `${where} ${verb} ${wanted}: add one, as in export const huey = new Huey("${queue ?? "my-app"}")`,
    );
  }
  if (others.length > 0) {
    throw new LoadError(`${where} ${verb} several Huey instances: name one, ${list([...found.keys()], "or")}`);
  }
  return huey;
}

function pick(path: string, name: string, exports: Record<string, unknown>, instances: string[]): Huey {
  if (instances.includes(name)) return exports[name] as Huey;
  throw new LoadError(
    `${path} ${name in exports ? "exports something else than a Huey instance as" : "has no export named"} ${name}: ` +
      (instances.length > 0
        ? `it exports ${list(instances.map((name) => `${path}#${name}`), "or")}`
        : "it exports no Huey instance"),
  );
}

function split(module: string): [path: string, name?: string] {
  const at = module.lastIndexOf("#");
  return at < 0 ? [module] : [module.slice(0, at), module.slice(at + 1)];
}

async function load(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(locate(path));
  } catch (error) {
    if (error instanceof LoadError) throw error;
    // Deno colours some of its messages even if nobody sees it, and repeats the place below.
    const message = stripVTControlCharacters(describeError(error));
    const places = [...syntaxPlace(error), ...userFrames(error)].filter((place) => !message.includes(place));
    throw new LoadError([`Cannot load ${path}: ${message}`, ...places].join("\n    "));
  }
}

/**
 * A module by its URL, and `#export`, as it was.
 *
 * @throws {LoadError} if there is no such module.
 */
export function toUrl(module: string): string {
  const [path, name] = split(module);
  return name === undefined ? locate(path) : `${locate(path)}#${name}`;
}

function locate(path: string): string {
  // Two letters at the least, as one is a drive of Windows.
  if (/^[a-z][a-z+.-]+:/i.test(path)) return path;
  const file = resolve(path);
  if (!existsSync(file)) {
    const hint = existsSync(`${file}.ts`) ? `did you mean ${path}.ts?` : `give a path from ${resolve()}, or a URL`;
    throw new LoadError(`There is no module ${path}: ${hint}`);
  }
  if (!statSync(file).isFile()) throw new LoadError(`Cannot load ${path}: it is a folder; give a module in it`);
  return pathToFileURL(file).href;
}

/** By its shape too: what the module imports may be another copy of the library than this one. */
function isHuey(value: unknown): value is Huey {
  if (value instanceof Huey) return true;
  const huey = value as Partial<Huey> | null;
  return typeof huey === "object" && typeof huey?.createConsumer === "function" && typeof huey.core?.name === "string";
}

function list(words: string[], conjunction: string): string {
  return words.join(` ${conjunction} `);
}
