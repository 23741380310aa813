import { createTransport } from "@release-actions/net";
import { runStep } from "@release-actions/plan";
import {
  createRegistry,
  parseReference,
  promotionSteps,
  type Credentials,
  type PromotionOptions,
} from "@release-actions/registry";

/** What is promoted: `source` with its digest, `target` without a tag. */
export type Wish = {
  source: string;
  target: string;
  tags: string[];
  options?: Partial<PromotionOptions>;
  credentials?: Credentials;
};

/** Promotes one image as the actions do, in this process. @throws Error where a step is refused, with its reason */
export async function promote(wish: Wish): Promise<void> {
  const transport = createTransport({ env: {}, userAgent: "test" });
  const registry = createRegistry({
    transport,
    credentials: wish.credentials ?? (() => undefined),
  });
  const steps = promotionSteps(registry, {
    images: [
      {
        name: "image",
        source: parseReference(wish.source),
        target: parseReference(wish.target),
        tags: wish.tags,
      },
    ],
    existing: "move",
    referrers: true,
    resuming: false,
    now: () => performance.now(),
    sleep: async () => {},
    previous: false,
    entry: "run-1",
    ...wish.options,
  });
  try {
    for (const step of steps) {
      const outcome = await runStep(step, {
        now: () => performance.now(),
        sleep: async () => {},
        resuming: false,
      });
      if ("refusal" in outcome) throw new Error(`${outcome.refusal.code}: ${outcome.refusal.saw}`);
    }
  } finally {
    transport.close();
  }
}
