import { afterEach } from "vitest";
import { testMany } from "../test/many.ts";
import { openStandIn } from "../test/open-stand-in.ts";

let close: () => Promise<void>;
afterEach(() => close());

testMany(async () => {
  const opened = await openStandIn();
  close = opened.close;
  return opened;
}, 3);
