// Calls a task and waits for its result. Something has to run it: deno task consume examples/app.ts

import { addNumbers, huey } from "./app.ts";

const result = await addNumbers(1, 2); // nothing has run yet
console.log(await result.get({ blocking: true })); // 3

await huey.close();
