/**
 * A file is named in snake_case for the one thing it holds, and no name is a drawer for everything.
 *
 * @module
 */

import { librarySources, typescriptUnder } from "../source_files.ts";
import { verdict } from "../verdict.ts";

const files = [...librarySources(), ...["examples", "scripts", "tests"].flatMap(typescriptUnder)];

verdict(files.flatMap((file) => {
  const name = file.slice(file.lastIndexOf("/") + 1);
  if (/^(utils?|helpers?|types|index|common|misc)\.tsx?$/.test(name)) return `${file} says nothing of what it holds`;
  if (!/^[a-z0-9]+(_[a-z0-9]+)*\.tsx?$/.test(name)) return `${file} is not in snake_case`;
  return [];
}));
