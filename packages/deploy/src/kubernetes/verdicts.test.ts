import { afterEach } from "vitest";
import { openStandIn } from "../test/open-stand-in.ts";
import { testVerdicts } from "../test/verdicts.ts";

let close: () => Promise<void>;
afterEach(() => close());

testVerdicts(async () => {
  const opened = await openStandIn();
  close = opened.close;
  return opened;
});
