import { newPods, type Observation } from "./observation.ts";
import { isReady, strangers, wantedImages } from "./workload.ts";

/**
 * Some nodes name an image's variant for their platform where others name the index that was asked for. Returns a function
 * that asks what variants a wanted image has, once, when a ready pod names a digest that nobody knows yet, and adds them to
 * the accepted ones.
 */
export function learnPlatforms(
  seen: Observation,
  digests: Record<string, string[]>,
  ask: ((reference: string) => Promise<string[]>) | undefined,
): () => Promise<void> {
  const asked = new Set<string>();
  return async () => {
    if (!ask) return;
    for (const workload of seen.workloads.values()) {
      const strange = newPods(seen, workload)
        .filter(isReady)
        .flatMap((pod) => strangers(pod, workload, digests))
        .filter(({ digest }) => digest !== "");
      for (const { container } of strange) {
        const wanted = wantedImages(workload).find((image) => image.container === container);
        if (!wanted || wanted.digest === "" || asked.has(wanted.digest)) continue;
        asked.add(wanted.digest);
        const variants = await ask(wanted.reference);
        digests[wanted.digest] = [...(digests[wanted.digest] ?? [wanted.digest]), ...variants];
      }
    }
  };
}
