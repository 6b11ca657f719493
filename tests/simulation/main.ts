/**
 * `deno task simulate`: plays histories of the real library on real storages, by a clock that is not real, with faults.
 * Ends with 1, and tells the smallest history it could find, if a promise was broken.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { MUTANTS } from "./mutants.ts";
import { simulate, tell } from "./simulate.ts";
import { STORES } from "./stores.ts";

const HELP = `deno task simulate [flags]

  --storage NAME  ${Object.keys(STORES).join(", ")} (memory)
  --seeds N       how many histories (1000)
  --seed S        the seed of the first one (the time)
  --steps A,B,…   of the history of --seed, play only these steps, and tell it
  --mutant NAME   put in a fault on purpose: ${Object.keys(MUTANTS).join(", ")}
`;

const { values } = parseArgs({
  options: {
    storage: { type: "string", default: "memory" },
    seeds: { type: "string", default: "1000" },
    seed: { type: "string", default: `${Math.floor(Date.now() / 1_000)}` },
    steps: { type: "string" },
    mutant: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) return console.log(HELP), 0;
  if (!Object.hasOwn(STORES, values.storage)) throw new TypeError(HELP);
  if (values.mutant !== undefined && !Object.hasOwn(MUTANTS, values.mutant)) throw new TypeError(HELP);
  const store = await STORES[values.storage]();
  const options = { store, mutant: values.mutant === undefined ? undefined : MUTANTS[values.mutant] };
  const [first, count] = [Number(values.seed), Number(values.seeds)];
  try {
    if (values.steps !== undefined) {
      console.log(await tell(first, values.steps.split(",").filter(Boolean).map(Number), options));
      return 0;
    }
    const began = performance.now();
    let played = 0;
    const onPlayed = (): void => {
      if (++played % 10_000 === 0) console.log(`${played} histories`);
    };
    const seeds = Array.from({ length: count }, (_, i) => first + i);
    const failure = await simulate(seeds, { ...options, onPlayed });
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    if (!failure) {
      return console.log(`${count} histories from seed ${first} on ${values.storage}: ok (${seconds} s)`), 0;
    }
    const { seed, steps, text } = failure;
    const mutant = values.mutant ? ` --mutant ${values.mutant}` : "";
    console.log(
      `The history of seed ${seed}, the ${played + 1}th, breaks a promise. The least of it that does:\n\n${text}\n`,
    );
    console.log(`deno task simulate --storage ${values.storage} --seed ${seed} --steps ${steps}${mutant}`);
    return 1;
  } finally {
    await store.close();
  }
}

process.exit(await main());
