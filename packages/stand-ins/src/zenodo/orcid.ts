/** True for an ORCID whose check digit (ISO 7064, 11-2) is right; its URL form counts too. */
export function isOrcid(text: string): boolean {
  const digits = /^(?:https?:\/\/orcid\.org\/)?(\d{4})-(\d{4})-(\d{4})-(\d{3}[\dX])$/
    .exec(text)
    ?.slice(1)
    .join("");
  if (digits === undefined) return false;
  const total = digits
    .slice(0, 15)
    .split("")
    .reduce((sum, digit) => (sum + Number(digit)) * 2, 0);
  const check = (12 - (total % 11)) % 11;
  return digits[15] === (check === 10 ? "X" : String(check));
}
