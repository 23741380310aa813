/** RA50xx: github. */
export const github = {
} as const;
