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
 * The Huey instance that a module exports: the only one, or the one that `#export` picks.
 *
 * @throws {LoadError} if there is no such module, it cannot be loaded, or it is not clear which instance is meant.
 */
export async function loadHuey(module: string): Promise<Huey> {
  const [path, name] = split(module);
  const exports = await load(path);
  const found = new Map(Object.entries(exports).filter((entry): entry is [string, Huey] => isHuey(entry[1])));
  if (name !== undefined) {
    const huey = found.get(name);
    if (huey) return huey;
    throw new LoadError(
      `${path} ${
        name in exports ? `exports something else than a Huey instance as` : "has no export named"
      } ${name}: ` +
        (found.size > 0 ? `it exports ${list(path, found.keys())}` : "it exports no Huey instance"),
    );
  }
  const [huey, ...others] = new Set(found.values());
  if (!huey) {
    throw new LoadError(`${path} exports no Huey instance: add one, as in export const huey = new Huey("my-app")`);
  }
  if (others.length > 0) {
    throw new LoadError(`${path} exports several Huey instances: name one, ${list(path, found.keys())}`);
  }
  return huey;
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

function list(path: string, names: Iterable<string>): string {
  return [...names].map((name) => `${path}#${name}`).join(" or ");
}
