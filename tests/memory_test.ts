import { memory } from "../src/memory.ts";
import { storageContract } from "../src/testing/contract.ts";

storageContract("memory", memory());
