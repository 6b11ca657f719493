/** A class whose instances can be called: a constructor that returns a function makes `this` that function. */
export class Callable {
  /** Calling the instance calls `call`. */
  constructor(call: (...args: never[]) => unknown) {
    return Object.setPrototypeOf(call, new.target.prototype);
  }
}
