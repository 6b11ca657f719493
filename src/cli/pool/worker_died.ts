import { HueyError } from "../../errors.ts";

/** The failure of a task whose thread or process ended while it ran: by `exit()`, for want of memory, or killed. */
export class WorkerDied extends HueyError {
  override name = "WorkerDied";
}
