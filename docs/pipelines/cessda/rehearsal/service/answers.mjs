export function answer(path, build) {
  if (path.endsWith("/health")) return { status: 200, body: { healthy: true } };
  if (path.endsWith("/version")) return { status: 200, body: build };
  if (path.endsWith("/search")) {
    return { status: 200, body: { hits: [{ title: "Households in Europe" }] } };
  }
  return { status: 404, body: { error: "not found" } };
}
