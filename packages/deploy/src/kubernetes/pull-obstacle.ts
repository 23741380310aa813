import { obstacle, type About, type Obstacle } from "./obstacle.ts";

const pullReasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
  "ImageInspectError",
]);

/** True for a container that waits for its image. */
export function waitsForImage(reason: string): boolean {
  return pullReasons.has(reason);
}

/** Why an image does not come, by what the node was told about it. */
export function pullObstacle(about: About, reason: string, said: string, image: string): Obstacle {
  // The image's own name may hold any word.
  const words = image === "" ? said : said.replaceAll(image, "");
  const values = { image: image || "the image", host: hostOf(image) };
  if (reason === "InvalidImageName") return obstacle("image-name", about, said, values);
  if (reason === "ErrImageNeverPull") return obstacle("image-not-present", about, said, values);
  if (/toomanyrequests|too many requests|\b429\b|rate limit/i.test(words))
    return obstacle("pull-rate-limit", about, said, values);
  if (/no match for platform|no matching manifest for/i.test(words))
    return obstacle("platform", about, said, values);
  if (refused.test(words)) return obstacle("pull-unauthorised", about, said, values);
  if (/not found|manifest unknown|name unknown|does not exist|NotFound\b/i.test(words))
    return obstacle("image-not-found", about, said, values);
  return obstacle("pull-failed", about, said, values);
}

const refused =
  /unauthorized|authentication required|no basic auth credentials|access denied|\bdenied\b|forbidden|\b40[13]\b/i;

/** The registry in an image's name; Docker Hub's where there is none. */
function hostOf(image: string): string {
  const first = image.split("/", 1)[0] ?? "";
  return image.includes("/") && (/[.:]/.test(first) || first === "localhost")
    ? first
    : "https://index.docker.io/v1/";
}
