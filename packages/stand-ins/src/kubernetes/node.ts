import type { Clock } from "../stand-in.ts";
import type { Images } from "./images.ts";
import type { NodeFault } from "./node-faults.ts";
import type { Recorder } from "./recorder.ts";
import type { Store } from "./store.ts";

/** What all containers of a node share. */
export type Node = {
  store: Store;
  clock: Clock;
  record: Recorder;
  images: Images;
  /** Where containers get their copies of images. */
  directory: string;
  nodeBinary: string;
  faults: readonly NodeFault[];
  /** A restored container that was ready is started only when somebody connects to it. */
  rests: boolean;
};
