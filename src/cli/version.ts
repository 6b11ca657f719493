import manifest from "../../deno.json" with { type: "json" };

/** The version of the library. */
export const version: string = manifest.version;
