import type { Space } from "../src/storage.ts";

/**
 * The keys that hold the messages of a name, in the order in which every script that touches messages is given them,
 * and under these names in Lua.
 *
 * A message is a member of the sorted set of its state, and some fields of the hash `messages`. All kinds of fields are
 * in the one hash so that one command reads or writes them, whatever is needed of however many messages; a large body is
 * a field of its own so that it is written once, however often the record changes.
 */
export const MESSAGE_KEYS = [
  "messages",
  "ready",
  "schedule",
  "running",
  "waiting",
  "dead",
  "sequence",
  "holds",
  "ended",
  "revoked",
] as const;

/** How many bytes the body of a plain message has at most. What is larger is not to be moved whenever its record is. */
export const LARGEST_INLINE = 1_024;

/** Where, counted from 1, an exchange has the first key of the spaces that it writes to. */
export const FIRST_SPACE: number = MESSAGE_KEYS.length + 1;

/** All spaces. */
export const SPACES: readonly Space[] = [
  ...["results", "progress", "revoked", "locks", "limits", "keys", "schedules", "workers", "history"] as const,
];

/** The names of the keys of one Huey name. They share a hash tag, so that a cluster keeps them in one slot. */
export class Keys {
  /** What all its keys and channels begin with. */
  readonly prefix: string;
  /** Those of {@linkcode MESSAGE_KEYS}. */
  readonly messages: readonly string[];

  /** The keys of a name. */
  constructor(name: string) {
    this.prefix = `huey:{${name}}:`;
    this.messages = MESSAGE_KEYS.map((key) => this.prefix + key);
  }

  /** The hash of a space, and the sorted set of when its values expire. */
  space(space: Space): [values: string, expiries: string] {
    return [this.prefix + space, `${this.prefix}${space}:until`];
  }

  /** Where the answer to a request is remembered. */
  request(request: string): string {
    return `${this.prefix}request:${request}`;
  }
}
