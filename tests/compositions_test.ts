/**
 * Whatever is put together of pipelines, groups and chords, and whatever fails in it: every handle ends, every function
 * is called as often as it should be, and values arrive in order.
 *
 * `HUEY_PLAYS` is how many are played on a storage in this process; `HUEY_SEED` plays those of that seed again.
 */
import process from "node:process";
import * as fc from "fast-check";
import { onEveryStorage } from "./bench.ts";
import { plays, Stage } from "./compositions.ts";

onEveryStorage("any tree of pipelines, groups and chords settles completely", async ({ huey, clock, isRemote }) => {
  const { HUEY_SEED, HUEY_PLAYS } = process.env;
  const seed = HUEY_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(HUEY_SEED);
  console.log(`seed ${seed}`);
  const stage = new Stage(huey, clock);
  const play = fc.asyncProperty(plays, (play) => stage.play(structuredClone(play)));
  const numRuns = HUEY_PLAYS === undefined ? 30 : Number(HUEY_PLAYS);
  await fc.assert(play, { seed, numRuns: isRemote ? Math.ceil(numRuns / 5) : numRuns, endOnFailure: false });
});
