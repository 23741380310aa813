import { isReference, type Images, type NodeImage } from "./images.ts";
import { backoff } from "./pace.ts";
import type { ContainerSpec } from "./workloads.ts";

/** How a part of a container tells what happens: as an event, and as the reason why it waits. */
export type Voice = {
  event(type: "Normal" | "Warning", reason: string, message: string): void;
  waiting(reason: string, message: string): void;
  /** Ends early when the container is stopped. */
  pause(milliseconds: number): Promise<void>;
  stopping: AbortSignal;
};

/** Tries to get a container's image until it is there; undefined when the container was stopped before. */
export async function obtainImage(
  images: Images,
  spec: ContainerSpec,
  voice: Voice,
): Promise<NodeImage | undefined> {
  for (let tries = 0; !voice.stopping.aborted; tries++) {
    const image = isReference(spec.image)
      ? await pullOnce(images, spec, voice)
      : refuseName(spec, voice);
    if (image) return image;
    await voice.pause(backoff(tries).milliseconds);
  }
  return undefined;
}

async function pullOnce(
  images: Images,
  { image, imagePullPolicy = "IfNotPresent" }: ContainerSpec,
  { event, waiting, pause, stopping }: Voice,
): Promise<NodeImage | undefined> {
  const begun = performance.now();
  try {
    const pull = images.obtain(image, imagePullPolicy, () =>
      event("Normal", "Pulling", `Pulling image "${image}"`),
    );
    // A registry may never answer: a container that is stopped does not wait for it.
    const found = await Promise.race([pull, ended(stopping)]);
    if (!found) return undefined;
    const took = Math.round(performance.now() - begun);
    const pulled = found.present
      ? `Container image "${image}" already present on machine`
      : `Successfully pulled image "${image}" in ${took}ms`;
    event("Normal", "Pulled", pulled);
    return found.image;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (imagePullPolicy === "Never") {
      event("Warning", "ErrImageNeverPull", why);
      waiting("ErrImageNeverPull", why);
      return undefined;
    }
    event("Warning", "Failed", `Failed to pull image "${image}": ${why}`);
    event("Warning", "Failed", "Error: ErrImagePull");
    waiting("ErrImagePull", why);
    await pause(300);
    if (stopping.aborted) return undefined;
    event("Normal", "BackOff", `Back-off pulling image "${image}"`);
    event("Warning", "Failed", "Error: ImagePullBackOff");
    // The reason is lost here, as on older nodes: who wants it has to have seen ErrImagePull.
    waiting("ImagePullBackOff", `Back-off pulling image "${image}"`);
    return undefined;
  }
}

function refuseName({ image }: ContainerSpec, { event, waiting }: Voice): undefined {
  const why = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
  event("Warning", "InspectFailed", why);
  waiting("InvalidImageName", why);
}

/** Resolves when the signal is given. */
export const ended = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
